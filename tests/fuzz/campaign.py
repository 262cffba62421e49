#!/usr/bin/env python3
"""Runs fuzz targets for a given CPU time each and keeps the inputs that reach new code.

usage: campaign.py BUILD [--cpu-seconds N] [--jobs N] [--work DIR] [--corpus-files N] [TARGET...]

BUILD is a folder configured with clang and -Dfuzzing=enabled (doc/fuzzing.md has the command);
nothing may be built in it meanwhile. A target starts from its committed corpus and from what
earlier runs left in the work folder. What is counted is the CPU time of the fuzzer itself, so a
busy machine shortens nothing; it ends when its budget is spent. Then the inputs that reach most new
edges go to the committed corpus, small ones and few, since the ordinary test run replays them all.

Each target gives one row of the table in doc/fuzzing.md; so does one that SIGTERM cuts short, with
the CPU seconds that it had. An input that crashes, leaks, hangs or needs too much memory ends its
target; it stays in the work folder under its own name, and the exit status is 1.
"""
import argparse
import datetime
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

CORPUS = pathlib.Path(__file__).resolve().parent / 'corpus'
LIMITS = ['-rss_limit_mb=2048', '-malloc_limit_mb=512', '-timeout=60', '-reload=0']
# Undefined behaviour alone would print a line and go on.
ENVIRONMENT = {'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1', **os.environ}
# A corpus is replayed with sanitizers at each test run: what is longer than the first, and more than
# the second per run, stays in the work folder.
MAX_KEPT_BYTES = 4096
MAX_KEPT_TOTAL_BYTES = 64 * 1024
TICKS = os.sysconf('SC_CLK_TCK')


class Run:
    """One target at work."""

    def __init__(self, options, name):
        self.name, self.budget = name, options.cpu_seconds
        self.fuzzer = options.build / 'tests/fuzz' / ('fuzzer_' + name)
        self.seeds = CORPUS / name
        self.inputs = options.work / name
        self.inputs.mkdir(parents=True, exist_ok=True)
        self.log = options.work / (name + '.log')
        self.artifact_prefix = f'{options.work}/{name}.'
        with open(self.log, 'wb') as out:
            self.child = subprocess.Popen(
                [self.fuzzer, self.inputs, self.seeds, f'-artifact_prefix={self.artifact_prefix}',
                 '-print_final_stats=1', *LIMITS], stdout=out, stderr=out, env=ENVIRONMENT)
        self.told = False
        self.cpu_seconds = 0.0

    def poll(self):
        """True when it has ended; asks it to end when the budget is spent."""
        pid, status, usage = os.wait4(self.child.pid, os.WNOHANG)
        if pid != 0:
            self.child.returncode = os.waitstatus_to_exitcode(status)
            self.cpu_seconds = usage.ru_utime + usage.ru_stime
            return True
        fields = pathlib.Path(f'/proc/{self.child.pid}/stat').read_text().rsplit(')', 1)[1].split()
        if (int(fields[11]) + int(fields[12])) / TICKS >= self.budget:
            self.end()
        return False

    def end(self):
        """Asks it to end: libFuzzer prints its numbers and exits with 0."""
        if not self.told:
            self.child.send_signal(signal.SIGUSR1)
        self.told = True

    def clean(self):
        return self.child.returncode == 0

    def row(self, kept):
        text = self.log.read_text(errors='replace')
        runs = re.findall(r'number_of_executed_units: (\d+)', text)
        edges = re.findall(r'cov: (\d+)', text)
        summary = re.findall(r'^SUMMARY: (.*)', text, re.M)
        found = 'none' if self.clean() else summary[-1] if summary else f'see {self.log}'
        return (f'| {self.name} | {datetime.date.today()} | {self.cpu_seconds:.0f} '
                f'| {int(runs[-1]) if runs else 0:,} | {edges[-1] if edges else "?"} '
                f'| {kept} | {found} |')

    def keep_telling_inputs(self, corpus_files):
        """Adds to the committed corpus while it has room; gives how many."""
        control = pathlib.Path(self.artifact_prefix + 'merge')
        scratch = pathlib.Path(self.artifact_prefix + 'merged')
        shutil.rmtree(scratch, ignore_errors=True)
        # The first folder of a merge is looked at first; its copy takes what the merge writes.
        shutil.copytree(self.seeds, scratch)
        control.unlink(missing_ok=True)
        with open(self.log, 'ab') as out:
            subprocess.run([self.fuzzer, '-merge=1', f'-merge_control_file={control}',
                            '-use_counters=0', *LIMITS, scratch, self.inputs],
                           stdout=out, stderr=out, env=ENVIRONMENT, check=False)
        room = corpus_files - len(os.listdir(self.seeds))
        kept, total = 0, 0
        for path in telling_inputs(control.read_text(), self.inputs):
            total += path.stat().st_size
            if kept >= room or total > MAX_KEPT_TOTAL_BYTES:
                break
            shutil.copyfile(path, self.seeds / path.name[:12])
            kept += 1
        shutil.rmtree(scratch)
        control.unlink()
        return kept


def telling_inputs(control, folder):
    """The inputs of that folder with edges that no seed and no smaller input has, most first.

    The control file of a merge is a count, a count, a path a line, then for each input
    "STARTED i size", "FT i feature..." with the features that no earlier input had, "COV i ...".
    Without counters a feature is an edge.
    """
    lines = control.splitlines()
    paths = [pathlib.Path(line) for line in lines[2:2 + int(lines[0])]]
    new = {}
    for line in lines[2 + len(paths):]:
        word, index, *features = line.split()
        path = paths[int(index)]
        if word == 'FT' and features and path.parent == folder and \
                path.stat().st_size <= MAX_KEPT_BYTES:
            new[path] = len(features)
    return sorted(new, key=lambda path: -new[path])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('build', type=pathlib.Path)
    parser.add_argument('targets', nargs='*', metavar='TARGET')
    parser.add_argument('--cpu-seconds', type=int, default=600)
    parser.add_argument('--jobs', type=int, default=1, help='targets at a time')
    parser.add_argument('--work', type=pathlib.Path, help='default: BUILD/campaign')
    parser.add_argument('--corpus-files', type=int, default=80,
                        help='a committed corpus does not grow beyond')
    options = parser.parse_intermixed_args()
    options.build = options.build.resolve()
    options.work = (options.work or options.build / 'campaign').resolve()
    waiting = options.targets or sorted(
        p.name[len('fuzzer_'):] for p in (options.build / 'tests/fuzz').glob('fuzzer_*')
        if p.is_file())
    running, clean = [], True
    print('| target | day | CPU seconds | runs | edges | inputs kept | findings |', flush=True)
    try:
        while waiting or running:
            while waiting and len(running) < options.jobs:
                running.append(Run(options, waiting.pop(0)))
            time.sleep(1)
            for run in [run for run in running if run.poll()]:
                running.remove(run)
                kept = run.keep_telling_inputs(options.corpus_files) if run.clean() else 0
                clean = clean and run.clean()
                print(run.row(kept), flush=True)
    finally:
        for run in running:
            run.end()
        for run in running:
            while not run.poll():
                time.sleep(1)
            print(run.row(0), flush=True)
    sys.exit(0 if clean else 1)


if __name__ == '__main__':
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    main()
