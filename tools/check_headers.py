#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compiles every header of the library alone, and measures what the umbrella header costs its users.

Each header must compile as the only include of a file. No public one may bring in Boost or one of the
expensive standard headers, directly or by way of another. The cost of warren.hpp is its user time over a
file with just the standard headers that the library's headers name; more than LIMIT_S fails.

usage: check_headers.py ROOT [--cost-only] -- COMPILER...
"""
import concurrent.futures
import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile

from check_tree import ADAPTERS, FLOORS

HEAVY = {"iostream", "regex", "filesystem"}
LIMIT_S = 0.4
ROUNDS = 5
FLAGS = ["-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wno-sign-conversion",
         "-Werror"]


def public_headers(root):
    public = [root / "warren.hpp"]
    for floor in FLOORS:
        m = re.search(r"public = files\(([^)]*)\)", (root / floor / "meson.build").read_text())
        public += [root / floor / name for name in re.findall(r"'([^']+)'", m[1])]
    return public


def compile_alone(compiler, root, header, extra):
    """None, or what the compiler said about a file that includes just this header, twice."""
    line = f'#include "{header.relative_to(root).as_posix()}"\n'
    done = subprocess.run(
        [*compiler, *FLAGS, "-fsyntax-only", "-I", str(root), *extra, "-x", "c++", "-"],
        input=line * 2, capture_output=True, text=True,
    )
    return None if done.returncode == 0 else f"{header.relative_to(root)} does not stand alone:\n{done.stderr}"


def brought_in(compiler, root, header):
    """Every file that the header brings in."""
    done = subprocess.run([*compiler, "-std=c++20", "-M", "-x", "c++", str(header)],
                          capture_output=True, text=True, check=True)
    return done.stdout.replace("\\\n", " ").split()[1:]


def heavy(compiler, root, header):
    for path in brought_in(compiler, root, header):
        parts = pathlib.PurePath(path).parts
        if "boost" in parts:
            yield f"{header.relative_to(root)}: brings in Boost: {path}"
        if parts[-1] in HEAVY and "c++" in path:
            yield f"{header.relative_to(root)}: brings in <{parts[-1]}>"


def user_seconds(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run(command, check=True)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def cost(compiler, root):
    """(seconds with warren.hpp, seconds with its standard headers), best of ROUNDS each, in turns."""
    own = [p for p in brought_in(compiler, root, root / "warren.hpp")
           if os.path.realpath(p).startswith(str(root) + os.sep)]
    standard = set()
    for path in own:
        standard |= set(re.findall(r"^\s*#\s*include\s+<([^>]+)>", pathlib.Path(path).read_text(), re.M))
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = pathlib.Path(folder, "ours.cpp"), pathlib.Path(folder, "theirs.cpp")
        ours.write_text('#include "warren.hpp"\n')
        theirs.write_text("".join(f"#include <{name}>\n" for name in sorted(standard)))
        command = lambda file: [*compiler, "-std=c++20", "-fsyntax-only", "-I", str(root), str(file)]
        pairs = [(user_seconds(command(ours)), user_seconds(command(theirs))) for _ in range(ROUNDS)]
    return min(a for a, _ in pairs), min(b for _, b in pairs), sorted(standard)


def main():
    cut = sys.argv.index("--")
    root, compiler = pathlib.Path(sys.argv[1]).resolve(), sys.argv[cut + 1:]
    bad = []
    if "--cost-only" not in sys.argv[:cut]:
        public = public_headers(root)
        everything = public + [p for f in FLOORS for p in sorted((root / f).rglob("*.hpp")) if p not in public]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            bad += [e for e in pool.map(lambda h: compile_alone(compiler, root, h, []), everything) if e]
        for header in public:
            if header.relative_to(root).as_posix() in ADAPTERS:
                continue
            bad += heavy(compiler, root, header)
        print(f"{len(everything)} headers compiled alone, {len(public)} of them public")
    if not bad:
        ours, theirs, names = cost(compiler, root)
        print(f"warren.hpp {ours:.2f} s, its standard headers {theirs:.2f} s, cost {ours - theirs:.2f} s"
              f" (limit {LIMIT_S} s)\nstandard headers: {' '.join(names)}")
        if ours - theirs > LIMIT_S:
            bad.append(f"warren.hpp costs {ours - theirs:.2f} s, more than {LIMIT_S} s")
    print("\n".join(bad) or "headers: ok")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
