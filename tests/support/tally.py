#!/usr/bin/env python3
"""Adds up a meson test log: every CMocka test function and every TAP line counts, any other test
program counts once.

usage: tally.py testlog.json        prints the plain closing line; status 1 when something failed
"""

import json
import re
import sys

CASES = {
    "passed": re.compile(r"^\[       OK \] (\S+)|^ok (\d+)(?!.*# SKIP)", re.M),
    "failed": re.compile(r"^\[  FAILED  \] (\S+)$|^not ok (\d+)", re.M),
    "skipped": re.compile(r"^\[  SKIPPED \] (\S+)$|^ok (\d+).*# SKIP", re.M),
}


def main():
    total = {"passed": 0, "failed": 0, "skipped": 0}
    reasons = []
    runs = 0
    with open(sys.argv[1], encoding="utf-8") as log:
        for line in log:
            run = json.loads(line)
            runs += 1
            output = run.get("stdout", "") + "\n" + run.get("stderr", "")
            # CMocka repeats the names of failed and skipped functions in its summary.
            counts = {kind: len(set(pattern.findall(output))) for kind, pattern in CASES.items()}
            ok = run["result"] in ("OK", "SKIP", "EXPECTEDFAIL")
            if not any(counts.values()):
                kind = "skipped" if run["result"] == "SKIP" else "passed" if ok else "failed"
                counts[kind] = 1
            elif not ok and counts["failed"] == 0:
                counts["failed"] = 1  # died after, or outside, its test functions
            for kind, count in counts.items():
                total[kind] += count
            if counts["skipped"]:
                why = re.findall(r"^skipped: .*$|# SKIP .*$", output, re.M | re.I)
                reasons += [f"{run['name']}: {text}" for text in why] or [f"{run['name']}: skipped"]
            if not ok:
                print(f"FAILED {run['name']} ({run['result']})")
    for reason in dict.fromkeys(reasons):
        print(reason)
    if runs == 0:
        total["failed"] = 1
        print("no test was run")
    closing = f"{total['passed']} passed, {total['failed']} failed"
    if total["skipped"]:
        closing += f", {total['skipped']} skipped"
    print(closing)
    return 1 if total["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
