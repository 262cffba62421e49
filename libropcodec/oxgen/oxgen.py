#!/usr/bin/env python3
"""oxgen: writes C from the declarative definitions under schema/.

usage: oxgen.py KIND INPUT... -o OUTPUT

Needs the Python standard library only. Bad input is refused with "file:line: reason" and status 1.
"""

import argparse
import sys

import emit_codepages
import emit_errors
import emit_properties
import emit_unicode
import emit_wire_header
import emit_wire_reference
import emit_wire_source

KINDS = {
    "codepages": lambda inputs, *_: emit_codepages.source(inputs),
    "errors-header": lambda inputs, *_: emit_errors.header(inputs),
    "errors-source": lambda inputs, *_: emit_errors.source(inputs),
    "properties-header": lambda inputs, *_: emit_properties.header(inputs),
    "properties-source": lambda inputs, *_: emit_properties.source(inputs),
    "unicode": lambda inputs, *_: emit_unicode.source(inputs),
    "wire-header": emit_wire_header.header,
    "wire-source": emit_wire_source.source,
    "wire-rops": emit_wire_source.rops,
    "wire-reference": emit_wire_reference.reference,
    "wire-types": emit_wire_source.types,
}


def main():
    parser = argparse.ArgumentParser(prog="oxgen", description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=sorted(KINDS))
    parser.add_argument("inputs", nargs="*")
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("--header", help="public header that a wire source includes")
    options = parser.parse_args()
    try:
        text = KINDS[options.kind](options.inputs, options.output, options.header)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    with open(options.output, "w", encoding="utf-8") as out:
        out.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
