# SPDX-License-Identifier: MIT
"""Writes docs/benchmarks.md and its plots from what one run of tools/bench.py has measured."""
import math
import pathlib
import re
import textwrap

import bench_plots

PEERS = {"Go": "Go", "Fiber": "Boost.Fiber"}

OPERATIONS = {
    "switch": "a goroutine gives way to the one other",
    "spawn_join": "start a goroutine; a thousand at a time, then wait for all",
    "spawn_serial": "start a goroutine and wait for it",
    "yield": "give way among a thousand",
    "unbuffered_round_trip": "a value there and one back over two unbuffered channels",
    "unbuffered_stream": "a value from one goroutine to another",
    "buffered_stream": "the same over a channel with room for 128",
    "uncontended": "send and receive by one goroutine, nobody waits",
    "mpmc_4x4": "a value from four senders to four receivers",
    "select_nonblocking": "a select of one case that is not ready, and a default",
    "select_2": "a value between two selects of two channels",
    "mutex_free": "lock and unlock, nobody else there",
    "mutex_8": "the same shared by eight goroutines",
    "timer_start_stop": "start and stop a timer",
    "with_cancel": "make a context and cancel it",
    "with_timeout": "make a context with a deadline and cancel it",
    "value_depth_10": "look a value up ten contexts below",
    "cancel_10000": "cancel 10,000 children",
    "skynet_1m": "a tree of a million goroutines that sums",
    "sieve_2000": "2,000 primes by a chain of 2,000 goroutines",
    "ring_1000": "a hop in a ring of a thousand goroutines",
}

# name: (heading, unit of the sizes, what is counted)
CURVES = {
    "ring": ("A hop in a ring", "goroutines", "a hop: receive, send, and the switch to the next"),
    "spawn": ("Start goroutines and wait for all", "goroutines", "a goroutine, from `go()` to its end"),
    "crowd": ("Goroutines that all wait at the same time", "goroutines",
              "a goroutine that starts on a stack of its own, waits once, and ends"),
    "close": ("Waiters of one channel woken by its close", "waiters",
              "a waiter: wake up, run, and wait on the next channel"),
    "timer": ("Start and stop a timer", "timers pending", "a start and a stop"),
    "cancel": ("Cancel a context with children", "children", "a child, whose done channel is closed"),
    "select_done": ("select on an own channel and on one done channel that all share", "goroutines",
                    "a select, and the send that answers it"),
    "message": ("A message by value, over a channel with room for 128", "bytes", "a message"),
    "message_text": ("The same with a string made for each message", "bytes", "a message"),
}

PARALLEL = {"spawn", "crowd", "select_done"}  # curves of work that several workers can share

TAILS = {
    "sleep_50us": "a sleep of 50 µs on an idle machine, from the call to the return",
    "wake_worker": "from a send to the receiver's first instruction on a worker that slept; the sender computes on",
    "wake_by_thread": "the same, sent by a thread that is no worker, all workers asleep",
    "pair_beside_hogs": "a round trip of a pair beside 2 goroutines that compute without an end, one after the other",
    "beat_beside_hogs": "the same, one due each millisecond, counted from when it is due",
}


def workers(procs: int) -> str:
    return "1 worker" if procs == 1 else f"{procs} workers"


def time_cell(ns) -> str:
    if ns is None:
        return ""
    return f"{ns:,.1f}" if ns < 1000 else f"{ns:,.0f}"


def memory_cell(mb) -> str:
    return f"{mb:,.1f}" if mb < 100 else f"{mb:,.0f}"


def ratio_cell(ratio) -> str:
    if ratio is None:
        return ""
    return f"{ratio:.2f}" if ratio >= 1 else f"**{ratio:.2f}**"


def row(*cells) -> str:
    return f"| {' | '.join(cells)} |"


def head(*cells) -> list:
    """The first column and those of words to the left, figures to the right."""
    words = ("benchmark", "what", "program")
    return [row(*cells), "|" + "|".join(":--" if i == 0 or c in words else "--:" for i, c in enumerate(cells)) + "|"]


def prose(text: str) -> list:
    return textwrap.wrap(text, 130, break_long_words=False, break_on_hyphens=False)


def listed(words: list) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


class Report:
    def __init__(self, document: dict):
        self.document = document
        self.found = {(r["name"], r["procs"], r["program"]): r for r in document["results"]}
        self.procs = sorted({r["procs"] for r in document["results"]})
        programs = {r["program"] for r in document["results"]}
        self.peers = [p for p in PEERS if p in programs]
        names = list(dict.fromkeys(r["name"] for r in document["results"]))
        self.operations = [n for n in names if "@" not in n]
        self.curves = {}
        for name, size in (n.split("@") for n in names if "@" in n):
            self.curves.setdefault(name, []).append(int(size))

    # --- figures ------------------------------------------------------------------------------------

    def ns(self, name, procs, program="warren"):
        got = self.found.get((name, procs, program))
        return got["ns_per_op"] if got else None

    def ratio(self, name, procs, peer):
        ours, theirs = self.ns(name, procs), self.ns(name, procs, peer)
        return theirs / ours if ours and theirs else None

    def memory(self, name, procs, programs) -> str:
        cells = [self.found.get((name, procs, p)) for p in programs]
        return " / ".join(memory_cell(c["peak_mb"]) if c else "–" for c in cells)

    # --- the page -----------------------------------------------------------------------------------

    def page(self) -> str:
        lines = ["# Benchmarks", "",
                 *prose(f"Written by `{self.document['command']}` on {self.document['date']}: every figure, table and plot comes "
                        "from that one run. What the operations cost, and why, says [performance](performance.md)."), "",
                 *self.machine(), *self.against_peers(), *self.growth(), *self.tail()]
        return "\n".join(lines).rstrip() + "\n"

    def machine(self) -> list:
        m, d = self.document["machine"], self.document
        facts = [("processor", f"{m['processor']}, {m['cpus']} CPUs"), ("kernel", m["kernel"]),
                 ("frequency governor", m["governor"] or "not shown by this machine"),
                 ("load before the run", f"{m['load']:.1f}"),
                 ("warren", f"{m['warren']}, {m['compiler']}, `{m['flags']}`")]
        if "go" in m:
            facts.append(("Go", m["go"]))
        if "boost" in m:
            facts.append(("Boost.Fiber", f"{m['boost']}, round robin with 1 worker, work stealing with more"))
        how = (f"Each measurement is a process of its own. The programs take turns, so that what else the machine does hits all "
               f"alike; the best of {d['rounds']} counts, of percentiles the median. A measurement takes at least "
               f"{d['min_time']:g} s, one of growth a third of that, a tail {d['tail_time']:g} s. Nanoseconds, where nothing "
               "else stands. A ratio is the peer's time by warren's: above 1 warren is faster; **bold**: warren is slower. "
               "The programs are [bench](../bench) and [bench/peers](../bench/peers).")
        return [row("", ""), "|:--|:--|", *(row(*fact) for fact in facts), "", *prose(how), ""]

    def against_peers(self) -> list:
        lines = [f"## Against {listed([PEERS[p] for p in self.peers])}", ""] if self.peers else ["## Operations", ""]
        lines += [f"![times as fast as {PEERS[p]}](benchmarks/{self.ratio_plot(p)})" for p in self.peers]
        if self.peers:
            lines += ["", *self.means(), ""]
        for procs in self.procs:
            lines += [f"### {workers(procs).capitalize()}", "", *self.table(procs), ""]
        return lines

    def means(self) -> list:
        lines = head("geometric mean of the ratios", *map(workers, self.procs))
        losses = []
        for peer in self.peers:
            cells = []
            for procs in self.procs:
                ratios = {n: r for n in self.operations if (r := self.ratio(n, procs, peer))}
                mean = math.exp(sum(map(math.log, ratios.values())) / len(ratios))
                least = min(ratios, key=ratios.get)
                cells.append(f"{mean:.2f} (of {len(ratios)}; least {ratios[least]:.2f}, {least})")
                losses += [f"{n} against {PEERS[peer]} with {workers(procs)} ({r:.2f})" for n, r in ratios.items() if r < 1]
            lines.append(row(PEERS[peer], *cells))
        return [*lines, "", *prose(f"Slower than a peer: {listed(losses)}." if losses else "warren is slower in none.")]

    def table(self, procs) -> list:
        programs = ["warren", *self.peers]
        columns = [c for p in self.peers for c in (PEERS[p], "ratio")]
        lines = head("benchmark", "what", "warren", *columns, "MB: " + " / ".join(PEERS.get(p, p) for p in programs))
        for name in self.operations:
            cells = [c for p in self.peers
                     for c in (time_cell(self.ns(name, procs, p)), ratio_cell(self.ratio(name, procs, p)))]
            lines.append(row(name, OPERATIONS.get(name, ""), time_cell(self.ns(name, procs)), *cells,
                             self.memory(name, procs, programs)))
        return lines

    def growth(self) -> list:
        if not self.curves:
            return []
        lines = ["## How costs grow", "", *prose(f"The last row is the last point by the first. {self.lost_points()}"), ""]
        for name, sizes in self.curves.items():
            title, unit, what = CURVES.get(name, (name, "size", "an operation"))
            lines += [f"### {title}", "", f"Nanoseconds for {what}.", "",
                      f"![{title}, by the number of {unit}](benchmarks/{self.curve_plot(name)})", "",
                      *self.curve_table(name, sizes, unit), ""]
            if name in PARALLEL and len(self.procs) > 1:
                lines += [*prose(self.gain(name, sizes)), ""]
        return lines

    def lost_points(self) -> str:
        if not self.peers:
            return ""
        lost = [f"{name} at {', '.join(f'{s:,}' for s in slow)} against {PEERS[peer]} with {workers(procs)}"
                for name, sizes in self.curves.items() for peer in self.peers for procs in self.procs
                if (slow := [s for s in sizes if (self.ratio(f"{name}@{s}", procs, peer) or 1) < 1])]
        return f"Slower than a peer: {'; '.join(lost)}." if lost else "warren is slower at none of the points."

    def curve_table(self, name, sizes, unit) -> list:
        programs = ["warren", *self.curve_peers(name)]
        columns = [c for procs in self.procs
                   for c in (f"warren, {workers(procs)}", *(x for p in programs[1:] for x in (PEERS[p], "ratio")))]
        lines = head(unit, *columns, "MB: " + " / ".join(PEERS.get(p, p) for p in programs))
        for size in sizes:
            point, cells = f"{name}@{size}", []
            for procs in self.procs:
                cells.append(time_cell(self.ns(point, procs)))
                for peer in programs[1:]:
                    cells += [time_cell(self.ns(point, procs, peer)), ratio_cell(self.ratio(point, procs, peer))]
            lines.append(row(f"{size:,}", *cells, self.memory(point, self.procs[-1], programs)))
        grown = [c for procs in self.procs
                 for c in (self.grown(name, sizes, procs, "warren"),
                           *(x for p in programs[1:] for x in (self.grown(name, sizes, procs, p), "")))]
        return [*lines, row("", *grown, "")]

    def grown(self, name, sizes, procs, program) -> str:
        first, last = (self.ns(f"{name}@{size}", procs, program) for size in (sizes[0], sizes[-1]))
        return f"× {last / first:.2f}" if first and last else ""

    def curve_peers(self, name) -> list:
        return [p for p in self.peers if any(n.startswith(name + "@") and q == p for n, _, q in self.found)]

    def gain(self, name, sizes) -> str:
        """What the further workers bring."""
        one, more = self.procs[0], self.procs[-1]
        said = []
        for program in ("warren", *self.curve_peers(name)):
            by = [self.ns(f"{name}@{s}", one, program) / self.ns(f"{name}@{s}", more, program) for s in sizes
                  if self.ns(f"{name}@{s}", one, program) and self.ns(f"{name}@{s}", more, program)]
            if len(by) == len(sizes):
                said.append(f"{PEERS.get(program, program)} {', '.join(f'{b:.2f}' for b in by)}")
        return f"Throughput with {workers(more)} by that with {workers(one)}, from the first point to the last: {'; '.join(said)}."

    def tail(self) -> list:
        found = self.document["tail"]
        if not found:
            return []
        lines = ["## Tail latency", "",
                 *prose(f"With {workers(found[0]['procs'])}, in microseconds. In Go, a thread of the program's own cannot send on "
                        "a channel: there is no such row."), "",
                 f"![percentiles of latencies](benchmarks/{self.tail_plot()})", "",
                 *head("what", "program", "samples", "p50", "p99", "p99.9", "greatest")]
        for entry in found:
            figures = (f"{entry[level] / 1000:,.1f}" for level in ("p50", "p99", "p999", "max"))
            lines.append(row(TAILS.get(entry["name"], entry["name"]), PEERS.get(entry["program"], "warren"),
                             f"{entry['samples']:,}", *figures))
        return lines

    # --- the plots ----------------------------------------------------------------------------------

    @staticmethod
    def ratio_plot(peer) -> str:
        return f"against_{re.sub('[^a-z]', '_', PEERS[peer].lower())}.svg"

    @staticmethod
    def curve_plot(name) -> str:
        return f"growth_{name}.svg"

    @staticmethod
    def tail_plot() -> str:
        return "tail.svg"

    def plots(self) -> dict:
        """The SVG of each plot, by its file's name."""
        drawn = {self.ratio_plot(p): self.draw_ratios(p) for p in self.peers}
        drawn |= {self.curve_plot(n): self.draw_curve(n, sizes) for n, sizes in self.curves.items()}
        if self.document["tail"]:
            drawn[self.tail_plot()] = self.draw_tail()
        return drawn

    def draw_ratios(self, peer) -> str:
        rows = [(n, [self.ratio(n, p, peer) for p in self.procs]) for n in self.operations]
        version = self.document["machine"]["go"].split()[0].removeprefix("go") if peer == "Go" else self.document["machine"]["boost"]
        return bench_plots.ratio_bars(f"How many times as fast as {PEERS[peer]} {version}",
                                      [(n, ratios) for n, ratios in rows if any(ratios)], self.procs)

    def draw_curve(self, name, sizes) -> str:
        title, unit, what = CURVES.get(name, (name, "size", "an operation"))
        series = []
        for program in ("warren", *self.curve_peers(name)):
            for k, procs in enumerate(self.procs):
                points = [(size, ns) for size in sizes if (ns := self.ns(f"{name}@{size}", procs, program))]
                if points:
                    series.append((f"{program}, {workers(procs)}", program, k > 0, points))
        return bench_plots.growth_curves(title, unit, f"time for {what}".replace("`", ""), series)

    def draw_tail(self) -> str:
        panels = []
        for name in dict.fromkeys(e["name"] for e in self.document["tail"]):
            of = [e for e in self.document["tail"] if e["name"] == name]
            panels.append((TAILS.get(name, name), [
                (words, [(PEERS.get(e["program"], e["program"]), e[level]) for e in of])
                for level, words in (("p50", "p50"), ("p99", "p99"), ("p999", "p99.9"), ("max", "greatest"))]))
        return bench_plots.tail_bars(f"How late, with {workers(self.document['tail'][0]['procs'])}", panels)


def write(document: dict, folder: pathlib.Path):
    """Writes benchmarks.md into the folder, and the plots into benchmarks/ beside it; older plots go."""
    report = Report(document)
    plots = folder / "benchmarks"
    plots.mkdir(exist_ok=True)
    for old in plots.glob("*.svg"):
        old.unlink()
    for name, svg in report.plots().items():
        (plots / name).write_text(svg)
    (folder / "benchmarks.md").write_text(report.page())
    print(f"\nwritten: {folder / 'benchmarks.md'} and {len(report.plots())} plots")
