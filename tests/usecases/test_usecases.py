#!/usr/bin/env python3
"""Use cases 2.4.x and examples 3.1 to 3.3 of [MS-OXPROTO], end to end: `ox client` against
`ox serve` over TLS on loopback.

usage: test_usecases.py OX SOURCE-ROOT
"""

import hashlib
import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from oxserver import DOMAIN, running_server, run_cases  # noqa: E402

SOURCE = pathlib.Path(sys.argv[2])


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


def newest(server, user, folder="Inbox"):
    return server.client_json(user, "show", "--newest", "--folder", folder)


def wait_for(predicate, seconds=20):
    """The first true answer of predicate; None when the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = predicate()
        if answer:
            return answer
        time.sleep(0.1)
    return None


def subjects(server, user, folder):
    return [row["subject"] for row in server.client_json(user, "list", folder)]


def case_discovery(server):
    """2.4.1 server information discovery, by URL, then log on with what it said"""
    text = server.client("alice", "--steps", "folders", scheme="autodiscover+https")
    expect("mapi/emsmdb" in text, f"no MAPI/HTTP address was discovered:\n{text}")
    expect("Inbox" in text, f"the folder list has no Inbox:\n{text}")


def case_discovery_unknown(server):
    """2.4.1 discovery with a wrong password is refused in words"""
    bad = server.folder / "bad.password"
    bad.write_text("not it\n")
    text = server.run("client", "--url",
                      server.endpoints["autodiscover"].replace("https", "autodiscover+https", 1),
                      "--user", f"alice@{DOMAIN}", "--password-file", bad, "--ca", server.ca_file,
                      "folders", status=1)
    expect("password" in text.lower() or "LogonFailed" in text, text)


def case_logon(server):
    """2.4.2 log on to a mailbox: special folders are there, another's mailbox is not"""
    names = [row["name"] for row in server.client_json("alice", "folders")]
    for name in ("Inbox", "Outbox", "Sent Items", "Deleted Items", "Drafts", "Calendar"):
        expect(name in names, f"{name} is missing from {names}")
    bob = [row for row in json.loads(server.run("user", "list", server.data, "--json"))
           if row["address"] == f"bob@{DOMAIN}"][0]
    text = server.client("alice", "--mailbox", bob["legacyDN"], "folders", status=1)
    expect("logging on" in text, text)
    for user in ("alice", "bob"):
        text = server.client("alice", "--user", f"{user}@{DOMAIN}", "--password-file",
                             server.password_file("bob"), "folders",
                             status=0 if user == "bob" else 1)


def case_logon_ntlm(server):
    """2.4.2 log on with NTLM instead of Basic"""
    names = [row["name"] for row in server.client_json("alice", "--auth", "ntlm", "folders")]
    expect("Inbox" in names, names)


def case_create(server):
    """2.4.3 create a message: a draft is saved and read back"""
    server.client("alice", "send", "--draft", "--to", "bob", "--subject", "Entwurf: Größe ≠ 7",
                  "--body", "first line\nsecond line")
    message = newest_draft(server)
    expect(message["subject"] == "Entwurf: Größe ≠ 7", message)
    expect("second line" in message["text"], message)
    expect(message["to"][0]["address"] == f"bob@{DOMAIN}", message)


def newest_draft(server):
    rows = server.client_json("alice", "list", "Drafts")
    return server.client_json("alice", "show", rows[0]["id"])


def case_typed(server):
    """2.4.4 create a strongly typed message: an e-mail object has its class"""
    expect(newest_draft(server)["class"] == "IPM.Note", "class")


def case_attach(server):
    """2.4.5 add an attachment: 3 MB come back byte for byte"""
    data = hashlib.shake_256(b"attachment").digest(3 * 1024 * 1024)
    path = server.folder / "three megabytes.bin"
    path.write_bytes(data)
    server.client("alice", "send", "--draft", "--to", "bob", "--subject", "with a file",
                  "--attach", path)
    rows = [row for row in server.client_json("alice", "list", "Drafts")
            if row["subject"] == "with a file"]
    expect(rows and rows[0]["attachments"], rows)
    message = server.client_json("alice", "show", rows[0]["id"])
    expect(message["attachments"] == [{"name": path.name, "size": len(data), "message": False}],
           message["attachments"])
    out = server.folder / "out.eml"
    server.client("alice", "export", rows[0]["id"], out)
    import email  # pylint: disable=import-outside-toplevel
    import email.policy
    mime = email.message_from_bytes(out.read_bytes(), policy=email.policy.default)
    parts = [part.get_content() for part in mime.iter_attachments()]
    expect(parts == [data], "the exported attachment differs")


def case_resolve(server):
    """2.4.6 resolve a recipient from an address book: unique, ambiguous, unknown"""
    people = server.client_json("alice", "gal", "bob")
    expect([row["address"] for row in people] == [f"bob@{DOMAIN}"], people)
    everybody = server.client_json("alice", "gal")
    expect({row["address"] for row in everybody} >= {f"alice@{DOMAIN}", f"bob@{DOMAIN}",
                                                     f"board-room@{DOMAIN}"}, everybody)
    text = server.client("alice", "send", "--to", "B", "--subject", "x", status=1)
    expect("several" in text, text)
    text = server.client("alice", "send", "--to", "Nobody Known", "--subject", "x", status=1)
    expect("nobody" in text, text)


def case_send(server):
    """2.4.7 send a message: it arrives, and a copy is in Sent Items"""
    server.client("alice", "send", "--to", "bob", "--cc", "board-room", "--subject", "to be sent",
                  "--body", "hello")
    arrived = wait_for(lambda: "to be sent" in subjects(server, "bob", "Inbox"))
    expect(arrived, "bob did not get it")
    message = newest(server, "bob")
    expect(message["from"]["address"] == f"alice@{DOMAIN}", message)
    expect([row["address"] for row in message["cc"]] == [f"board-room@{DOMAIN}"], message)
    expect("to be sent" in subjects(server, "alice", "Sent"), "no copy in Sent Items")
    expect("to be sent" not in subjects(server, "alice", "Outbox"), "still in the Outbox")


def case_send_unknown(server):
    """2.4.7 a message to nobody comes back as a report"""
    server.client("alice", "send", "--to", f"nobody@{DOMAIN}", "--subject", "lost", "--body", "x")
    report = wait_for(lambda: [row for row in server.client_json("alice", "list")
                               if "lost" in row["subject"]])
    expect(report, "no report came")
    message = server.client_json("alice", "show", report[0]["id"])
    expect(message["class"].upper().startswith("REPORT."), message["class"])


def case_open_folder(server):
    """2.4.9 open a folder and read its rows, sorted either way"""
    for number in range(3):
        server.client("alice", "send", "--to", "bob", "--subject", f"sort {number}", "--body", "x")
    expect(wait_for(lambda: len([s for s in subjects(server, "bob", "Inbox")
                                 if s.startswith("sort ")]) == 3), "not all arrived")
    up = [row["subject"] for row in
          server.client_json("bob", "list", "Inbox", "--sort", "subject", "--ascending")]
    down = [row["subject"] for row in server.client_json("bob", "list", "Inbox", "--sort",
                                                         "subject")]
    expect(up == list(reversed(down)), (up, down))
    expect([s for s in up if s.startswith("sort ")] == ["sort 0", "sort 1", "sort 2"], up)


def case_find(server):
    """2.4.10 find items in a folder that match search criteria"""
    found = server.client_json("bob", "search", "SORT 1")
    expect([row["subject"] for row in found] == ["sort 1"], found)
    expect(server.client_json("bob", "search", "no such text anywhere") == [], "found something")


def case_delete(server):
    """2.4.11 delete messages: to the trash, then for good"""
    row = server.client_json("bob", "search", "sort 2")[0]
    server.client("bob", "delete", "--trash", row["id"])
    expect(server.client_json("bob", "search", "sort 2") == [], "still in the Inbox")
    row = server.client_json("bob", "search", "sort 2", "--folder", "Deleted")[0]
    server.client("bob", "delete", "--hard", row["id"])
    expect(server.client_json("bob", "search", "sort 2", "--folder", "Deleted") == [], "not gone")
    text = server.client("bob", "delete", row["id"], status=1)
    expect("no such message" in text or "NotFound" in text, text)


def watch(server, user, *options):
    """Starts a watch and returns once the subscription stands."""
    url = server.base_url.replace("https", "mapi+https", 1) + "/"
    process = subprocess.Popen(
        [server.ox, "client", "--url", url, "--user", f"{user}@{DOMAIN}", "--password-file",
         str(server.password_file(user)), "--ca", str(server.ca_file), *options, "watch",
         "--count", "1", "--timeout", "60"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in process.stdout:
        if line.startswith("Watching"):
            return process
    raise AssertionError(f"watch ended early with {process.wait()}")


def case_notify(server):
    """2.4.13 register for and receive notifications"""
    process = watch(server, "bob")
    server.client("alice", "send", "--to", "bob", "--subject", "ring the bell", "--body", "now")
    out, _ = process.communicate(timeout=60)
    expect(process.returncode == 0, out)
    expect("ring the bell" in out, out)


def case_no_notification(server):
    """2.4.13 a watch whose time is over says that nothing came"""
    text = server.client("bob", "watch", "--count", "1", "--timeout", "1", status=1)
    expect("no new mail within 1 seconds" in text, text)


def case_example_1(server):
    """example 3.1: display the most recent message in the Inbox"""
    server.client("alice", "send", "--to", "alice", "--subject", "the newest", "--body", "of all")
    expect(wait_for(lambda: subjects(server, "alice", "Inbox")[:1] == ["the newest"]), "not first")
    text = server.client("alice", "--steps", "show", "--newest", scheme="autodiscover+https")
    expect("the newest" in text and "of all" in text, text)
    for rop in ("Logon", "GetContentsTable", "SortTable", "QueryRows", "OpenMessage"):
        expect(rop in text, f"the step {rop} was not told:\n{text}")
    row = server.client_json("alice", "list", "--limit", "1")[0]
    expect(row["read"], "the message is still unread")


def case_example_2(server):
    """example 3.2: compose and send an e-mail message with an attachment"""
    text = server.client("alice", "--steps", "send", "--to", "Bob Brown", "--subject", "a plan",
                         "--body", "see file", "--attach", SOURCE / "README.md",
                         scheme="autodiscover+https")
    for rop in ("CreateMessage", "SetProperties", "ModifyRecipients", "CreateAttachment",
                "WriteStream", "SaveChangesAttachment", "SubmitMessage"):
        expect(rop in text, f"the step {rop} was not told:\n{text}")
    expect(wait_for(lambda: "a plan" in subjects(server, "bob", "Inbox")), "not delivered")
    message = newest(server, "bob")
    size = (SOURCE / "README.md").stat().st_size
    expect(message["attachments"] == [{"name": "README.md", "size": size, "message": False}],
           message)


def case_example_3(server):
    """example 3.3: set up and display new mail notifications"""
    process = watch(server, "alice", "--steps")
    server.client("bob", "send", "--to", "alice", "--subject", "ping", "--body", "pong")
    out, _ = process.communicate(timeout=60)
    expect(process.returncode == 0 and "ping" in out, out)


def case_sample_mail(server):
    """the sample mail is imported over MAPI/HTTP and found again"""
    files = sorted((SOURCE / "examples" / "mail").glob("*.eml"))
    expect(len(files) >= 12, f"only {len(files)} sample messages")
    answer = json.loads(server.client("bob", "--json", "import", "Inbox", *files))
    expect(answer == {"imported": len(files), "refused": 0}, answer)
    rows = server.client_json("bob", "list", "--limit", "1000")
    expect(len(rows) >= len(files), len(rows))
    for row in rows:
        server.client_json("bob", "show", "--keep-unread", row["id"])


def case_bad_import(server):
    """an import that cannot be parsed is listed with the reason and does not stop the rest"""
    good, bad = server.folder / "good.eml", server.folder / "bad.eml"
    good.write_text("From: a@example.test\nSubject: after the bad one\n\ntext\n")
    bad.write_bytes(b"")
    text = server.client("bob", "import", "Inbox", bad, good, status=1)
    expect("bad.eml" in text, text)
    expect("after the bad one" in subjects(server, "bob", "Inbox"), "the good one is missing")


def case_restart(server):
    """what was saved is there after a restart"""
    before = server.client_json("bob", "list", "--limit", "1000")
    expect(server.stop() == 0, "the server did not end well")
    server.start()
    expect(server.client_json("bob", "list", "--limit", "1000") == before, "the list differs")


CASES = [case_discovery, case_discovery_unknown, case_logon, case_logon_ntlm, case_create,
         case_typed, case_attach, case_resolve, case_send, case_send_unknown, case_open_folder,
         case_find, case_delete, case_notify, case_no_notification, case_example_1, case_example_2, case_example_3,
         case_sample_mail, case_bad_import, case_restart]


def main():
    with running_server(sys.argv[1]) as server:
        return run_cases(CASES, server)


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    sys.exit(main())
