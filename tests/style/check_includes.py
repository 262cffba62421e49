#!/usr/bin/env python3
"""Refuses an include that goes upward or sideways in the layers of the suite.

usage: check_includes.py SOURCE-ROOT     prints file:line: reason; status 1 when there is any
"""

import pathlib
import re
import sys

# What each library may include of the others. The three of the middle row never meet.
ALLOWED = {
    "ropcodec": set(),
    "wire": {"ropcodec"},
    "store": {"ropcodec"},
    "convert": {"ropcodec"},
    "directory": {"ropcodec", "wire", "store", "convert"},
}
for family in ("inet", "dav", "eas", "ews"):
    ALLOWED[family] = {"ropcodec", "wire", "store", "convert", "directory"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
# Libraries that stay behind one folder of ours each (doc/dependencies.md).
CONFINED = {
    r"event2/": ("libwire/drivers",),
    r"curl/": ("libwire/drivers",),
    r"sqlite3\.h": ("libstore/src/drivers", "libdirectory/src"),
    r"openssl/": ("libwire", "libdirectory/src", "libconvert/src"),
    r"gmime/|glib": ("libconvert/src",),
    r"libxml/": ("libconvert/src", "libdirectory/src"),
}


def problems(root):
    for library, allowed in ALLOWED.items():
        for path in sorted((root / f"lib{library}").rglob("*.[ch]")):
            public = "include" in path.relative_to(root).parts
            name = path.relative_to(root).as_posix()
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                match = INCLUDE.match(line)
                if not match:
                    continue
                style, target = match.groups()
                ours = re.match(r"oxkit/(\w+)/", target)
                if ours and ours.group(1) != library and ours.group(1) not in allowed:
                    yield f"{name}:{number}: lib{library} may not include {target}"
                if style == '"' and ".." in target:
                    yield f"{name}:{number}: include by a path that climbs: {target}"
                if public and style == '"':
                    yield f"{name}:{number}: public header with a private include: {target}"
                for pattern, homes in CONFINED.items():
                    if re.match(pattern, target):
                        if public:
                            yield f"{name}:{number}: {target} in a public header"
                        elif not name.startswith(homes):
                            yield f"{name}:{number}: {target} outside {', '.join(homes)}"


def main():
    root = pathlib.Path(sys.argv[1])
    found = list(problems(root))
    print("\n".join(found) if found else "layers hold")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
