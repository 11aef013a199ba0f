#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares warren's benchmarks with the same work in Go and on Boost.Fiber.

Each measurement is a process of its own. The programs take turns (A B C A B C ...), so that what else the
machine does hits all alike, and the best of the rounds counts. A ratio is the peer's time by warren's:
above 1 warren is faster, below 1 it is marked as a loss.

Go is taken from PATH, or from the environment: GO=/path/to/go. Boost.Fiber is a peer where the build
found it. A peer that is missing is named, and the comparison goes on without it.
"""
import argparse
import dataclasses
import json
import math
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
from typing import Callable, Optional

root = pathlib.Path(__file__).resolve().parent.parent


@dataclasses.dataclass
class Measurement:
    ns_per_op: float
    peak_mb: float


@dataclasses.dataclass
class Program:
    label: str
    names: list  # the benchmarks it has
    command: Callable  # (name, seconds) -> argv
    parse: Callable  # (stdout) -> {"ns_per_op": ..., "peak_rss_kb": ...}
    failures: dict = dataclasses.field(default_factory=dict)  # (name, procs) -> why

    def measure(self, name: str, procs: int, options) -> Optional[Measurement]:
        environment = dict(os.environ, GOMAXPROCS=str(procs))
        try:
            done = subprocess.run(self.command(name, options.min_time), env=environment, text=True,
                                  capture_output=True, timeout=options.timeout, check=True)
            figures = self.parse(done.stdout)
        except subprocess.TimeoutExpired:
            self.failures[name, procs] = f"no end after {options.timeout:g} s"
        except subprocess.CalledProcessError as failed:
            said = failed.stderr.strip().splitlines() or ["nothing on stderr"]
            self.failures[name, procs] = f"status {failed.returncode}: {said[0]}"
        except (ValueError, LookupError) as failed:
            self.failures[name, procs] = f"output not understood: {failed!r}"
        else:
            return Measurement(figures["ns_per_op"], figures["peak_rss_kb"] / 1024)
        return None


# --- finding and building the programs ----------------------------------------------------------------

def fail(sentence: str):
    sys.exit(f"bench: {sentence}")


def output_of(*argv, **keywords) -> str:
    done = subprocess.run(argv, text=True, stdout=subprocess.PIPE, check=False, **keywords)
    if done.returncode != 0:
        fail(f"`{' '.join(map(str, argv))}` ended with status {done.returncode}")
    return done.stdout


def introspect(build: pathlib.Path, what: str):
    return json.loads(output_of("meson", "introspect", f"--{what}", build))


def refuse_meaningless(build: pathlib.Path):
    options = {o["name"]: o["value"] for o in introspect(build, "buildoptions")}
    if options["b_sanitize"] != "none":
        fail(f"{build} is built with -fsanitize={options['b_sanitize']}; its times mean nothing")
    if options["optimization"] in ("0", "g", "plain"):
        fail(f"{build} is built without optimization; its times mean nothing")


def target_of(build: pathlib.Path, name: str) -> Optional[dict]:
    return next((t for t in introspect(build, "targets") if t["name"] == name), None)


def built_executables(build: pathlib.Path) -> dict:
    """The benchmark executables that this build folder knows, built, by name."""
    if not (build / "build.ninja").exists():
        output_of("meson", "setup", build, root, "-Dbench=enabled")
    refuse_meaningless(build)
    targets = [t for t in (target_of(build, "warren_bench"), target_of(build, "fiber_peer")) if t]
    known = {t["name"]: t["filename"][0] for t in targets}
    if "warren_bench" not in known:
        fail(f"{build} has no warren_bench: Google Benchmark was not found when it was set up "
             "(Debian: libbenchmark-dev; then `meson setup --reconfigure -Dbench=enabled`)")
    paths = [str(pathlib.Path(f).relative_to(build)) for f in known.values()]
    built = subprocess.run(["ninja", "-C", build, *paths], text=True, stdout=subprocess.PIPE, check=False)
    if built.returncode != 0:
        fail(f"{build} does not build:\n{built.stdout}")
    return known


def last_part(listing: str) -> list:
    return [line.split("/")[0] for line in listing.split()]


def parse_google(stdout: str) -> dict:
    run = json.loads(stdout)["benchmarks"][0]
    return {"ns_per_op": run["per_op"] * 1e9, "peak_rss_kb": run["peak_rss_kb"]}


def warren_program(executable: str) -> Program:
    def command(name, seconds):
        return [executable, f"--benchmark_filter=^{name}/", f"--benchmark_min_time={seconds:g}",
                "--benchmark_format=json"]
    names = last_part(output_of(executable, "--benchmark_list_tests"))
    return Program("warren", names, command, parse_google)


def peer_program(label: str, executable: str) -> Program:
    def command(name, seconds):
        return [executable, "--name", name, "--min-time", f"{seconds:g}"]
    return Program(label, output_of(executable, "--list").split(), command, json.loads)


def go_program(build: pathlib.Path) -> Optional[Program]:
    go = os.environ.get("GO") or shutil.which("go")
    if not go or not shutil.which(go):
        where = f"GO={go} is no program" if go else "no `go` on PATH, and GO is not set"
        print(f"Go: not compared ({where})")
        return None
    # The module needs the standard library alone: nothing is fetched.
    environment = {"GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local", **os.environ}
    executable = build / "bench" / "go_peer"
    output_of(go, "build", "-o", executable, ".", cwd=root / "bench/peers/go", env=environment)
    print(f"Go: {output_of(go, 'version', env=environment).strip().removeprefix('go version ')}")
    return peer_program("Go", str(executable))


def fiber_program(build: pathlib.Path, executables: dict) -> Optional[Program]:
    if "fiber_peer" not in executables:
        print("Boost.Fiber: not compared (not found when the build was set up; Debian: libboost-fiber-dev)")
        return None
    boost = next(d["version"] for d in introspect(build, "dependencies") if d["name"] == "boost")
    print(f"Boost.Fiber: {boost}, round robin with 1 worker, work stealing with more")
    return peer_program("Fiber", executables["fiber_peer"])


def describe_machine(build: pathlib.Path):
    model = platform.machine()
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    if cpuinfo.exists():
        found = re.search(r"^model name\s*:\s*(.*)$", cpuinfo.read_text(), re.MULTILINE)
        model = found.group(1) if found else model
    print(f"machine: {model}, {len(os.sched_getaffinity(0))} CPUs, {platform.system()} {platform.release()}")
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"note: the machine is not idle (load {load:.1f}); the figures are worth less")
    compiler = target_of(build, "warren_bench")["target_sources"][0]["compiler"]
    print(f"warren: {output_of(*compiler, '--version').splitlines()[0]}")


# --- measuring ----------------------------------------------------------------------------------------

def best(taken: list) -> Optional[Measurement]:
    good = [m for m in taken if m]
    if not good:
        return None
    return Measurement(min(m.ns_per_op for m in good), min(m.peak_mb for m in good))


def measure_in_turns(programs: list, name: str, procs: int, options) -> dict:
    taken = {p.label: [] for p in programs}
    for _ in range(options.rounds):
        for program in programs:
            if name in program.names and (name, procs) not in program.failures:
                taken[program.label].append(program.measure(name, procs, options))
    return {p.label: None if (name, procs) in p.failures else best(taken[p.label]) for p in programs}


# --- the table ----------------------------------------------------------------------------------------

def time_text(ns: float) -> str:
    return f"{ns:,.1f}" if ns < 1000 else f"{ns:,.0f}"


def ratio_text(ratio: float) -> str:
    return f"{ratio:.2f}" + ("<" if ratio < 1 else " ")


def workers_text(procs: int) -> str:
    return "1 worker" if procs == 1 else f"{procs} workers"


class Table:
    """One row for each benchmark and worker count, printed as soon as it is measured."""

    name_width, width = 22, 14

    def __init__(self, programs: list):
        self.programs = programs
        self.ratios = {}  # (procs, label of the peer) -> list of ratios

    def print_head(self):
        own, *peers = self.programs
        cells = [f"{own.label} ns/op"]
        for peer in peers:
            cells += [f"{peer.label} ns/op", "ratio"]
        cells += [f"{p.label} MB" for p in self.programs]
        self._print("benchmark", "w", cells)

    def print_row(self, name: str, procs: int, results: dict):
        own, *peers = self.programs
        cells = [self._time(own, name, procs, results)]
        for peer in peers:
            cells += [self._time(peer, name, procs, results), self._ratio(own, peer, procs, results)]
        for program in self.programs:
            got = results[program.label]
            cells.append(f"{got.peak_mb:,.1f}" if got else "-")
        self._print(name, str(procs), cells)

    def print_means(self):
        print()
        for (procs, label), ratios in sorted(self.ratios.items()):
            mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
            losses = sum(r < 1 for r in ratios)
            print(f"geometric mean against {label}, {workers_text(procs)}: {mean:.2f}"
                  f" ({len(ratios)} benchmarks, {losses} lost, least {min(ratios):.2f})")

    @staticmethod
    def _time(program, name, procs, results) -> str:
        if (name, procs) in program.failures:
            return "failed"
        got = results[program.label]
        return time_text(got.ns_per_op) if got else "-"

    def _ratio(self, own, peer, procs, results) -> str:
        ours, theirs = results[own.label], results[peer.label]
        if not ours or not theirs:
            return "- "
        ratio = theirs.ns_per_op / ours.ns_per_op
        self.ratios.setdefault((procs, peer.label), []).append(ratio)
        return ratio_text(ratio)

    def _print(self, name, procs, cells):
        line = f"{name:{self.name_width}}{procs:>2}" + "".join(f"{c:>{self.width}}" for c in cells)
        print(line.rstrip())


def write_json(path: str, options, results: list):
    document = {"min_time": options.min_time, "rounds": options.rounds, "results": results}
    pathlib.Path(path).write_text(json.dumps(document, indent=1) + "\n")


def worker_counts(text: str) -> list:
    numbers = [int(part) for part in text.split(",")]
    if min(numbers) < 1:
        raise ValueError(text)
    return numbers


def options_of(arguments) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="REGEX", default="", help="just the benchmarks whose names match")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each program; the best counts (3)")
    parser.add_argument("--min-time", type=float, default=0.3, help="seconds that a measurement takes at least (0.3)")
    parser.add_argument("--procs", type=worker_counts, default=[1, 2], help="worker counts (1,2)")
    parser.add_argument("--json", metavar="FILE", help="write all results there as well")
    parser.add_argument("--timeout", type=float, default=120, help="seconds until a process is given up (120)")
    parser.add_argument("--build", type=pathlib.Path, default=root / "build", help="the build folder (build)")
    options = parser.parse_args(arguments)
    options.build = options.build.resolve()
    return options


def main() -> int:
    options = options_of(sys.argv[1:])
    sys.stdout.reconfigure(line_buffering=True)
    executables = built_executables(options.build)
    describe_machine(options.build)
    warren = warren_program(executables["warren_bench"])
    programs = [warren] + [p for p in (go_program(options.build), fiber_program(options.build, executables)) if p]
    names = [n for n in warren.names if re.search(options.only, n)]
    if not names:
        fail(f"no benchmark matches {options.only!r}; there are: {' '.join(warren.names)}")
    print(f"best of {options.rounds}, at least {options.min_time:g} s each\n")
    table, document = Table(programs), []
    table.print_head()
    for procs in options.procs:
        for name in names:
            results = measure_in_turns(programs, name, procs, options)
            table.print_row(name, procs, results)
            for label, got in results.items():
                if got:
                    document.append({"name": name, "procs": procs, "program": label, **dataclasses.asdict(got)})
    table.print_means()
    for program in programs:
        for (name, procs), why in program.failures.items():
            print(f"{program.label} {name} with {workers_text(procs)} failed: {why}")
    if options.json:
        write_json(options.json, options, document)
    return 1 if warren.failures else 0


if __name__ == "__main__":
    sys.exit(main())
