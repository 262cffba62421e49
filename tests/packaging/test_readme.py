#!/usr/bin/env python3
"""The two programs of README.md compile through pkg-config as they stand there, and talk to each
other.

usage: test_readme.py README STAGED-PREFIX      (tests/packaging/test_install.sh makes the stage)
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile


def flags(prefix, *libraries):
    environment = dict(os.environ, PKG_CONFIG_PATH=str(prefix / "lib" / "pkgconfig"))
    return subprocess.run(["pkg-config", f"--define-variable=prefix={prefix}", "--cflags", "--libs",
                           *libraries], capture_output=True, text=True, check=True,
                          env=environment).stdout.split()


def main():
    text = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
    prefix = pathlib.Path(sys.argv[2]).resolve()
    client, server = re.findall(r"```c\n(.*?)```", text, re.S)
    os.environ["LD_LIBRARY_PATH"] = str(prefix / "lib")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for program, code, libraries in (("client", client, ("libstore", "libwire")),
                                         ("server", server, ("libdirectory", "libstore", "libwire"))):
            lines = [line for line in code.splitlines() if line and not line.startswith("#include")]
            print(f"{program}: {len(lines)} lines")
            (folder / f"{program}.c").write_text(code, encoding="utf-8")
            subprocess.run(["cc", "-Wall", "-Wextra", "-Werror", "-o", folder / program,
                            folder / f"{program}.c", *flags(prefix, *libraries)], check=True)
        ox = prefix / "bin" / "ox"
        (folder / "password").write_text("Wonderland-1865\n")
        subprocess.run([ox, "init", folder / "data", "--domain", "example.test"], check=True)
        subprocess.run([ox, "user", "add", folder / "data", "alice@example.test", "--name",
                        "Alice Adams", "--password-file", folder / "password"], check=True)
        with subprocess.Popen([folder / "server"], cwd=folder, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as process:
            url = process.stdout.readline().strip()
            answer = subprocess.run([folder / "client", url, "alice@example.test",
                                     "Wonderland-1865", folder / "data" / "tls" / "cert.pem"],
                                    capture_output=True, text=True, timeout=60, check=False)
            process.stdin.close()
            process.wait(timeout=60)
        print(answer.stdout, answer.stderr)
        if answer.stdout != "the mailbox of Alice Adams\n":
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
