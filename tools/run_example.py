#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a program and compares what it prints, byte for byte, with a committed text.

usage: run_example.py EXPECTED PROGRAM [ARGS]
The program must end with status 0 within 60 s and write nothing to stderr.
"""
import difflib
import pathlib
import subprocess
import sys


def main():
    expected = pathlib.Path(sys.argv[1])
    want = expected.read_text()
    try:
        done = subprocess.run(
            sys.argv[2:], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
        )
    except subprocess.TimeoutExpired as late:
        print(f"no end within {late.timeout:.0f} s; printed so far: {late.stdout!r} {late.stderr!r}")
        return 1
    bad = False
    if done.stdout != want:
        bad = True
        print("".join(difflib.unified_diff(
            want.splitlines(True), done.stdout.splitlines(True), str(expected), "printed")))
    if done.returncode != 0:
        bad = True
        print(f"exit status {done.returncode}, expected 0")
    if done.stderr:
        bad = True
        print(f"on stderr:\n{done.stderr}")
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
