#!/usr/bin/env python3
"""oxgen: writes C from the declarative definitions under schema/.

usage: oxgen.py KIND INPUT... -o OUTPUT

Needs the Python standard library only. Bad input is refused with "file:line: reason" and status 1.
"""

import argparse
import sys

import emit_errors
import emit_properties

KINDS = {
    "errors-header": emit_errors.header,
    "errors-source": emit_errors.source,
    "properties-header": emit_properties.header,
    "properties-source": emit_properties.source,
}


def main():
    parser = argparse.ArgumentParser(prog="oxgen", description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=sorted(KINDS))
    parser.add_argument("inputs", nargs="+")
    parser.add_argument("-o", "--output", required=True)
    options = parser.parse_args()
    try:
        text = KINDS[options.kind](options.inputs)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    with open(options.output, "w", encoding="utf-8") as out:
        out.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
