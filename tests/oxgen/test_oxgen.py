#!/usr/bin/env python3
"""Tests of the generator: a sample with its output, and bad input that is refused.

usage: test_oxgen.py OXGEN            run the tests
       test_oxgen.py OXGEN --update   write the golden files anew; read them before committing

bad/NAME.wire begins with "# expect LINE: REASON".
"""

import importlib
import os
import re
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
OXGEN = None


def run(kind, inputs, output, *more):
    return subprocess.run([sys.executable, OXGEN, kind, *inputs, "-o", output, *more],
                          capture_output=True, text=True, cwd=HERE)


GOLDEN = [("wire-header", "sample.h.golden"), ("wire-source", "sample.c.golden"),
          ("wire-reference", "sample.md.golden"), ("wire-types", "sample.types.golden")]


def generate(kind, folder):
    output = os.path.join(folder, "oxkit", "sample", "sample.h")
    os.makedirs(os.path.dirname(output), exist_ok=True)
    done = run(kind, ["sample.wire"], output, "--header", "oxkit/sample/sample.h")
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    with open(output, encoding="utf-8") as result:
        return result.read()


class Sample(unittest.TestCase):
    def test_output_is_the_golden_file(self):
        for kind, golden in GOLDEN:
            with self.subTest(kind), tempfile.TemporaryDirectory() as folder:
                with open(os.path.join(HERE, golden), encoding="utf-8") as expected:
                    self.assertMultiLineEqual(generate(kind, folder), expected.read())

    def test_output_is_the_same_every_time(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(generate("wire-source", folder), generate("wire-source", folder))


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        sys.path.insert(0, os.path.dirname(OXGEN))
        cls.emitter = importlib.import_module("emit_wire_header")

    def test_is_refused_at_the_line(self):
        folder = os.path.join(HERE, "bad")
        names = sorted(name for name in os.listdir(folder) if name.endswith(".wire"))
        self.assertGreater(len(names), 50)
        for name in names:
            path = os.path.join(folder, name)
            with open(path, encoding="utf-8") as source:
                first = source.readline()
            expected = re.fullmatch(r"# expect (\d+): (.*)\n", first)
            with self.subTest(name):
                self.assertIsNotNone(expected, "no '# expect LINE: REASON'")
                with self.assertRaises(ValueError) as raised:
                    self.emitter.header([path], "out.h")
                self.assertEqual(str(raised.exception),
                                 f"{path}:{expected.group(1)}: {expected.group(2)}")

    def test_writes_no_output(self):
        with tempfile.TemporaryDirectory() as out:
            output = os.path.join(out, "out.h")
            path = os.path.join("bad", "unknown-type.wire")
            done = run("wire-header", [path], output)
            self.assertEqual(done.stderr, f"{path}:4: unknown type 'u24'\n")
            self.assertEqual(done.returncode, 1)
            self.assertFalse(os.path.exists(output))

    def test_missing_file_is_named(self):
        done = run("wire-header", ["nowhere.wire"], os.devnull)
        self.assertEqual(done.returncode, 1)
        self.assertIn("nowhere.wire:1: cannot be read", done.stderr)


class HandTypes(unittest.TestCase):
    """What the notation cannot say has a budget: raise it with a reason."""

    # Three are sets of ids: commands that work on a stack, and orders that a reader checks.
    BUDGET = 20

    def test_stay_in_their_budget(self):
        schema = os.path.join(HERE, "..", "..", "libropcodec", "schema")
        rops, families = [os.path.join(schema, "common.wire")], []
        for name in sorted(os.listdir(schema)):
            path = os.path.join(schema, name)
            if name.endswith(".wire") and path != rops[0]:
                with open(path, encoding="utf-8") as source:
                    is_rops = re.search(r"^rop ", source.read(), re.MULTILINE)
                if is_rops:
                    rops.append(path)
                else:
                    families.append([path])
        names, used = set(), set()
        for inputs in [rops] + families:
            with tempfile.TemporaryDirectory() as folder:
                output = os.path.join(folder, "types")
                self.assertEqual(run("wire-types", inputs, output).returncode, 0)
                with open(output, encoding="utf-8") as result:
                    for line in result:
                        name, _, uses = line.rstrip("\n").split("\t")
                        names.add(name)
                        if int(uses) > 0:
                            used.add(name)
        self.assertEqual(names - used, set(), "declared and not used")
        self.assertLessEqual(len(names), self.BUDGET, sorted(names))


if __name__ == "__main__":
    OXGEN = os.path.abspath(sys.argv[1])
    if "--update" in sys.argv:
        for a_kind, a_golden in GOLDEN:
            with tempfile.TemporaryDirectory() as a_folder:
                with open(os.path.join(HERE, a_golden), "w", encoding="utf-8") as out:
                    out.write(generate(a_kind, a_folder))
        sys.exit(0)
    unittest.main(argv=sys.argv[:1])
