#!/usr/bin/env python3
"""kill -9 of the server in the middle of saves, at random moments: afterwards the databases are
sound and every save that a client was told of is there.

usage: test_crash.py OX            20 times, or 200 with OX_TEST_SCALE=full
"""

import os
import pathlib
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from oxserver import DOMAIN, Server, environment_scale, run_cases  # noqa: E402

FILES_PER_ROUND = 200


def write_messages(folder, crash):
    """Messages of one round, small and large, told apart by their subjects."""
    files = []
    for number in range(FILES_PER_ROUND):
        path = folder / f"{crash}-{number}.eml"
        body = "x" * 70 + "\n"
        path.write_text(f"From: alice@{DOMAIN}\nSubject: save {crash}-{number}\n\n"
                        + body * (1500 if number % 10 == 9 else 3))
        files.append(path)
    return files


def start_import(server, files):
    """An import in the background; returns the process and the list of acknowledged subjects."""
    url = server.base_url.replace("https", "mapi+https", 1) + "/"
    process = subprocess.Popen(
        [server.ox, "client", "--url", url, "--user", f"alice@{DOMAIN}", "--password-file",
         str(server.password_file("alice")), "--ca", str(server.ca_file), "--steps", "import",
         "Inbox", *map(str, files)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    acknowledged = []

    def read():
        for line in process.stdout:
            if "Stored " in line:
                name = line.split("Stored ", 1)[1].split(" in the folder", 1)[0]
                acknowledged.append("save " + pathlib.Path(name).stem)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    return process, reader, acknowledged


def check_databases(server):
    for path in [server.data / "directory.db", *(server.data / "mailboxes").glob("*.db")]:
        with sqlite3.connect(path) as database:
            answer = database.execute("PRAGMA integrity_check").fetchall()
        database.close()
        if answer != [("ok",)]:
            raise AssertionError(f"{path.name}: {answer}")


def case_crashes(server):
    """every acknowledged save survives kill -9"""
    rounds = 200 if environment_scale() == "full" else 20
    seed = int(os.environ.get("OX_TEST_SEED", random.randrange(1 << 30)))
    print(f"# seed {seed} (set OX_TEST_SEED to repeat)")
    chance = random.Random(seed)
    expected = set()
    in_the_middle = 0
    for crash in range(rounds):
        files = write_messages(server.folder, crash)
        process, reader, acknowledged = start_import(server, files)
        while not acknowledged and process.poll() is None:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.5))
        in_the_middle += process.poll() is None
        server.kill()
        process.kill()
        process.wait()
        reader.join(timeout=30)
        check_databases(server)
        server.start()
        expected.update(acknowledged)
        for path in files:
            path.unlink()
    if in_the_middle < rounds // 2:
        raise AssertionError(f"only {in_the_middle} of {rounds} kills came in the middle of saves")
    rows = server.client_json("alice", "list", "Inbox", "--limit", "1000000")
    missing = expected - {row["subject"] for row in rows}
    if missing:
        raise AssertionError(f"{len(missing)} of {len(expected)} acknowledged saves are gone: "
                             f"{sorted(missing)[:5]}")
    print(f"# {rounds} crashes, {len(expected)} acknowledged saves, all there")


def main():
    with tempfile.TemporaryDirectory(prefix="ox-crash-") as folder:
        server = Server(sys.argv[1], folder)
        server.create()
        server.start()
        try:
            return run_cases([case_crashes], server)
        finally:
            server.stop()


if __name__ == "__main__":
    sys.exit(main())
