#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Hunts the seeded faults: each must make a test fail that passes without it.

Two builds hold all faults (seed_mutants.py): one of the ordinary tests, and one of the library's protocols on simulated atomics
(tests/stepping). First every test that is to kill one runs without any, and must pass. Then each fault is chosen in turn, and
its killers run until one fails: by its exit status, a crash, or, where somebody left asleep is what the fault is about, by not
ending within 20 s, or thrice the time that it usually takes. Two at a time.

The last line is `killed N of M, E equivalent`; M does not count the E faults that their entries prove equivalent to the code
as it is. Exit status 0 only if all M were killed, and every killer passes without a fault.

usage: hunt.py [--only N,M,...] [--short] [--by KIND] [--list] [--folder FOLDER] [--no-build]
"""
import argparse
import concurrent.futures
import dataclasses
import os
import pathlib
import resource
import signal
import subprocess
import sys
import time

import seed_mutants
from fault import all_faults

SECONDS = 20  # for one killer
AT_ONCE = 2
FOLDERS = ["runtime", "channels", "time", "context", "sync", "net", "http", "http_server"]
BUILDS = {
    "stepping": ["-Datomics=stepping"],
    # Not what a release would be, but quick to build.
    "tests": ["-Doptimization=1", "-Ddebug=false", "-Dexamples=false", "-Dbench=disabled",
              "-Dtest_folders=" + ",".join(FOLDERS)],
}
# For the tests of every change: faults of all floors that die at once.
SHORT = (5, 6, 7, 8, 11, 12, 13, 14, 22, 25, 29, 30, 33, 35, 36, 37, 38, 41, 42, 43, 45, 47, 49, 50, 62, 65, 68, 69, 70, 71, 73,
         76, 81, 82, 83, 84, 85, 86)


class Ended:
    """A killer that has been run. `how`: passed, failed (with why), or hangs."""

    def __init__(self, how, why, seconds):
        self.how, self.why, self.seconds = how, why, seconds


def no_cores():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Hunt:
    def __init__(self, folder, kinds):
        self.folder = folder
        self.kinds = kinds
        self.logs = folder / "logs"
        self.logs.mkdir(exist_ok=True)
        self.red = set()  # killers that fail without a fault as well: they tell nothing
        self.usual = {}  # killer: seconds that it takes without a fault

    def is_there(self, killer):
        return (killer.kind in self.kinds and killer not in self.red and
                (self.folder / killer.kind / killer.program).is_file())

    def command(self, killer, number):
        program = str(self.folder / killer.kind / killer.program)
        if killer.kind == "stepping":
            # Without a fault a taste, with one as many as there is time for.
            return [program, *killer.arguments, "--schedules", "500" if number == 0 else "100000000"]
        # At the first thing that is wrong, not at the end of the last test.
        return [program, *killer.arguments, "--gtest_break_on_failure", "--gtest_color=no"]

    def run_once(self, killer, number, log, seconds):
        environment = {k: v for k, v in os.environ.items() if k != "WARREN_MUTANT"}
        environment["MALLOC_PERTURB_"] = "165"  # who uses memory that was freed does not find what it expects
        if number != 0:
            environment["WARREN_MUTANT"] = str(number)
        begin = time.monotonic()
        child = subprocess.Popen(self.command(killer, number), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                 env=environment, start_new_session=True, preexec_fn=no_cores)
        try:
            status = child.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            if killer.kind == "stepping" and number != 0:  # it finds a standstill by itself; this is the time being up
                return Ended("passed", "not found", time.monotonic() - begin)
            return Ended("hangs", "does not end", time.monotonic() - begin)
        why = f"status {status}" if status > 0 else signal.Signals(-status).name if status < 0 else "passed"
        return Ended("failed" if status != 0 else "passed", why, time.monotonic() - begin)

    def run(self, killer, number, log, seconds):
        """As often as its entry says, but no more once half the time of one is spent."""
        spent = 0.0
        for _ in range(killer.times if number != 0 else 1):
            ended = self.run_once(killer, number, log, seconds)
            spent += ended.seconds
            if ended.how != "passed" or spent > seconds / 2:
                break
        return Ended(ended.how, ended.why, spent)

    def without_fault(self, killer):
        name = str(killer).translate(str.maketrans(" /*:?", "_____"))[:150]
        with open(self.logs / f"green_{name}.txt", "wb") as log:
            ended = self.run(killer, 0, log, 3 * SECONDS)
        self.usual[killer] = ended.seconds
        return ended

    def limit(self, killer):
        """More where that is little: a slow machine is no hang."""
        return max(SECONDS, 3 * self.usual[killer])

    def hunt(self, f):
        """(killed, by whom, how, seconds)"""
        spent, last = 0.0, ("", "none of its killers was asked")
        # Schedules find in a moment what is luck elsewhere.
        killers = sorted((k for k in f.killers if self.is_there(k)), key=lambda k: k.kind)
        with open(self.logs / f"{f.number:02}.txt", "wb") as log:
            for killer in killers:
                ended = self.run(killer, f.number, log, self.limit(killer))
                spent += ended.seconds
                if ended.how == "failed" or (ended.how == "hangs" and f.hang):
                    return True, str(killer), ended.why, spent
                last = (str(killer), ended.why)
        return False, *last, spent


def build_all(folder, kinds):
    tree = folder / "tree"
    folder.mkdir(parents=True, exist_ok=True)
    print(f"{seed_mutants.write_tree(tree)} faults seeded", flush=True)
    for kind in kinds:
        build = folder / kind
        setup = ["meson", "setup", build, tree, "-Dbacktrace=disabled", *BUILDS[kind],
                 f"-Dcpp_args=['-include','{tree}/tests/mutants/mutant.hpp']"]
        if (build / "build.ninja").is_file():
            setup.insert(2, "--reconfigure")
        for command in (setup, ["ninja", "-C", build, f"-j{AT_ONCE}"]):
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if done.returncode != 0:
                sys.stdout.write(done.stdout.decode(errors="replace")[-8000:])
                raise SystemExit(f"the seeded tree does not build: {' '.join(map(str, command))}")


def show_list(faults):
    for f in faults:
        print(f"{f.number:3}  {f.what}")
        print(f"     {', '.join(sorted({e.file for e in f.edits})) or 'together with its neighbour'}")
        print(f"     {'equivalent: ' + f.equivalent if f.equivalent else '; '.join(map(str, f.killers))}")


def with_quick_killers(f):
    """Schedules alone, where there are some: they need no second opinion."""
    quick = tuple(k for k in f.killers if k.kind == "stepping")
    return dataclasses.replace(f, killers=quick or f.killers)


def find_red(hunt, faults, pool):
    killers = sorted({k for f in faults for k in f.killers if hunt.is_there(k)}, key=str)
    for killer, ended in zip(killers, pool.map(hunt.without_fault, killers)):
        if ended.how != "passed":
            hunt.red.add(killer)
            print(f"without a fault: {killer}: {ended.why}", flush=True)
    print(f"{len(killers) - len(hunt.red)} of {len(killers)} tests pass without a fault", flush=True)


def hunt_all(hunt, faults):
    hunted = [f for f in faults if not f.equivalent]
    killed = 0
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        find_red(hunt, hunted, pool)
        for f, (dead, by, how, seconds) in zip(hunted, pool.map(hunt.hunt, hunted)):
            killed += dead
            print(f"{f.number:3}  {'killed  ' if dead else 'SURVIVED'} {seconds:5.1f} s  {f.what}\n"
                  f"     {by}: {how}", flush=True)
    for f in faults:
        if f.equivalent:
            print(f"{f.number:3}  equivalent         {f.what}\n     {f.equivalent}")
    print(f"killed {killed} of {len(hunted)}, {len(faults) - len(hunted)} equivalent")
    return 0 if killed == len(hunted) > 0 and not hunt.red else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=lambda text: {int(n) for n in text.split(",")})
    parser.add_argument("--short", action="store_true", help="a part that takes less than a minute")
    parser.add_argument("--by", choices=sorted(BUILDS), help="only by killers of that kind")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--folder", type=pathlib.Path, default=seed_mutants.ROOT / "build-mutants")
    parser.add_argument("--no-build", action="store_true", help="what was built last")
    options = parser.parse_args()
    faults = all_faults()
    wanted = options.only or (set(SHORT) if options.short else {f.number for f in faults})
    if unknown := wanted - {f.number for f in faults}:
        parser.error(f"there is no fault {min(unknown)}")
    faults = [f for f in faults if f.number in wanted]
    if options.short:
        faults = [with_quick_killers(f) for f in faults]
    if options.by:
        faults = [f for f in faults if f.equivalent or any(k.kind == options.by for k in f.killers)]
    if options.list:
        return show_list(faults)
    folder = options.folder.resolve()
    kinds = [options.by] if options.by else sorted(BUILDS)
    try:
        if not options.no_build:
            build_all(folder, kinds)
    except seed_mutants.Stale as e:
        print(e, file=sys.stderr)
        return 1
    return hunt_all(Hunt(folder, kinds), faults)


if __name__ == "__main__":
    sys.exit(main())
