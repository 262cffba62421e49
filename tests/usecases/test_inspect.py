#!/usr/bin/env python3
"""examples/embed/inspect.c over the golden vectors: its text is theirs, its JSON is JSON.

usage: test_inspect.py INSPECT SOURCE-ROOT
"""

import json
import pathlib
import subprocess
import sys
import tempfile


def main():
    inspect, vectors = sys.argv[1], pathlib.Path(sys.argv[2]) / "tests/ropcodec/vectors"
    kinds = {line.split()[0] for line in subprocess.run(
        [inspect], capture_output=True, text=True, check=True).stdout.splitlines()}
    seen = 0
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "value"
        for path in sorted(vectors.rglob("*.hex")):
            lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
            kind = next(line for line in lines if line.startswith("kind ")).removeprefix("kind ")
            if kind not in kinds or any(line.startswith("columns") for line in lines):
                continue
            file.write_bytes(bytes.fromhex("".join(
                line for line in lines if not line.startswith("kind "))))
            text = subprocess.run([inspect, kind, file], capture_output=True, check=True).stdout
            assert text == path.with_suffix(".txt").read_bytes(), path
            shown = subprocess.run([inspect, kind, file, "--json"], capture_output=True, check=True)
            assert json.loads(shown.stdout)["kind"] == kind, path
            file.write_bytes(file.read_bytes()[:1])
            cut = subprocess.run([inspect, kind, file], capture_output=True, text=True)
            assert cut.returncode == 1 and cut.stderr.startswith("at byte "), path
            seen += 1
    assert seen >= 15, seen
    print(f"{seen} vectors shown")


if __name__ == "__main__":
    main()
