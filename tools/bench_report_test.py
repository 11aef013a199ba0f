#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What tools/bench_report.py makes of a run, in figures that can be worked out by hand."""
import pathlib
import re
import sys
import tempfile
import unittest
import xml.etree.ElementTree

import bench_plots
import bench_report


def cost(name, procs, program, ns):
    return {"name": name, "procs": procs, "program": program, "ns_per_op": ns, "peak_mb": 4.5}


def late(name, program, ns):
    return {"name": name, "procs": 2, "program": program, "samples": 1000,
            "p50": ns, "p99": 2 * ns, "p999": 3 * ns, "max": 4 * ns}


def a_run():
    results = []
    for procs in (1, 2):
        results += [cost("switch", procs, "warren", 10), cost("switch", procs, "Go", 80), cost("switch", procs, "Fiber", 20),
                    cost("mutex_free", procs, "warren", 10), cost("mutex_free", procs, "Go", 5 if procs == 1 else 20),
                    cost("skynet_1m", procs, "warren", 1e8)]
        for size, ns in ((100, 40), (100_000, 120)):
            results += [cost(f"crowd@{size}", procs, "warren", ns / procs), cost(f"crowd@{size}", procs, "Go", 80)]
    return {
        "command": "./dev bench --report", "date": "2026-01-02", "rounds": 3, "min_time": 0.3, "tail_time": 2,
        "machine": {"processor": "P", "cpus": 2, "kernel": "Linux 6.1", "governor": None, "load": 0.0, "warren": "0.1.0",
                    "compiler": "g++ 12", "flags": "-O2", "go": "go1.27.4 linux/amd64", "boost": "1.74.0"},
        "results": results,
        "tail": [late("sleep_50us", "warren", 70e3), late("sleep_50us", "Go", 1.1e6), late("wake_by_thread", "warren", 9e3)],
    }


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            cls.folder = pathlib.Path(folder)
            (cls.folder / "benchmarks").mkdir()
            (cls.folder / "benchmarks/of_another_run.svg").write_text("")
            bench_report.write(a_run(), cls.folder)
            cls.page = (cls.folder / "benchmarks.md").read_text()
            cls.plots = {p.name: p.read_text() for p in (cls.folder / "benchmarks").iterdir()}

    def row(self, begin):
        return next(line for line in self.page.splitlines() if line.startswith(f"| {begin} |"))

    def test_wins_and_losses_stand_in_the_table(self):
        self.assertIn("| 10.0 | 80.0 | 8.00 | 20.0 | 2.00 |", self.row("switch"))
        self.assertIn("| 10.0 | 5.0 | **0.50** |  |  |", self.row("mutex_free"))
        self.assertIn("| 100,000,000 |  |  |  |  |", self.row("skynet_1m"))

    def test_means_are_geometric_and_losses_are_named(self):
        self.assertIn("| Go | 2.00 (of 2; least 0.50, mutex_free) | 4.00 (of 2; least 2.00, mutex_free) |", self.page)
        self.assertIn("Slower than a peer: mutex_free against Go with 1 worker (0.50).", self.page)

    def test_curves_say_how_much_they_grow_and_what_a_worker_brings(self):
        self.assertIn("| 120.0 | 80.0 | **0.67** | 60.0 | 80.0 | 1.33 |", self.row("100,000"))
        self.assertIn("|  | × 3.00 | × 1.00 |  | × 3.00 | × 1.00 |  |  |", self.page)
        self.assertIn("crowd at 100,000 against Go with 1 worker.", self.page)
        self.assertIn("warren 2.00, 2.00; Go 1.00, 1.00.", self.page.replace("\n", " "))

    def test_percentiles_are_microseconds(self):
        self.assertIn("| Go | 1,000 | 1,100.0 | 2,200.0 | 3,300.0 | 4,400.0 |", self.page)

    def test_a_run_without_peers_is_written_too(self):
        alone = a_run()
        alone["results"] = [r for r in alone["results"] if r["program"] == "warren"]
        alone["tail"] = [t for t in alone["tail"] if t["program"] == "warren"]
        page = bench_report.Report(alone).page()
        self.assertNotIn("Slower", page)
        self.assertIn("| switch |", page)

    def test_plots_are_those_that_the_page_shows(self):
        self.assertEqual(set(re.findall(r"\(benchmarks/(\S+)\)", self.page)), set(self.plots))

    def test_plots_are_well_formed_and_words_stay_on_the_card(self):
        for name, svg in self.plots.items():
            root = xml.etree.ElementTree.fromstring(svg)
            for text in root.iter("{http://www.w3.org/2000/svg}text"):
                width = len(text.text) * bench_plots.LETTER
                begin = float(text.get("x")) - {"start": 0, "middle": width / 2, "end": width}[text.get("text-anchor")]
                self.assertGreaterEqual(begin, 0, f"{name}: {text.text}")
                self.assertLessEqual(begin + width, bench_plots.WIDTH, f"{name}: {text.text}")


if __name__ == "__main__":
    sys.exit(unittest.main())
