#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a program several times, with and without a random layout of its addresses, and compares what it prints.

    same_schedules.py PROGRAM
"""

import shutil
import subprocess
import sys


def main():
    program = sys.argv[1]
    ways = [[program], [program], ["env", "WARREN_UNUSED=" + "x" * 5000, program]]
    if shutil.which("setarch") and subprocess.run(["setarch", "-R", "true"], capture_output=True).returncode == 0:
        ways.append(["setarch", "-R", program])
    texts = [subprocess.run(way, capture_output=True, check=True, text=True).stdout for way in ways]
    if texts[0].count("seed ") != 20 or texts[0].count("\n") < 200:
        print(f"not the schedules of 20 seeds:\n{texts[0][:2000]}")
        return 1
    for way, text in zip(ways[1:], texts[1:]):
        if text != texts[0]:
            print(f"{' '.join(way)[:80]} prints other schedules")
            return 1
    print(f"{len(ways)} times the same {texts[0].count(chr(10))} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main())
