# SPDX-License-Identifier: MIT
"""Draws the plots of docs/benchmarks.md: bars of ratios, growth curves, bars of percentiles.

SVG, written by hand: a plot is a card with its own ground, so that it reads the same wherever it is shown, and it
follows a reader who prefers dark pages. Every axis of times and ratios is logarithmic.
"""
import html
import itertools
import math

STYLE = """
  svg { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
  .card { fill: #ffffff; stroke: #d1d9e0; } .ink { fill: #1f2328; } .soft { fill: #59636e; }
  .grid { stroke: #e4e8ec; } .axis { stroke: #59636e; } .title { font-size: 15px; font-weight: 600; }
  .figure { font-size: 11px; }
  .warren { color: #0969da; } .warren.more { color: #7db4f2; } .go { color: #bc4c00; } .go.more { color: #f0a36b; }
  .loss { color: #cf222e; } .loss.more { color: #f08a8f; }
  @media (prefers-color-scheme: dark) {
    .card { fill: #151b23; stroke: #3d444d; } .ink { fill: #f0f6fc; } .soft { fill: #9198a1; }
    .grid { stroke: #2a313a; } .axis { stroke: #9198a1; }
    .warren { color: #4493f8; } .warren.more { color: #1f5fae; } .go { color: #f0883e; } .go.more { color: #9a5518; }
    .loss { color: #f85149; } .loss.more { color: #a8302b; }
  }
"""
WIDTH = 860
MARGIN = 20
LETTER = 7.2  # a letter's width, roughly, where something must not run out of the card


class Drawing:
    def __init__(self, height: float, title: str):
        self.parts = []
        self.height = height
        self.title = title
        self.text(MARGIN, 30, title, "ink title")

    def text(self, x, y, words, kind="ink", anchor="start"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{html.escape(words)}</text>')

    def line(self, x1, y1, x2, y2, kind):
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>')

    def bar(self, x1, x2, y, height, kind):
        left, width = min(x1, x2), max(abs(x2 - x1), 1)
        self.parts.append(f'<rect x="{left:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
                          f'class="{kind}" fill="currentColor"/>')

    def curve(self, points, kind, dashed):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dashes = ' stroke-dasharray="6 4"' if dashed else ""
        self.parts.append(f'<polyline points="{path}" class="{kind}" fill="none" stroke="currentColor" '
                          f'stroke-width="2.2"{dashes}/>')
        for x, y in points:
            self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.6" class="{kind}" fill="currentColor"/>')

    def svg(self) -> str:
        return "\n".join([
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{self.height:.0f}" '
            f'viewBox="0 0 {WIDTH} {self.height:.0f}" role="img" aria-label="{html.escape(self.title)}">',
            f"<style>{STYLE}</style>",
            f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{self.height - 1:.0f}" rx="6" class="card"/>',
            *self.parts, "</svg>", ""])


class Log:
    """A logarithmic axis from one place to another."""

    def __init__(self, low, high, begin, end):
        self.low, self.high, self.begin, self.end = low, high, begin, end

    def __call__(self, value):
        part = math.log(value / self.low) / math.log(self.high / self.low)
        return self.begin + part * (self.end - self.begin)


def steps(low, high, factors) -> list:
    """The steps of so many a decade, from the last at or below `low` to the first at or above `high`."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    all_steps = [f * 10.0 ** k for k, f in itertools.product(range(first - 1, last + 1), factors)]
    begin = max(s for s in all_steps if s <= low * 1.0001)
    end = min(s for s in all_steps if s >= high * 0.9999)
    if begin == end:
        end = min(s for s in all_steps if s > begin)
    return [s for s in all_steps if begin <= s <= end]


def number(value) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:g}"


def duration(ns) -> str:
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if ns >= size * 0.9995:
            return f"{ns / size:,.3g} {unit}"
    return f"{ns:,.3g} ns"


def kind_of(program: str, more: bool) -> str:
    return f"{program.lower()}{' more' if more else ''}"


def legend(drawing: Drawing, x, y, entries):
    for words, kind in entries:
        drawing.bar(x, x + 12, y - 10, 12, kind)
        drawing.text(x + 18, y, words, "soft")
        x += 18 + LETTER * len(words) + 22


def ratio_bars(title: str, rows: list, procs: list) -> str:
    """rows: (name, one ratio or None for each of procs)."""
    bar, gap, left = 13, 9, 190
    pitch = bar * len(procs) + gap
    top = 84
    drawing = Drawing(top + pitch * len(rows) + 34, title)
    ratios = [r for _, all_ratios in rows for r in all_ratios if r]
    low = 2.0 ** math.floor(math.log2(min([1, *ratios])))
    high = 2.0 ** math.ceil(math.log2(max([2, *ratios])))
    axis = Log(low, high, left, WIDTH - MARGIN - 50)
    words = lambda p: "1 worker" if p == 1 else f"{p} workers"
    legend(drawing, MARGIN, 54, [(words(p), kind_of("warren", k > 0)) for k, p in enumerate(procs)]
           + ([("warren is slower", "loss")] if low < 1 else []))
    bottom = top + pitch * len(rows)
    tick = low
    while tick <= high:
        drawing.line(axis(tick), top - 6, axis(tick), bottom, "axis" if tick == 1 else "grid")
        drawing.text(axis(tick), top - 12, f"{tick:g}", "soft", "middle")
        tick *= 2
    for i, (name, all_ratios) in enumerate(rows):
        y = top + pitch * i + gap / 2
        drawing.text(left - 10, y + bar * len(procs) / 2 + 4.5, name, "ink", "end")
        # A bar to the left of 1 is short: the room for its name is at the left edge.
        for k, ratio in enumerate(all_ratios):
            if not ratio:
                continue
            at = y + bar * k
            drawing.bar(axis(1), axis(ratio), at, bar - 1, kind_of("warren" if ratio >= 1 else "loss", k > 0))
            drawing.text(max(axis(ratio), axis(1)) + 5, at + bar - 2.5, f"{ratio:.2f}", "soft figure")
    drawing.text(axis(1), bottom + 20, "times as fast →", "soft")
    return drawing.svg()


def growth_curves(title: str, x_unit: str, y_unit: str, series: list) -> str:
    """series: (words, program, whether with more workers, [(size, ns)])."""
    height, left, right, top, bottom = 330, 80, WIDTH - 190, 74, 280
    drawing = Drawing(height, title)
    sizes = sorted({x for *_, points in series for x, _ in points})
    times = [y for *_, points in series for _, y in points]
    ticks = steps(min(times), max(times), (1, 2, 5))
    x_axis = Log(sizes[0], sizes[-1], left + 14, right - 14)
    y_axis = Log(ticks[0], ticks[-1], bottom, top)
    for tick in ticks:
        drawing.line(left, y_axis(tick), right, y_axis(tick), "grid")
        drawing.text(left - 8, y_axis(tick) + 4.5, duration(tick), "soft", "end")
    for size in sizes:
        drawing.line(x_axis(size), top, x_axis(size), bottom, "grid")
        drawing.text(x_axis(size), bottom + 20, number(size), "soft", "middle")
    drawing.line(left, bottom, right, bottom, "axis")
    drawing.text((left + right) / 2, bottom + 40, x_unit, "soft", "middle")
    drawing.text(MARGIN, top - 18, y_unit, "soft")
    for k, (words, program, more, points) in enumerate(series):
        drawing.curve([(x_axis(x), y_axis(y)) for x, y in points], program.lower(), more)
        y = top + 14 + 24 * k
        drawing.curve([(right + 22, y - 4), (right + 52, y - 4)], program.lower(), more)
        drawing.text(right + 62, y, words, "soft")
    return drawing.svg()


def tail_bars(title: str, panels: list) -> str:
    """panels: (words, [(percentile, [(program, ns)])])."""
    bar, gap, head, left = 13, 6, 34, 90
    rows = sum(len(levels) * gap + bar * sum(len(of) for _, of in levels) for _, levels in panels)
    top = 70
    bottom = top + rows + head * len(panels)
    drawing = Drawing(bottom + 44, title)
    times = [ns for _, levels in panels for _, of in levels for _, ns in of]
    ticks = steps(min(times), max(times), (1,))
    axis = Log(ticks[0], ticks[-1], left, WIDTH - MARGIN - 70)
    programs = list(dict.fromkeys(p for _, levels in panels for _, of in levels for p, _ in of))
    legend(drawing, MARGIN, 54, [(p, kind_of(p, False)) for p in programs])
    for tick in ticks:
        drawing.line(axis(tick), top, axis(tick), bottom, "grid")
        drawing.text(axis(tick), bottom + 20, duration(tick), "soft", "middle")
    y = top
    for words, levels in panels:
        drawing.text(MARGIN, y + 22, words)
        y += head
        for level, of in levels:
            drawing.text(left - 10, y + bar * len(of) / 2 + 4.5, level, "soft", "end")
            for program, ns in of:
                drawing.bar(axis(ticks[0]), axis(ns), y, bar - 1, kind_of(program, False))
                drawing.text(axis(ns) + 5, y + bar - 2.5, duration(ns), "soft figure")
                y += bar
            y += gap
    return drawing.svg()
