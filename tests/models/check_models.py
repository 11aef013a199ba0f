#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Has spin search every state of the protocols beside this script, and find the mistakes that were put into copies of them.

usage: check_models.py [NAME...]        NAME: of a model, without .pml

A model says at its top at which sizes it is checked and what its mutants are: macros that put a mistake in. A size must be
searched to the end without an error, and the last of its assertions must have been reached; a mutant must break one. A
mutant that the text mentions and the top does not, or the other way round, is an error as well. The last line is
`models: N models, S states, K mutants found`. Ends with 77 where spin is not installed.
"""
import concurrent.futures
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77
SECONDS = 240
# What one search may take, in MiB. Sizes are searched one at a time, so that all stays below 1 GiB.
MOST_OF_SIZE = 720
MOST_OF_MUTANT = 300

one_size_at_a_time = threading.Lock()


class Trouble(Exception):
    """Says what did not go as it should."""


class Model:
    def __init__(self, path):
        self.path = path
        self.name = path.stem
        text = path.read_text()
        self.sizes = [line.split() for line in re.findall(r"^//   size (.*)$", text, re.M)]
        self.mutants = [line.split() for line in re.findall(r"^//   mutant (.*)$", text, re.M)]
        asked = set(re.findall(r"^#ifn?def (\w+)", text, re.M))
        asked |= set(re.findall(r"defined\((\w+)\)", text))
        inside = asked - set(re.findall(r"^#define (\w+)", text, re.M))
        listed = {m[0] for m in self.mutants}
        if inside != listed:
            raise Trouble(f"{path.name}: mutants {sorted(inside ^ listed)} stand in the text or at the top, not in both")
        if len(self.sizes) < 2 or not self.mutants:
            raise Trouble(f"{path.name}: two sizes and some mutants are wanted")


class Search:
    """One run of a verifier that spin made."""

    def __init__(self, model, flags, optimise, most_memory):
        self.model, self.flags = model, flags
        self.optimise, self.most_memory = optimise, most_memory
        self.table = "-w23" if optimise != "-O0" else "-w20"  # log2 of its hash table's size
        self.output = ""
        self.seconds = 0.0

    def run(self):
        with tempfile.TemporaryDirectory(prefix="warren-model-") as folder:
            self.call(folder, ["spin", *self.flags, "-a", str(self.model.path)])
            self.call(folder, ["cc", self.optimise, "-w", "-DSAFETY", "-DCOLLAPSE", f"-DMEMLIM={self.most_memory}", "-o",
                               "pan", "pan.c"])
            begin = time.monotonic()
            self.output = self.call(folder, ["./pan", "-m200000", self.table])
            self.seconds = time.monotonic() - begin
        return self

    @staticmethod
    def call(folder, command):
        done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=SECONDS, check=False)
        if done.returncode != 0 or re.search(r"spin: .*Error", done.stdout):
            raise Trouble(f"{' '.join(command)}: {done.stdout.strip()[:600]}")
        return done.stdout

    def number(self, pattern):
        found = re.search(pattern, self.output)
        return int(found[1]) if found else 0

    def states(self):
        return self.number(r"(\d+) states, stored")

    def fault(self):
        found = re.search(r"^pan:\d+: (assertion violated .*|invalid end state) \(at depth", self.output, re.M)
        return " ".join(found[1].split()) if found else ""

    def complete(self):
        cut = re.search(r"depth too small|out of memory|MEMLIM|Search not completed", self.output)
        return cut is None and self.number(r"errors: (\d+)") == 0 and self.states() > 0

    def reached_the_end(self):
        after = self.output.partition("unreached in init")[2].partition("unreached in")[0]
        return re.search(r"\(0 of \d+ states\)", after) is not None


def check_size(model, flags):
    with one_size_at_a_time:
        s = Search(model, flags, "-O1", MOST_OF_SIZE).run()
    if s.fault():
        return s, f"WRONG: {s.fault()}"
    if not s.complete():
        return s, "WRONG: not searched to the end"
    return s, "holds" if s.reached_the_end() else "WRONG: its last assertion is never reached"


def check_mutant(model, flags):
    name, *others = flags
    s = Search(model, [f"-D{name}", *model_flags(model, others)], "-O0", MOST_OF_MUTANT).run()
    return s, f"found: {s.fault()[:60]}" if s.fault() else "WRONG: not found"


def model_flags(model, others):
    """Of the first size, but where the mutant wants another."""
    own = {f.partition("=")[0] for f in others}
    return [f for f in model.sizes[0] if f.partition("=")[0] not in own] + others


def checks(models):
    for model in models:
        for flags in model.sizes:
            yield check_size, model, flags
    for model in models:
        for flags in model.mutants:
            yield check_mutant, model, flags


def report(model, flags, search, verdict):
    words = " ".join(f.removeprefix("-D") for f in flags)
    print(f"{model.name:<11}{words:<48}{search.states():>10} states {search.seconds:>5.1f} s  {verdict}", flush=True)


def main(names):
    if shutil.which("spin") is None:
        print("spin is not installed: the models are not checked")
        return SKIPPED
    models = [Model(p) for p in sorted(HERE.glob("*.pml")) if not names or p.stem in names]
    if not models or len(names) > len(models):
        raise Trouble(f"there is no model of that name: {names}")
    states = mutants = wrong = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        # The sizes wait for each other; the mutants keep the other thread busy meanwhile.
        begun = [(c, m, f, pool.submit(c, m, f)) for c, m, f in interleaved(list(checks(models)))]
        for check, model, flags, result in begun:
            search, verdict = result.result()
            report(model, flags, search, verdict)
            wrong += verdict.startswith("WRONG")
            states += search.states()
            mutants += check is check_mutant and verdict.startswith("found")
    print(f"models: {len(models)} models, {states} states, {mutants} mutants found")
    return 1 if wrong else 0


def interleaved(all_checks):
    """A few mutants after each size, so that of two threads only one waits."""
    sizes = [c for c in all_checks if c[0] is check_size]
    mutants = [c for c in all_checks if c[0] is check_mutant]
    share = -(-len(mutants) // len(sizes))
    for i, size in enumerate(sizes):
        yield size
        yield from mutants[i * share:(i + 1) * share]


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (Trouble, subprocess.TimeoutExpired) as e:
        print(e)
        sys.exit(1)
