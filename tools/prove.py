#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Proves what tests only try: explores schedules of the library's own protocols, hunts mutants, checks models and
recorded histories, and makes system calls fail.

usage: prove.py --build BUILD [--short] [--parts PART,...] [--seed S] [--folder FOLDER]

BUILD is a build folder with the ordinary tests. The whole takes at most half an hour on two processors, the short form
some minutes. The parts: stepping mutants faults laws models. The last line has their figures; the exit status is 0 only if
every part is as it should be.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PARTS = ["stepping", "mutants", "faults", "laws", "models"]

# How many schedules of the short kernels, and how many whole runs; and the bounds of the exhaustive walks: preemptions and
# late stores.
WHOLE = {"kernels": 100_000_000, "runs": 1_150_000, "bounds": (3, 1), "minutes": 1}
SHORT = {"kernels": 1_000_000, "runs": 10_000, "bounds": (2, 1), "minutes": 0}


class Failed(Exception):
    pass


def run(command, **options):
    """Runs to the end, shows the output, and returns it."""
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    return finish(command, done.returncode, done.stdout)


def finish(command, status, output):
    print(output, end="", flush=True)
    if status != 0:
        raise Failed(f"exit status {status}: {' '.join(map(str, command))}")
    return output


def run_at_once(commands):
    """Runs them side by side; returns what each printed."""
    started = [(c, subprocess.Popen([str(w) for w in c], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
               for c in commands]
    ended = [(c, p.communicate()[0], p.returncode) for c, p in started]
    return [finish(c, status, output) for c, output, status in ended]


def numbers(output, pattern):
    """Those of the last line that has them."""
    found = re.findall(pattern, output)
    if not found:
        raise Failed(f"no line like: {pattern}")
    return [int(n) for n in found[-1]]


class Prover:
    def __init__(self, settings):
        self.settings = settings
        self.size = SHORT if settings.short else WHOLE
        self.folder = settings.folder
        self.build = settings.build

    def build_stepping(self):
        folder = self.folder / "stepping"
        if not (folder / "build.ninja").exists():
            run(["meson", "setup", folder, ROOT, "-Datomics=stepping"], stdin=subprocess.DEVNULL)
        run(["ninja", "--quiet", "-C", folder])
        return folder / "tests/stepping/prove"

    def stepping(self):
        prove = self.build_stepping()
        listed = subprocess.run([prove, "--list"], check=True, capture_output=True, text=True).stdout.splitlines()
        whole = sum("whole" in line.split()[1:] for line in listed)
        preemptions, late = self.size["bounds"]
        run([prove, "--bounded", preemptions, late])
        sums = [0, 0, 0]
        for kind, share in (("--kernels", self.size["kernels"] / (len(listed) - whole)), ("--whole", self.size["runs"] / whole)):
            each = max(1, round(share / 2 * 1.01))
            commands = [[prove, kind, "--schedules", each, "--seed", self.settings.seed + k] for k in (0, 1)]
            for output in run_at_once(commands):
                found = numbers(output, r"stepping: (\d+) schedules, (\d+) whole runs, (\d+) steps")
                sums = [a + b for a, b in zip(sums, found)]
        return f"{sums[0]:,} schedules and {sums[1]:,} whole runs explored in {sums[2]:,} steps"

    def mutants(self):
        # The short form builds what explores schedules, and hunts what that kills.
        short = ["--short", "--by", "stepping"] if self.settings.short else []
        output = run([sys.executable, ROOT / "tests/mutants/hunt.py", "--folder", self.folder / "mutants", *short])
        killed, of, equivalent = numbers(output, r"killed (\d+) of (\d+), (\d+) equivalent")
        if killed != of:
            raise Failed("a mutant survived")
        return f"{killed} of {of} mutants killed, {equivalent} equivalent"

    def test_program(self, name):
        environment = dict(os.environ)
        if self.size["minutes"]:
            environment["WARREN_PROVE_MINUTES"] = str(self.size["minutes"])
        return run([self.build / f"tests/{name}/{name}_test", "--gtest_brief=1"], env=environment)

    def faults(self):
        injected, sweeps = numbers(self.test_program("faults"), r"faults: (\d+) faults injected in (\d+) sweeps")
        return f"{injected:,} faults injected"

    def laws(self):
        histories, operations = numbers(self.test_program("laws"), r"laws: (\d+) histories, (\d+) operations")
        return f"{histories:,} histories of {operations:,} operations checked"

    def models(self):
        output = run([sys.executable, ROOT / "tests/models/check_models.py"])
        models, states, mutants = numbers(output, r"models: (\d+) models, (\d+) states, (\d+) mutants found")
        return f"{states:,} states of {models} models"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--parts", type=lambda text: text.split(","), default=PARTS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("build-prove"))
    settings = parser.parse_args()
    unknown = [p for p in settings.parts if p not in PARTS]
    if unknown:
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    settings.folder = settings.folder.resolve()
    prover = Prover(settings)
    figures, failures = [], []
    for part in settings.parts:
        print(f"--- {part}", flush=True)
        begin = time.monotonic()
        try:
            figures.append(getattr(prover, part)())
        except (Failed, subprocess.CalledProcessError, OSError) as error:
            failures.append(part)
            print(f"FAILED: {part}: {error}")
        print(f"--- {part}: {time.monotonic() - begin:.0f} s", flush=True)
    print(("FAILED: " + ", ".join(failures) + "; " if failures else "") + "proved: " + "; ".join(figures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
