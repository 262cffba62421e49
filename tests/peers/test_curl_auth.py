#!/usr/bin/env python3
"""curl against our server: Basic and NTLM, good and bad passwords, connections that change hands.

usage: test_curl_auth.py AUTH_SITE
"""
import os
import shutil
import subprocess
import sys
import tempfile

ALICE = "alice:Pa:ss \u00e4"
BOB = "bob:bobsecret"
CAROL = "carol:basic-only"
DAVE = "dave:davesecret"


class Site:
    def __init__(self, path, directory, *arguments):
        self.process = subprocess.Popen([path, directory, *arguments], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.words = {}
        for line in self.process.stdout:
            word, _, value = line.strip().partition(" ")
            self.words[word] = value
            if word == "ready":
                break
        self.http = f"http://localhost:{self.words['http']}"
        self.https = f"https://localhost:{self.words['https']}"

    def end(self):
        self.process.stdin.close()
        return self.process.wait(timeout=30)


class Run:
    def __init__(self, site):
        self.site, self.failures, self.count = site, 0, 0

    def curl(self, *arguments, trace=False):
        command = ["curl", "--silent", "--show-error", "--cacert", self.site.words["ca"], "--max-time", "30"]
        if trace:
            command.append("--verbose")
        found = subprocess.run(command + list(arguments), capture_output=True, text=True,
                               env=dict(os.environ, LC_ALL="C.UTF-8"), check=False)
        return found.stdout, found.stderr

    def check(self, what, got, expected):
        self.count += 1
        if got != expected:
            self.failures += 1
            print(f"FAILED {what}: got {got!r}, expected {expected!r}")

    def status(self, what, expected, *arguments):
        out, _ = self.curl("--output", "/dev/null", "--write-out", "%{http_code}", *arguments)
        self.check(what, out, expected)


def offers(run):
    for url, expected in ((run.site.http, ["NTLM"]),
                          (run.site.https, ["NTLM", 'Basic realm="example.test", charset="UTF-8"'])):
        out, _ = run.curl("--include", "--output", "-", url + "/whoami")
        found = [line.split(": ", 1)[1] for line in out.splitlines()
                 if line.lower().startswith("www-authenticate:")]
        run.check("offers of " + url, found, expected)


def passwords(run):
    https, http = run.site.https + "/whoami", run.site.http + "/whoami"
    for scheme, url in (("--basic", https), ("--ntlm", https), ("--ntlm", http), ("--anyauth", https),
                        ("--anyauth", http)):
        name = "Basic" if scheme == "--basic" else "NTLM"
        what = f"{scheme} {url}"
        run.check(what + " bob", run.curl(scheme, "--user", BOB, url)[0], f"bob@example.test {name} 0\n")
        run.check(what + " DOMAIN\\bob", run.curl(scheme, "--user", "EXAMPLE\\" + BOB, url)[0],
                  f"bob@example.test {name} 0\n")
        run.check(what + " bob@domain", run.curl(scheme, "--user", "bob@example.test:bobsecret", url)[0],
                  f"bob@example.test {name} 0\n")
        run.status(what + " wrong password", "401", scheme, "--user", "bob:nonsense", url)
        run.status(what + " unknown user", "401", scheme, "--user", "nobody:bobsecret", url)
        run.status(what + " empty", "401", scheme, "--user", ":", url)
    run.check("colon and UTF-8 in a password", run.curl("--basic", "--user", ALICE, https)[0],
              "alice@example.test Basic 0\n")
    run.status("Basic in the clear", "401", "--basic", "--user", BOB, http)
    run.status("NTLM not enabled", "401", "--ntlm", "--user", CAROL, https)
    run.check("Basic for her", run.curl("--basic", "--user", CAROL, https)[0], "carol@example.test Basic 0\n")


def bodies(run, directory):
    body = os.path.join(directory, "body")
    with open(body, "wb") as out:
        out.write(b"x" * 300000)
    for scheme in ("--basic", "--ntlm", "--anyauth"):
        out, _ = run.curl(scheme, "--user", BOB, "--data-binary", "@" + body, run.site.https + "/whoami")
        name = "Basic" if scheme == "--basic" else "NTLM"
        run.check(scheme + " with a body", out, f"bob@example.test {name} 300000\n")


def connections(run):
    """An NTLM connection belongs to its user."""
    for base in (run.site.http, run.site.https):
        url = base + "/whoami"
        out, trace = run.curl("--ntlm", "--user", BOB, url, url, url, trace=True)
        run.check("three requests of one user", out, "bob@example.test NTLM 0\n" * 3)
        run.check("one handshake for all three", trace.count("> Authorization: NTLM "), 2)
        out, _ = run.curl("--ntlm", "--user", BOB, url, "--next", "--silent", "--cacert", run.site.words["ca"],
                          "--ntlm", "--user", "alice:wrong", "--output", "/dev/null", "--write-out",
                          "%{http_code}", url)
        run.check("then another user's wrong password", out, "bob@example.test NTLM 0\n401")
        out, _ = run.curl("--ntlm", "--user", BOB, url, "--next", "--silent", "--cacert", run.site.words["ca"],
                          "--ntlm", "--user", DAVE, url)
        run.check("then another user", out, "bob@example.test NTLM 0\ndave@example.test NTLM 0\n")
        out, _ = run.curl("--ntlm", "--user", BOB, url, "--next", "--silent", "--cacert", run.site.words["ca"],
                          "--output", "/dev/null", "--write-out", "%{http_code}", url)
        run.check("then nobody", out, "bob@example.test NTLM 0\n401")
    url = run.site.https + "/whoami"
    out, _ = run.curl("--ntlm", "--user", BOB, url, "--next", "--silent", "--cacert", run.site.words["ca"],
                      "--basic", "--user", CAROL, url)
    run.check("then another user with Basic", out, "bob@example.test NTLM 0\ncarol@example.test Basic 0\n")


def mapi(run):
    url = run.site.https + "/mapi/emsmdb/?MailboxId=x@example.test"
    fields = ["--header", "Content-Type: application/mapi-http", "--header", "X-RequestType: PING", "--header",
              "X-RequestId: {E2EA6C1C-E61B-49E9-9CFB-38184F907552}:1", "--header",
              "X-ClientInfo: {2EF33C39-49C8-421C-B876-CDF7F2AC3AA0}:123"]
    out, _ = run.curl("--ntlm", "--user", BOB, "--include", "--request", "POST", "--data", "", *fields, url)
    run.check("PING: HTTP status", out.count("HTTP/1.1 200"), 1)
    run.check("PING: code", "X-ResponseCode: 0\r\n" in out or "X-ResponseCode: 0\n" in out, True)
    run.check("PING: meta-tags", "PROCESSING" in out and "DONE" in out, True)
    run.status("PING without a user", "401", "--request", "POST", "--data", "", *fields, url)


def main():
    if shutil.which("curl") is None:
        print("curl is not installed")
        sys.exit(77)
    features = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout
    if "NTLM" not in features:
        print("this curl has no NTLM")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as directory:
        site = Site(sys.argv[1], directory)
        run = Run(site)
        offers(run)
        passwords(run)
        bodies(run, directory)
        connections(run)
        mapi(run)
        run.check("the server's end", site.end(), 0)
        # curl's NTLM sends no channel binding.
        site = Site(sys.argv[1], directory, "require-channel-binding")
        run.site = site
        run.status("channel binding required", "401", "--ntlm", "--user", BOB, site.https + "/whoami")
        run.status("but not without TLS", "200", "--ntlm", "--user", BOB, site.http + "/whoami")
        run.check("the server's end", site.end(), 0)
    print(f"{run.count} checks, {run.failures} failed")
    sys.exit(1 if run.failures else 0)


main()
