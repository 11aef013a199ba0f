#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the tests of a build folder, two programs at a time, and counts single cases.

Meson counts programs; a GoogleTest program holds many cases. The last line counts them all:
`N passed, N failed`, and `, N skipped` if there are any. Exit status 0 only if nothing failed
and something passed.

usage: run_tests.py BUILD [FILTER] [--suite NAME] [--repeat N]
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys

RUNNING = re.compile(r"\[=+\] Running (\d+) tests? from")
BEGIN = re.compile(r"\[ RUN      \] (\S+)")
# A case's own line ends in its duration; the list of failures at the end of a program has none.
END = re.compile(r"\[ +(OK|FAILED|SKIPPED) +\] ([^\s,]+)(?:, where .*)? \(\d+ ms\)")


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []

    def add_cases(self, program, entry):
        """Counts the cases of one GoogleTest program by what it printed."""
        text = entry.get("stdout") or ""
        begun = [m[1] for m in BEGIN.finditer(text)]
        ends = {m[2]: m[1] for m in END.finditer(text)}
        before = len(self.failed)
        for case, how in ends.items():
            if how == "OK":
                self.passed += 1
            elif how == "SKIPPED":
                self.skipped.append(f"{program}: {case}")
            else:
                self.failed.append(f"{program}: {case}")
        for case in begun:
            if case not in ends:
                self.failed.append(f"{program}: {case} did not end ({describe(entry)})")
        announced = RUNNING.search(text)
        if len(self.failed) > before:
            return
        if entry["result"] not in ("OK", "EXPECTEDFAIL"):
            self.failed.append(f"{program}: {describe(entry)} after its last case")
        elif announced and int(announced[1]) != len(ends):
            self.failed.append(f"{program}: {announced[1]} cases announced, {len(ends)} ended")

    def add_whole(self, program, entry):
        if entry["result"] in ("OK", "EXPECTEDFAIL"):
            self.passed += 1
        elif entry["result"] == "SKIP":
            self.skipped.append(program)
        else:
            self.failed.append(f"{program}: {describe(entry)}")

    def line(self):
        skipped = f", {len(self.skipped)} skipped" if self.skipped else ""
        return f"{self.passed} passed, {len(self.failed)} failed{skipped}"


def describe(entry):
    code = entry.get("returncode")
    if entry["result"] == "TIMEOUT":
        return f"timeout after {entry.get('duration', 0):.0f} s"
    if isinstance(code, int) and (code < 0 or code > 128):
        return f"signal {-code if code < 0 else code - 128}"
    return f"{entry['result'].lower()}, exit status {code}"


def is_gtest(test):
    return test["protocol"] == "gtest"


def choose(tests, wanted):
    """The test named `wanted`, else those whose name contains it, else all GoogleTest programs and a case filter."""
    if not wanted:
        return tests, None
    exact = [t for t in tests if t["name"] == wanted]
    if exact:
        return exact, None
    by_name = [t for t in tests if wanted in t["name"]]
    if by_name:
        return by_name, None
    return [t for t in tests if is_gtest(t)], f"*{wanted}*"


def show_failures(entries):
    for entry in entries:
        if entry["result"] in ("OK", "SKIP", "EXPECTEDFAIL"):
            continue
        print(f"\n----- {entry['name']}: {describe(entry)}")
        print((entry.get("stdout") or "")[-20000:])
        print((entry.get("stderr") or "")[-20000:])


def main():
    parser = argparse.ArgumentParser(description="runs the tests and counts their cases")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("filter", nargs="?", default="")
    parser.add_argument("--suite")
    parser.add_argument("--repeat", type=int, default=1)
    args = parser.parse_args()

    listing = subprocess.run(
        ["meson", "introspect", "--tests", str(args.build)], check=True, capture_output=True, text=True
    )
    tests = json.loads(listing.stdout)
    if args.suite:
        tests = [t for t in tests if any(args.suite == s.split(":")[-1] for s in t["suite"])]
    chosen, case_filter = choose(tests, args.filter)
    if not chosen:
        print(f"no test for '{args.filter or args.suite}'")
        print("0 passed, 0 failed")
        return 1

    environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
    if case_filter:
        environment["GTEST_FILTER"] = case_filter
    log = args.build / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    command = ["meson", "test", "-C", str(args.build), "--no-rebuild", "--num-processes", "2"]
    command += ["--repeat", str(args.repeat)] + sorted({t["name"] for t in chosen})
    sys.stdout.flush()
    meson = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL)

    tally = Tally()
    by_name = {t["name"]: t for t in chosen}
    entries = [json.loads(l) for l in log.read_text().splitlines() if l] if log.exists() else []
    for entry in entries:
        # With several suites meson writes `project:suite / name`.
        name = entry["name"].split(" / ")[-1]
        if is_gtest(by_name[name]):
            tally.add_cases(name, entry)
        else:
            tally.add_whole(name, entry)
    missing = len(chosen) * args.repeat - len(entries)
    if missing > 0:
        tally.failed.append(f"{missing} test programs left no record (meson ended with {meson.returncode})")

    show_failures(entries)
    for text in tally.skipped:
        print(f"skipped: {text}")
    for text in tally.failed:
        print(f"FAILED: {text}")
    print(tally.line())
    return 1 if tally.failed or tally.passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
