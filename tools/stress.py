#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the tests again and again, in an order of chance, on atomics that dawdle (tests/stress/chaotic_atomics.hpp).

usage: stress.py MINUTES [--folder FOLDER] [--seed S] [FOLDER_OF_TESTS...]

A program that says nothing for two minutes hangs: it is told to print what every goroutine waits for (SIGQUIT), and the
stress ends. The seed gives the order of the programs and of their cases; what the atomics do comes from the clock.
The last line is `stress: N programs, M cases`, and the exit status is 0 only if nothing failed.
"""
import argparse
import os
import pathlib
import random
import re
import selectors
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = ["runtime", "channels", "time", "context", "sync", "net", "chaos", "laws"]
# What they check is how soon something happens, or how much of the processor or of memory it takes.
TIMED = "-*idle*:memory.*:*million*:tail.*"
SILENCE_S = 120
CASE = re.compile(r"^\[       OK \]", re.MULTILINE)


class Stress:
    def __init__(self, settings):
        self.settings = settings
        self.random = random.Random(settings.seed)
        self.programs = 0
        self.cases = 0

    def build(self):
        folder = self.settings.folder
        if not (folder / "build.ninja").exists():
            folders = ",".join(self.settings.programs)
            self.quietly(["meson", "setup", folder, ROOT, "-Datomics=chaotic", "-Doptimization=1", "-Dexamples=false",
                          "-Dbench=disabled", f"-Dtest_folders={folders}"])
        self.quietly(["ninja", "--quiet", "-C", folder])

    @staticmethod
    def quietly(command):
        done = subprocess.run([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            sys.exit(done.stdout)

    def run(self, name, seconds_left):
        """True if it ended well, or had to be stopped because time is up."""
        seed = self.random.randrange(1, 99_999)
        command = [self.settings.folder / f"tests/{name}/{name}_test", "--gtest_shuffle", f"--gtest_random_seed={seed}",
                   f"--gtest_filter={TIMED}"]
        environment = {"WARREN_TEST_SCALE": "20", **os.environ}
        process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)
        output, how = self.watch(process, time.monotonic() + seconds_left)
        self.programs += 1
        cases = len(CASE.findall(output))
        self.cases += cases
        print(f"{name}: {cases} cases, seed {seed}", flush=True)
        if how == "time is up" or (how == "ended" and process.returncode == 0):
            return True
        print(output[-20_000:])
        print(f"FAILED: {name} {how}, status {process.returncode}: {' '.join(map(str, command))}")
        return False

    def watch(self, process, end):
        """What it printed, and how it came to its end."""
        pieces = []
        spoke = time.monotonic()
        with selectors.DefaultSelector() as ready:
            ready.register(process.stdout, selectors.EVENT_READ)
            while True:
                if ready.select(timeout=1):
                    piece = os.read(process.stdout.fileno(), 65536)
                    if not piece:
                        process.wait()
                        return self.text(pieces), "ended"
                    pieces.append(piece)
                    spoke = time.monotonic()
                if time.monotonic() >= end:
                    process.kill()
                    process.wait()
                    return self.text(pieces), "time is up"
                if time.monotonic() - spoke >= SILENCE_S:
                    process.send_signal(signal.SIGQUIT)
                    pieces.append(process.communicate(timeout=60)[0])
                    return self.text(pieces), "hangs"

    @staticmethod
    def text(pieces):
        return b"".join(pieces).decode(errors="replace")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("minutes", type=float)
    parser.add_argument("programs", nargs="*", default=PROGRAMS)
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("build-stress"))
    parser.add_argument("--seed", type=int, default=random.randrange(1, 1_000_000))
    settings = parser.parse_args()
    settings.folder = settings.folder.resolve()
    stress = Stress(settings)
    print(f"seed {settings.seed}")
    stress.build()
    end = time.monotonic() + settings.minutes * 60
    well = True
    while well and time.monotonic() < end:
        order = stress.random.sample(settings.programs, len(settings.programs))
        for name in order:
            left = end - time.monotonic()
            well = well and (left <= 0 or stress.run(name, left))
    print(f"stress: {stress.programs} programs, {stress.cases} cases")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
