#!/usr/bin/env python3
"""doc/fuzzing.md lists exactly the targets of tests/fuzz/meson.build, and each has its corpus."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
build = (root / 'tests/fuzz/meson.build').read_text()
lists = re.findall(r'fuzz_targets \+?= \{(.*?)\n *\}', build, re.S)
built = set(re.findall(r"^ *'(\w+)':", '\n'.join(lists), re.M))
told = set(re.findall(r'^\| `(\w+)` \|', (root / 'doc/fuzzing.md').read_text(), re.M))
wrong = [f'doc/fuzzing.md does not list {name}' for name in sorted(built - told)]
wrong += [f'doc/fuzzing.md lists {name}, which is not built' for name in sorted(told - built)]
wrong += [f'tests/fuzz/corpus/{name} has no input' for name in sorted(built)
          if not any((root / 'tests/fuzz/corpus' / name).glob('*'))]
if not built:
    wrong.append('no target found in tests/fuzz/meson.build')
print(*wrong, sep='\n', end='\n' if wrong else '')
sys.exit(1 if wrong else 0)
