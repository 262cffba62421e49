#!/usr/bin/env python3
"""The ox program by itself: help, wrong usage, and what it says when something is wrong with a data
directory or a file.

usage: test_cli.py OX SOURCE-ROOT
"""

import base64
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from oxserver import DOMAIN, Server, Skip, run_cases  # noqa: E402

SOURCE = pathlib.Path(sys.argv[2])


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


def case_help(server):
    """every command and verb explains itself with --help"""
    for words in (["--help"], ["init", "--help"], ["user", "--help"], ["user", "add", "--help"],
                  ["user", "list", "--help"], ["user", "import", "--help"], ["serve", "--help"],
                  ["client", "--help"], ["convert", "--help"], ["decode", "--help"],
                  ["decode", "rop", "--help"],
                  *(["client", verb, "--help"] for verb in ("folders", "list", "search", "show",
                                                            "delete", "send", "watch", "import",
                                                            "export", "gal"))):
        text = server.run(*words)
        expect(text.startswith("usage: ox"), (words, text))


def case_usage(server):
    """wrong usage ends with status 2 and says where help is"""
    for words in (["nonsense"], ["init"], ["init", "x"], ["user", "add", "x"], ["serve"],
                  ["serve", "x", "--port-base", "nine"], ["client", "folders"],
                  ["client", "--url", "x", "--user", "y", "nonsense"],
                  ["client", "--url", "gopher://x", "--user", "y", "folders"],
                  ["convert", "a.eml"], ["convert", "a.xyz", "b.eml"], ["decode", "rop"],
                  ["decode", "tea", "leaves"], ["decode", "--encode"],
                  ["decode", "rop", "x", "--hex", "--base64"],
                  ["decode", "restriction", "x", "--columns", "beer"],
                  ["decode", "restriction", "--list"], ["list", "--frobnicate"]):
        text = server.run(*words, status=2)
        expect("--help" in text, (words, text))


def one_sentence(text, *words):
    """What went wrong is on one line that starts with the program and has the words."""
    first = text.splitlines()[0]
    expect(first.startswith("ox "), text)
    for word in words:
        expect(re.search(word, first, re.I), f"'{word}' is not in: {text}")


def case_missing(server):
    """a data directory that is missing says so, and what makes one"""
    text = server.run("serve", server.folder / "nowhere", status=1)
    one_sentence(text, "nowhere")
    expect("ox init" in text, text)


def case_exists(server):
    """init refuses a directory that exists and touches nothing in it"""
    before = sorted(path.name for path in server.data.iterdir())
    text = server.run("init", server.data, "--domain", DOMAIN, status=1)
    one_sentence(text, "exists")
    expect(sorted(path.name for path in server.data.iterdir()) == before, "something changed")


def case_version(server):
    """a directory or mailbox of another version is refused by name"""
    copy = server.folder / "newer"
    for victim in ("directory.db", "mailboxes"):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(server.data, copy)
        files = [copy / victim] if victim.endswith(".db") else (copy / victim).glob("*.db")
        for path in files:
            with sqlite3.connect(path) as database:
                database.execute("PRAGMA user_version = 987654")
            database.close()
        text = server.run("client", "--url", f"file:{copy}", "--user", f"alice@{DOMAIN}",
                          "folders", status=1)
        one_sentence(text, "version")


def case_corrupt(server):
    """a file that is no database is refused in words"""
    copy = server.folder / "corrupt"
    shutil.copytree(server.data, copy)
    (copy / "directory.db").write_bytes(b"this is no database at all" * 100)
    text = server.run("user", "list", copy, status=1)
    one_sentence(text, "directory|database|version")


def case_locked(server):
    """a database that another process holds is waited for, then refused by name"""
    database = sqlite3.connect(server.data / "directory.db", isolation_level=None)
    database.execute("BEGIN EXCLUSIVE")
    try:
        text = server.run("user", "add", server.data, f"late@{DOMAIN}", "--name", "Late", status=1)
        one_sentence(text, "lock|another process|busy")
    finally:
        database.execute("ROLLBACK")
        database.close()


def case_read_only(server):
    """a read-only data directory is refused by name"""
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        raise Skip("root can write anywhere, and setpriv is missing")
    copy = server.folder / "readonly"
    shutil.copytree(server.data, copy)
    for path in [copy, *copy.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    server.folder.chmod(0o755)
    command = [server.ox, "user", "add", str(copy), f"new@{DOMAIN}", "--name", "New"]
    if os.geteuid() == 0:
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]
        if subprocess.run([*command[:4], server.ox, "--version"], capture_output=True,
                          check=False).returncode != 0:
            raise Skip("another user cannot run the program where it was built")
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    expect(run.returncode == 1, run)
    one_sentence(run.stderr, "read-only|written|permission")
    for path in [copy, *copy.rglob("*")]:
        path.chmod(0o755)


def case_users(server):
    """users are listed; a name that is taken is refused"""
    rows = json.loads(server.run("user", "list", server.data, "--json"))
    expect({row["address"] for row in rows} == {f"alice@{DOMAIN}", f"bob@{DOMAIN}",
                                                f"board-room@{DOMAIN}"}, rows)
    text = server.run("user", "add", server.data, f"alice@{DOMAIN}", "--name", "Twin", status=1)
    one_sentence(text, "alice")


def case_ldif(server):
    """LDIF is imported; what cannot be is listed with its line and does not stop the rest"""
    path = server.folder / "people.ldif"
    path.write_text("dn: uid=carol,dc=example,dc=test\nobjectClass: inetOrgPerson\nuid: carol\n"
                    "cn: Carol Clark\nsn: Clark\nmail: carol@example.test\n\n"
                    "dn: uid=broken,dc=example,dc=test\nobjectClass: inetOrgPerson\n\n"
                    "dn: uid=dave,dc=example,dc=test\nobjectClass: inetOrgPerson\nuid: dave\n"
                    "cn: Dave Dunn\nsn: Dunn\nmail: dave@example.test\n")
    text = server.run("user", "import", server.data, path, status=1)
    expect("line 8" in text, text)
    rows = json.loads(server.run("user", "list", server.data, "--json"))
    people = {row["address"]: row for row in rows}
    for name in ("carol", "dave"):
        expect(people[f"{name}@{DOMAIN}"].get("mailbox"), f"{name} has no mailbox")


def case_convert(server):
    """convert reads eml and writes text, and the reverse"""
    mail = server.folder / "a.eml"
    mail.write_text("From: =?utf-8?q?Zo=C3=AB?= <zoe@example.test>\nSubject: tea\n\nat five\n")
    server.run("convert", mail, server.folder / "a.txt")
    text = (server.folder / "a.txt").read_text(encoding="utf-8")
    expect("Zoë" in text and "tea" in text and "at five" in text, text)
    server.run("convert", server.folder / "a.txt", server.folder / "b.eml")
    expect("at five" in (server.folder / "b.eml").read_text(), "the text is missing")
    text = server.run("convert", server.folder / "missing.eml", "-", "--to", ".txt", status=1)
    one_sentence(text, "missing.eml")


def case_decode(server):
    """decode explains a ROP buffer and lists every ROP"""
    rows = json.loads(server.run("decode", "rop", "--list", "--json"))
    expect({"OpenFolder", "Logon", "QueryRows"} <= {row["name"] for row in rows}, rows)
    # RopRelease of object 0: RopSize 5, one ROP, one handle.
    path = server.folder / "release.hex"
    path.write_text("05 00 01 00 00 01 00 00 00\n")
    text = server.run("decode", "rop", path, "--hex")
    expect("Release" in text, text)
    path.write_text("09 00 01 00 00\n")
    text = server.run("decode", "rop", path, "--hex", status=1)
    one_sentence(text, "release.hex")


def vectors():
    """Golden vectors that are ROP buffers or of a kind of the table: kind and bytes."""
    for path in sorted((SOURCE / "tests/ropcodec/vectors").rglob("*.hex")):
        lines = path.read_text().splitlines()
        words = dict(line.split(" ", 1) for line in lines if re.match(r"[a-z-]{3,} ", line))
        data = bytes.fromhex("".join(line for line in lines if re.match(r"[0-9a-fA-F]{2}( |$)", line)))
        if "columns" not in words and "public" not in lines:
            kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", words.get("kind", "")).lower()
            yield re.sub("[ .]", "-", kind), data


def case_decode_kinds(server):
    """decode lists every kind, takes bytes in any form, and turns its JSON back into the same bytes"""
    rows = json.loads(server.run("decode", "--list", "--json"))
    names = {row["name"] for row in rows}
    expect({"rop", "restriction", "entry-id", "recipient-row"} <= names, names)
    expect(all(row["summary"] and row["section"].startswith("[") for row in rows), rows)
    text = server.run("decode", "--list")
    expect(all(name in text for name in names), text)
    there = server.folder / "bytes"
    back = server.folder / "back"
    as_json = server.folder / "bytes.json"
    checked = 0
    for kind, data in vectors():
        words = {"rop-input": ["rop"], "rop-output": ["rop", "--response"]}.get(kind, [kind])
        if words[0] not in names:
            continue
        there.write_bytes(data)
        as_json.write_text(server.run("decode", *words, there, "--json"))
        json.loads(as_json.read_text())
        server.run("decode", "--encode", as_json, "--output", back)
        expect(back.read_bytes() == data, (kind, data.hex()))
        checked += 1
    expect(checked > 10, checked)


def case_decode_forms(server):
    """decode reads and writes binary, hexadecimal text and base64, found out or told"""
    tag = bytes.fromhex("0300170002000000")   # PidTagImportance = 2
    path = server.folder / "importance"
    for form, text in (("binary", tag), ("hex", b"03001700 02000000\n"),
                       ("base64", base64.b64encode(tag) + b"\n")):
        path.write_bytes(text)
        for words in ([], [f"--{form}"]):
            shown = server.run("decode", "tagged-property", path, *words)
            expect("PidTagImportance = 2" in shown, (form, shown))
        shown = server.run("decode", "tagged-property", path, "--json")
        path.write_text(shown)
        expect(json.loads(shown)["value"]["property"]["value"] == 2, shown)
        again = server.folder / "again"
        server.run("decode", "--encode", path, f"--{form}", "--output", again)
        got = again.read_bytes()
        expect({"binary": lambda: got, "hex": lambda: bytes.fromhex(got.decode()),
                "base64": lambda: base64.b64decode(got)}[form]() == tag, (form, got))
    row = server.folder / "row"
    row.write_text("00 41 00 00 00 02 00 00 00")
    shown = server.run("decode", "property-row", row, "--columns", "PidTagSubject,0x00170003")
    expect('PidTagSubject = "A"' in shown and "PidTagImportance = 2" in shown, shown)


def case_decode_refuses(server):
    """decode says what is wrong with bytes and with JSON, and where"""
    path = server.folder / "bad"
    for text, words, expected in (
            ("0300170z", ["tagged-property", path, "--hex"], "byte 7 "),
            ("030", ["tagged-property", path, "--hex"], "too early"),
            ("AAA", ["tagged-property", path, "--base64"], "base64"),
            ("AA*A", ["tagged-property", path, "--base64"], "byte 2 "),
            ("0300170002", ["tagged-property", path], "Truncated at byte 4, field property, "
                                                      r"\[MS-OXCDATA\] 2.11.4"),
            ("030017000200000000", ["tagged-property", path], "Trailing"),
            ("{", ["--encode", path], "name in quotes"),
            ('{"kind": "tea"}', ["--encode", path], "no kind"),
            ('{"kind": "xid", "value": {"xid": {"namespace_guid": 1}}}', ["--encode", path],
             "GUID.*byte 52, field xid"),
            ('{"kind": "xid", "value": {}, "colour": 1}', ["--encode", path], "colour")):
        path.write_text(text)
        shown = server.run("decode", *words, status=1)
        one_sentence(shown, "bad")
        expect(re.search(expected, shown), (text, shown))
    server.run("decode", "xid", server.folder / "missing", status=1)


def case_full_disk(server):
    """a full disk fails the save, says so, and loses nothing that was acknowledged"""
    mount = server.folder / "small"
    mount.mkdir()
    size = "6m"
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", mount],
                      capture_output=True, check=False).returncode != 0:
        raise Skip("a small file system cannot be mounted here")
    try:
        shutil.copytree(server.data, mount / "data")
        small = server.folder / "small.eml"
        small.write_text("Subject: before it was full\n\n" + "y" * 60 + "\n")
        large = server.folder / "large.eml"
        large.write_text("Subject: too large\n\n" + ("x" * 70 + "\n") * 150000)
        url = ["client", "--url", f"file:{mount / 'data'}", "--user", f"alice@{DOMAIN}"]
        server.run(*url, "import", "Inbox", small)
        text = server.run(*url, "import", "Inbox", large, status=1)
        expect(re.search("full|space", text, re.I), text)
        rows = json.loads(server.run(*url, "--json", "list"))
        expect([row["subject"] for row in rows] == ["before it was full"], rows)
        server.run(*url, "import", "Inbox", small)
    finally:
        subprocess.run(["umount", mount], check=False)


CASES = [case_help, case_usage, case_missing, case_exists, case_version, case_corrupt, case_locked,
         case_read_only, case_users, case_ldif, case_convert, case_decode, case_decode_kinds,
         case_decode_forms, case_decode_refuses, case_full_disk]


def main():
    with tempfile.TemporaryDirectory(prefix="ox-cli-") as folder:
        server = Server(sys.argv[1], folder)
        server.create()
        return run_cases(CASES, server)


if __name__ == "__main__":
    sys.exit(main())
