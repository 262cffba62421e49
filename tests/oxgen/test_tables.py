#!/usr/bin/env python3
"""Tests of the generator's tables: small ones with their output, and bad rows that are refused.

usage: test_tables.py OXGEN
"""

import importlib
import os
import sys
import tempfile
import unittest

OXGEN = None

ERROR = "OX_E_A\t8004010F\tA\t2.4\tText.\tecA\n"
PROPERTY = "PidTagA\ttag\t0x0001\t\tPtypInteger32\tEmail\tDAV:a\t[MS-OXCMSG] 2.2.1\tPR_A PR_B\n"
SETS = "PSETID_Common\t00062008-0000-0000-C000-000000000046\n"
CODEPAGE = "1252\twindows-1252\ttable\tcp1252\tcp1252\n"

# emitter, input, line and reason
BAD = [
    ("emit_errors", "OX_E_A\t1\tA\n", 1, "expected 5 or 6 columns, found 3"),
    ("emit_errors", ERROR.replace("OX_E_A", "OX_X_A"), 1, "bad macro name 'OX_X_A'"),
    ("emit_errors", ERROR + ERROR, 2, "'OX_E_A' stands in line 1 already"),
    ("emit_errors", ERROR.replace("8004010F", "8004010G"), 1, "bad number '8004010G'"),
    ("emit_properties", "# comment\nPidTagA\ttag\n", 2, "expected 9 columns, found 2"),
    ("emit_properties", PROPERTY.replace("\ttag", "\ttags"), 1, "bad kind 'tags'"),
    ("emit_properties", PROPERTY.replace("PidTagA", "PidLidA"), 1, "bad tag name 'PidLidA'"),
    ("emit_properties", PROPERTY.replace("PtypInteger32", "PtypInt"), 1, "bad type 'PtypInt'"),
    ("emit_properties", PROPERTY.replace("0x0001", "1"), 1, "bad number '1'"),
    ("emit_properties", PROPERTY.replace("\t\t", "\tPSETID_Common\t"), 1,
     "bad property set 'PSETID_Common'"),
    ("emit_properties", PROPERTY.replace("2.2.1", "x"), 1, "bad reference '[MS-OXCMSG] x'"),
    ("emit_properties", "PidLidA\tlid\t0x8001\t\tPtypTime\t\t\t\t\n", 1, "bad property set ''"),
    ("emit_codepages", "1252\tx\n", 1, "expected 5 columns, found 2"),
    ("emit_codepages", CODEPAGE.replace("table", "magic"), 1, "bad code page"),
    ("emit_codepages", CODEPAGE.replace("\tcp1252\t", "\tcp1\t"), 1, "Python has no codec 'cp1'"),
    ("emit_codepages", CODEPAGE + CODEPAGE, 2, "1252 stands in line 1 already"),
]


class Tables(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        sys.path.insert(0, os.path.dirname(OXGEN))

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def file(self, name, text):
        path = os.path.join(self.folder.name, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def test_bad_rows_are_refused_at_the_line(self):
        for module, text, line, reason in BAD:
            with self.subTest(module=module, reason=reason):
                emitter = importlib.import_module(module)
                path = self.file("bad.tsv", text)
                with self.assertRaises(ValueError) as raised:
                    emitter.load(path)
                self.assertEqual(str(raised.exception), f"{path}:{line}: {reason}")

    def test_a_named_property_needs_a_known_set(self):
        emitter = importlib.import_module("emit_properties")
        path = self.file("p.tsv", "PidLidA\tlid\t0x8001\tPSETID_X\tPtypTime\t\t\t\t\n")
        sets = self.file("s.tsv", SETS)
        with self.assertRaises(ValueError) as raised:
            emitter.source([path, sets])
        self.assertEqual(str(raised.exception), f"{path}:1: bad property set 'PSETID_X'")

    def test_errors_become_macros_and_sorted_rows(self):
        emitter = importlib.import_module("emit_errors")
        path = self.file("e.tsv", ERROR + "OX_W_B\t00040680\tB\t2.4.3\tSays \"b\".\n"
                         "OX_E_MINE\t80050000\tC\t2.4\tText.\n")
        header = emitter.header([path])
        self.assertIn("/** Text. (A, 2.4) */\n#define OX_E_A ((ox_status)0x8004010Fu)\n", header)
        source = emitter.source([path]).splitlines()
        # A row: code; macro where it is not the name in capitals, name, alternates, text; warning.
        self.assertEqual([line for line in source if line.startswith("  {0x")],
                         ["  {0x00040680u, 0, 1, 0, 3, true},",
                          "  {0x8004010Fu, 0, 13, 15, 19, false},",
                          "  {0x80050000u, 25, 35, 0, 19, false},"])
        self.assertEqual([line for line in source if line.startswith('  "')],
                         ['  "\\0"', '  "B\\0"', '  "Says \\"b\\".\\0"', '  "A\\0"', '  "ecA\\0"',
                          '  "Text.\\0"', '  "OX_E_MINE\\0"', '  "C\\0";'])

    def test_properties_become_macros_and_hashed_rows(self):
        emitter = importlib.import_module("emit_properties")
        path = self.file("p.tsv", PROPERTY +
                         "PidLidB\tlid\t0x8503\tPSETID_Common\tPtypBoolean\t\t\t\t\n"
                         "PidNameC\tname\tC:d\tPSETID_Common\tPtypString\tEmail\tC:d\t\t\n")
        header = emitter.header([path])
        self.assertIn("#define OX_PidTagA 0x00010003u\n", header)
        self.assertIn("#define OX_PidLidB 0x00008503u /**< OX_PSETID_COMMON */\n", header)
        self.assertIn("#define OX_PidLidB_TYPE 0x000Bu\n", header)
        self.assertIn('#define OX_PidNameC "C:d" /**< OX_PSETID_COMMON */\n', header)
        source = emitter.source([path, self.file("s.tsv", SETS)])
        # A row: tag, name, set; alternates, string name, DAV names; LID, section, specification, area.
        self.assertIn("  {0x00010003u, 0, 0, 8, 0, 18, 0x0, 1, 1, 1},\n", source)
        self.assertIn("  {0x0000000Bu, 24, 1, 0, 0, 0, 0x8503, 0, 0, 0},\n", source)
        self.assertIn("  {0x0000001Fu, 32, 1, 0, 9, 9, 0x0, 0, 0, 1},\n", source)
        self.assertIn("ox_property_row_tag_count = 1;", source)
        # Five names in eight slots, two named properties and two DAV names in four.
        self.assertIn("ox_property_name_mask = 7;", source)
        self.assertIn("ox_property_key_mask = 3;", source)
        self.assertIn("ox_property_dav_mask = 3;", source)

    def test_code_pages_keep_windows_controls(self):
        emitter = importlib.import_module("emit_codepages")
        self.assertEqual(emitter.upper_half("cp1252")[:3], [0x20AC, 0x81, 0x201A])
        self.assertEqual(emitter.upper_half("ascii")[0], 0)

    def test_unicode_folding_is_simple(self):
        emitter = importlib.import_module("emit_unicode")
        self.assertEqual(emitter.fold_case(ord("A")), ord("a"))
        self.assertEqual(emitter.fold_case(ord("ß")), ord("ß"))
        self.assertEqual(emitter.fold_case(0x1E9E), ord("ß"))
        self.assertEqual(emitter.fold_case(0x10400), 0x10428)
        self.assertEqual(emitter.base_of(ord("é")), ord("e"))
        self.assertEqual(emitter.base_of(0x0301), emitter.DROP)
        self.assertEqual(emitter.base_of(0xAC00), 0xAC00)
        self.assertEqual(emitter.narrow_of(0xFF21), ord("A"))


if __name__ == "__main__":
    OXGEN = os.path.abspath(sys.argv.pop(1))
    unittest.main()
