#!/usr/bin/env python3
"""The ox program by itself: help, wrong usage, and what it says when something is wrong with a data
directory or a file.

usage: test_cli.py OX SOURCE-ROOT
"""

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
                  ["decode", "tea", "leaves"], ["list", "--frobnicate"]):
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
         case_read_only, case_users, case_ldif, case_convert, case_decode, case_full_disk]


def main():
    with tempfile.TemporaryDirectory(prefix="ox-cli-") as folder:
        server = Server(sys.argv[1], folder)
        server.create()
        return run_cases(CASES, server)


if __name__ == "__main__":
    sys.exit(main())
