#!/usr/bin/env python3
"""The include check itself must refuse what it is there to refuse."""

import pathlib
import subprocess
import sys
import tempfile

CASES = [
    ("libropcodec/src/a.c", "#include <oxkit/wire/tls.h>\n", "libropcodec may not include"),
    ("libstore/src/a.c", "#include <oxkit/convert/mime.h>\n", "libstore may not include"),
    ("libwire/src/a.c", "#include <event2/event.h>\n", "outside libwire/drivers"),
    ("libwire/include/oxkit/wire/a.h", '#include "../src/b.h"\n', "path that climbs"),
    ("libconvert/include/oxkit/convert/a.h", "#include <gmime/gmime.h>\n", "in a public header"),
]


def main():
    check = pathlib.Path(__file__).with_name("check_includes.py")
    failures = 0
    for name, text, expected in CASES:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True)
            path.write_text(text)
            run = subprocess.run([sys.executable, check, folder], capture_output=True, text=True)
            if run.returncode != 1 or expected not in run.stdout:
                print(f"{name}: expected '{expected}', got: {run.stdout}")
                failures += 1
    print(f"{len(CASES) - failures} of {len(CASES)} refused")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
