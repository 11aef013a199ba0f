#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares warren's benchmarks with the same work in Go and on Boost.Fiber.

  operations   what an operation costs
  growth       the same for 10 to 1,000,000 goroutines, timers, children, waiters and bytes
  tail         percentiles of what takes its time: short sleeps, wake-ups, a pair beside goroutines that compute

Each measurement is a process of its own. The programs take turns (A B C A B C ...), so that what else the
machine does hits all alike, and the best of the rounds counts (of percentiles, the median). A ratio is the
peer's time by warren's: above 1 warren is faster, below 1 it is marked as a loss.

With --report all three are measured, and docs/benchmarks.md and its plots are written anew.

Go is taken from PATH, or from the environment: GO=/path/to/go. Boost.Fiber is a peer where the build
found it. A peer that is missing is named, and the comparison goes on without it.
"""
import argparse
import dataclasses
import datetime
import json
import math
import os
import pathlib
import platform
import re
import shlex
import shutil
import statistics
import subprocess
import sys
from typing import Callable, Optional

import bench_report

root = pathlib.Path(__file__).resolve().parent.parent


@dataclasses.dataclass
class Measurement:
    ns_per_op: float
    peak_mb: float


@dataclasses.dataclass
class Percentiles:
    samples: int
    p50: float  # nanoseconds, all of them
    p99: float
    p999: float
    max: float


@dataclasses.dataclass
class Program:
    label: str
    names: list  # the benchmarks it has
    command: Callable  # (name, options) -> argv
    parse: Callable  # (stdout) -> Measurement or Percentiles
    failures: dict = dataclasses.field(default_factory=dict)  # (name, procs) -> why

    def measure(self, name: str, procs: int, options):
        environment = dict(os.environ, GOMAXPROCS=str(procs))
        try:
            done = subprocess.run(self.command(name, options), env=environment, text=True,
                                  capture_output=True, timeout=options.timeout, check=True)
            return self.parse(done.stdout)
        except subprocess.TimeoutExpired:
            self.failures[name, procs] = f"no end after {options.timeout:g} s"
        except subprocess.CalledProcessError as failed:
            said = failed.stderr.strip().splitlines() or ["nothing on stderr"]
            self.failures[name, procs] = f"status {failed.returncode}: {said[0]}"
        except (ValueError, LookupError) as failed:
            self.failures[name, procs] = f"output not understood: {failed!r}"
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
    targets = [t for t in (target_of(build, n) for n in ("warren_bench", "warren_tail", "fiber_peer")) if t]
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


def parse_google(stdout: str) -> Measurement:
    run = json.loads(stdout)["benchmarks"][0]
    return Measurement(run["per_op"] * 1e9, run["peak_rss_kb"] / 1024)


def parse_peer(stdout: str) -> Measurement:
    run = json.loads(stdout)
    return Measurement(run["ns_per_op"], run["peak_rss_kb"] / 1024)


def parse_tail(stdout: str) -> Percentiles:
    run = json.loads(stdout)
    return Percentiles(*(run[field.name] for field in dataclasses.fields(Percentiles)))


def is_point_of_a_curve(name: str) -> bool:
    return "@" in name


def least_time(name: str, options) -> str:
    """A point of a curve gets a third: there are many, and its neighbours say whether it is a stray."""
    return f"{options.min_time / 3 if is_point_of_a_curve(name) else options.min_time:g}"


def warren_program(executable: str) -> Program:
    def command(name, options):
        return [executable, f"--benchmark_filter=^{name}/", f"--benchmark_min_time={least_time(name, options)}",
                "--benchmark_format=json"]
    names = last_part(output_of(executable, "--benchmark_list_tests"))
    return Program("warren", names, command, parse_google)


def peer_program(label: str, executable: str) -> Program:
    def command(name, options):
        return [executable, "--name", name, "--min-time", least_time(name, options)]
    return Program(label, output_of(executable, "--list").split(), command, parse_peer)


def tail_program(label: str, executable: str) -> Program:
    def command(name, options):
        return [executable, name, f"{options.tail_time:g}"]
    return Program(label, output_of(executable).split(), command, parse_tail)


def go_compiler() -> Optional[str]:
    go = os.environ.get("GO") or shutil.which("go")
    if not go or not shutil.which(go):
        where = f"GO={go} is no program" if go else "no `go` on PATH, and GO is not set"
        print(f"Go: not compared ({where})")
        return None
    return go


# The modules need the standard library alone: nothing is fetched.
go_environment = {"GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local", **os.environ}


def go_executable(go: str, build: pathlib.Path, module: str) -> str:
    executable = build / "bench" / f"{module}_peer"
    output_of(go, "build", "-o", executable, ".", cwd=root / "bench/peers" / module, env=go_environment)
    return str(executable)


# --- what is compared, and where ----------------------------------------------------------------------

def processor_model() -> str:
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    if cpuinfo.exists():
        found = re.search(r"^model name\s*:\s*(.*)$", cpuinfo.read_text(), re.MULTILINE)
        if found:
            return found.group(1)
    return platform.machine()


def governor() -> Optional[str]:
    path = pathlib.Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    return path.read_text().strip() if path.exists() else None


def code_flags(build: pathlib.Path) -> str:
    """The flags of the library's own objects that change the code."""
    flags = target_of(build, "warren")["target_sources"][0]["parameters"]
    return " ".join(dict.fromkeys(f for f in flags if re.match(r"-(O|g|std=|DNDEBUG|m|f(?!pch|diagnostics))", f)))


def describe(build: pathlib.Path, executables: dict, go: Optional[str]) -> dict:
    compiler = target_of(build, "warren_bench")["target_sources"][0]["compiler"]
    found = {
        "processor": processor_model(),
        "cpus": len(os.sched_getaffinity(0)),
        "kernel": f"{platform.system()} {re.match(r'[0-9.]*[0-9]', platform.release())[0]}",
        "governor": governor(),
        "load": os.getloadavg()[0],
        "warren": introspect(build, "projectinfo")["version"],
        "compiler": output_of(*compiler, "--version").splitlines()[0],
        "flags": code_flags(build),
    }
    if go:
        found["go"] = output_of(go, "version", env=go_environment).strip().removeprefix("go version ")
    if "fiber_peer" in executables:
        found["boost"] = next(d["version"] for d in introspect(build, "dependencies") if d["name"] == "boost")
    return found


def print_description(found: dict):
    print(f"machine: {found['processor']}, {found['cpus']} CPUs, {found['kernel']}")
    if found["load"] > 0.5:
        print(f"note: the machine is not idle (load {found['load']:.1f}); the figures are worth less")
    print(f"warren: {found['compiler']}")
    if "go" in found:
        print(f"Go: {found['go']}")
    if "boost" in found:
        print(f"Boost.Fiber: {found['boost']}, round robin with 1 worker, work stealing with more")
    else:
        print("Boost.Fiber: not compared (not found when the build was set up; Debian: libboost-fiber-dev)")


# --- measuring ----------------------------------------------------------------------------------------

def best(taken: list) -> Measurement:
    return Measurement(min(m.ns_per_op for m in taken), min(m.peak_mb for m in taken))


def middle(taken: list) -> Percentiles:
    of = lambda what: statistics.median(getattr(p, what) for p in taken)
    return Percentiles(sum(p.samples for p in taken), of("p50"), of("p99"), of("p999"), of("max"))


def measure_in_turns(programs: list, name: str, procs: int, options, one_of: Callable) -> dict:
    """What each program's rounds amount to, by its label."""
    taken = {p.label: [] for p in programs}
    for _ in range(options.rounds):
        for program in programs:
            if name in program.names and (name, procs) not in program.failures:
                taken[program.label].append(program.measure(name, procs, options))
    return {label: one_of(rounds) if rounds and None not in rounds else None for label, rounds in taken.items()}


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


# --- the three parts ----------------------------------------------------------------------------------

def chosen(names: list, options) -> list:
    found = [n for n in names if re.search(options.only, n)]
    if not found:
        fail(f"no benchmark matches {options.only!r}; there are: {' '.join(names)}")
    return found


def print_failures(programs: list):
    for program in programs:
        for (name, procs), why in program.failures.items():
            print(f"{program.label} {name} with {workers_text(procs)} failed: {why}")


def entries(name: str, procs: int, results: dict) -> list:
    return [{"name": name, "procs": procs, "program": label, **dataclasses.asdict(got)}
            for label, got in results.items() if got]


def measure_costs(programs: list, of_curves: bool, options) -> list:
    names = chosen([n for n in programs[0].names if is_point_of_a_curve(n) == of_curves], options)
    print(f"best of {options.rounds}, at least {least_time(names[0], options)} s each\n")
    table, found = Table(programs), []
    table.print_head()
    for procs in options.procs:
        for name in names:
            results = measure_in_turns(programs, name, procs, options, best)
            table.print_row(name, procs, results)
            found += entries(name, procs, results)
    table.print_means()
    return found


def measure_tail(programs: list, options) -> list:
    procs, found = max(options.procs), []
    names = chosen(programs[0].names, options)
    print(f"median of {options.rounds}, {options.tail_time:g} s each, {workers_text(procs)}\n")
    print(f"{'tail, microseconds':<20}{'':<8}" + "".join(f"{h:>12}" for h in ("samples", "p50", "p99", "p99.9", "max")))
    for name in names:
        results = measure_in_turns(programs, name, procs, options, middle)
        for label, got in results.items():
            if got:
                times = "".join(f"{ns / 1000:>12,.1f}" for ns in (got.p50, got.p99, got.p999, got.max))
                print(f"{name:<20}{label:<8}{got.samples:>12,}{times}")
        found += entries(name, procs, results)
    return found


def worker_counts(text: str) -> list:
    numbers = [int(part) for part in text.split(",")]
    if min(numbers) < 1:
        raise ValueError(text)
    return numbers


PARTS = ("operations", "growth", "tail")


def options_of(arguments) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="*", help="operations (if none is named), growth, tail")
    parser.add_argument("--report", action="store_true", help="all parts; write docs/benchmarks.md and its plots")
    parser.add_argument("--only", metavar="REGEX", default="", help="just the benchmarks whose names match")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each program; the best counts (3)")
    parser.add_argument("--min-time", type=float, default=0.3,
                        help="seconds that a measurement takes at least (0.3), a point of a curve a third of it")
    parser.add_argument("--tail-time", type=float, default=2, help="seconds that a tail is watched (2)")
    parser.add_argument("--procs", type=worker_counts, default=[1, 2],
                        help="worker counts (1,2); tails are those of the greatest")
    parser.add_argument("--json", metavar="FILE", help="write all results there as well")
    parser.add_argument("--timeout", type=float, default=120, help="seconds until a process is given up (120)")
    parser.add_argument("--build", type=pathlib.Path, default=root / "build", help="the build folder (build)")
    options = parser.parse_args(arguments)
    for part in options.part:
        if part not in PARTS:
            parser.error(f"there is no part {part!r}, but {', '.join(PARTS)}")
    if options.report and (options.part or options.only):
        parser.error("a report is of everything")
    options.part = PARTS if options.report else options.part or PARTS[:1]
    options.build = options.build.resolve()
    return options


def command_of(options: argparse.Namespace) -> str:
    """What one types to measure the same, wherever it is built and written."""
    words = ["--report"] if options.report else list(options.part)
    for name, usual in vars(options_of([])).items():
        value = getattr(options, name)
        if value != usual and name not in ("part", "report", "build", "json"):
            words += [f"--{name.replace('_', '-')}", ",".join(map(str, value)) if name == "procs" else str(value)]
    return shlex.join(["./dev", "bench", *words])


def main() -> int:
    options = options_of(sys.argv[1:])
    sys.stdout.reconfigure(line_buffering=True)
    executables = built_executables(options.build)
    go = go_compiler()
    document = {
        "command": command_of(options),
        "date": datetime.date.today().isoformat(),
        "machine": describe(options.build, executables, go),
        "rounds": options.rounds, "min_time": options.min_time, "tail_time": options.tail_time,
        "results": [], "tail": [],
    }
    print_description(document["machine"])

    warren = warren_program(executables["warren_bench"])
    warren_tail = tail_program("warren", executables["warren_tail"])
    go_peer = [peer_program("Go", go_executable(go, options.build, "go"))] if go else []
    go_tail = [tail_program("Go", go_executable(go, options.build, "go_tail"))] if go else []
    fiber_peer = [peer_program("Fiber", executables["fiber_peer"])] if "fiber_peer" in executables else []

    if "operations" in options.part:
        document["results"] += measure_costs([warren, *go_peer, *fiber_peer], False, options)
    if "growth" in options.part:
        document["results"] += measure_costs([warren, *go_peer], True, options)
    if "tail" in options.part:
        document["tail"] += measure_tail([warren_tail, *go_tail], options)
    print_failures([warren, warren_tail, *go_peer, *go_tail, *fiber_peer])

    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(document, indent=1) + "\n")
    if options.report:
        bench_report.write(document, root / "docs")
    return 1 if warren.failures or warren_tail.failures else 0


if __name__ == "__main__":
    sys.exit(main())
