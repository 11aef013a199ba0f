# SPDX-License-Identifier: MIT
"""What a seeded fault is, and what may kill it."""
import dataclasses
import pathlib
import sys


@dataclasses.dataclass(frozen=True)
class Killer:
    """A program of the seeded builds, by its path there, with its arguments. It kills a fault by failing."""

    kind: str  # whose build it is of: `tests`, or `stepping`
    program: str
    arguments: tuple
    times: int = 1  # how often it is run, until it fails

    def __str__(self):
        return f"{self.kind}: {' '.join(self.arguments)}".replace("tests: --gtest_filter=", f"{self.program}: ")


def gtest(program, cases, times=1):
    """Cases of a GoogleTest program of tests/, which is named after its folder."""
    return Killer("tests", f"tests/{program}/{program}_test", (f"--gtest_filter={cases}",), times)


def stepping(*kernels):
    """Explored schedules of these kernels, with store buffers: tests/stepping. Each by itself."""
    return [Killer("stepping", "tests/stepping/prove", (kernel,)) for kernel in kernels]


@dataclasses.dataclass(frozen=True)
class Edit:
    """`old` stands exactly once in the file; `new` takes its place."""

    file: str
    old: str
    new: str


@dataclasses.dataclass(frozen=True)
class Fault:
    number: int
    what: str  # what the code does wrong, as a sentence
    edits: tuple
    killers: tuple  # any of them must fail
    hang: bool = False  # what it does is to leave somebody asleep, or locks that wait for each other: a hang is its mark
    equivalent: str = ""  # why nobody can tell it from the library as it is; then it is not hunted


def fault(number, what, *parts, hang=False, equivalent=""):
    """Edits and killers in any order; killers may come as lists."""
    flat = [p for part in parts for p in (part if isinstance(part, list) else [part])]
    return Fault(number, what, tuple(p for p in flat if isinstance(p, Edit)),
                 tuple(p for p in flat if isinstance(p, Killer)), hang, equivalent)


def all_faults():
    """Of all floors, by number."""
    sys.path.insert(0, str(pathlib.Path(__file__).parent))
    import channels_faults
    import context_faults
    import http_faults
    import io_faults
    import planted_faults
    import runtime_faults
    import scheduler_faults
    import sync_faults
    import time_faults

    modules = (scheduler_faults, runtime_faults, io_faults, channels_faults, time_faults, context_faults, sync_faults,
               http_faults, planted_faults)
    found = sorted((f for m in modules for f in m.FAULTS), key=lambda f: f.number)
    numbers = [f.number for f in found]
    if numbers != list(range(1, len(found) + 1)):
        raise SystemExit(f"the numbers of the faults are not 1 to {len(found)}: {numbers}")
    return found
