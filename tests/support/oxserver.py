"""Starts `ox serve` on a data directory of its own, on ports the system picks, for tests that speak
to it over real sockets. Python standard library only."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import traceback

DOMAIN = "example.test"
PASSWORDS = {"alice": "Wonderland-1865", "bob": "Builder-1998"}


class OxFailure(Exception):
    """An ox command ended with another status than expected."""


class Server:
    """A data directory with alice, bob and a room, and the server over it."""

    def __init__(self, ox, folder):
        self.ox = str(ox)
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.process = None
        self.endpoints = {}
        self.output = []

    def run(self, *arguments, status=0, text=None):
        """Runs ox; returns what it printed. Fails unless it ends with `status`."""
        run = subprocess.run([self.ox, *map(str, arguments)], input=text, capture_output=True,
                             text=True, timeout=240, check=False)
        if run.returncode != status:
            raise OxFailure(f"ox {' '.join(map(str, arguments))}\n"
                            f"ended with {run.returncode}, expected {status}\n"
                            f"{run.stdout[-4000:]}{run.stderr[-4000:]}")
        return run.stdout if status == 0 else run.stderr

    def password_file(self, name):
        return self.folder / f"{name}.password"

    def create(self):
        self.run("init", self.data, "--domain", DOMAIN, "--ntlm")
        for name, password in PASSWORDS.items():
            self.password_file(name).write_text(password + "\n")
            self.run("user", "add", self.data, f"{name}@{DOMAIN}", "--name",
                     {"alice": "Alice Adams", "bob": "Bob Brown"}[name],
                     "--password-file", self.password_file(name))
        self.run("user", "add", self.data, f"board-room@{DOMAIN}", "--room", "--name", "Board Room")

    def start(self, *options):
        self.endpoints = {}
        self.process = subprocess.Popen(
            [self.ox, "serve", str(self.data), "--listen", "127.0.0.1", "--port-base", "0",
             *map(str, options)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in self.process.stdout:
            self.output.append(line)
            if line.strip() == "ready":
                break
            words = line.split()
            if len(words) >= 2:
                self.endpoints[words[0]] = words[1]
        else:
            self.process.wait()
            raise OxFailure("ox serve did not become ready:\n" + "".join(self.output))
        # Keep the pipe empty while the server runs.
        threading.Thread(target=lambda: self.output.extend(self.process.stdout),
                         daemon=True).start()

    def stop(self):
        """Ends the server in an orderly way; returns its exit status."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.process = None
        return status

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    @property
    def base_url(self):
        """https://host:port of the front end."""
        return self.endpoints["mapi"].split("/mapi/")[0]

    @property
    def ca_file(self):
        return self.data / "tls" / "cert.pem"

    def client(self, user, *verb, status=0, text=None, scheme="mapi+https"):
        """Runs an ox client verb as one of the users."""
        url = self.base_url.replace("https", scheme, 1) + "/"
        if scheme == "autodiscover+https":
            url = self.endpoints["autodiscover"].replace("https", scheme, 1)
        return self.run("client", "--url", url, "--user", f"{user}@{DOMAIN}", "--password-file",
                        self.password_file(user), "--ca", self.ca_file, *verb,
                        status=status, text=text)

    def client_json(self, user, *verb, **options):
        return json.loads(self.client(user, "--json", *verb, **options))


@contextlib.contextmanager
def running_server(ox, *options):
    folder = tempfile.mkdtemp(prefix="ox-test-")
    server = Server(ox, folder)
    try:
        server.create()
        server.start(*options)
        yield server
    finally:
        status = server.stop()
        shutil.rmtree(folder, ignore_errors=True)
        if status != 0:
            raise OxFailure(f"ox serve ended with {status}:\n" + "".join(server.output[-200:]))


class Skip(Exception):
    """Raised by a case whose peer is missing; the reason is its text."""


def run_cases(cases, *arguments):
    """Runs functions and prints TAP; returns the exit status."""
    print(f"1..{len(cases)}")
    failed = 0
    for number, case in enumerate(cases, 1):
        title = (case.__doc__ or case.__name__).strip().splitlines()[0]
        try:
            case(*arguments)
            print(f"ok {number} - {title}", flush=True)
        except Skip as reason:
            print(f"ok {number} - {title} # SKIP {reason}", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            print(f"not ok {number} - {title}", flush=True)
    return 1 if failed else 0


def environment_scale():
    return os.environ.get("OX_TEST_SCALE", "")
