#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Counts what the hot paths cost, and compares it with what is committed.

Each program of bench/hot_paths.cpp runs under Callgrind with two numbers of operations; the difference is
what an operation costs: instructions, locked instructions (of the program itself, found by its disassembly)
and allocations. Instructions may be off by 2 %; one locked instruction or allocation more is found.

The figures are those of one compiler: with another the check says so and passes nothing.

usage: count_instructions.py PROGRAM FILE [--update]
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

FEW, MANY = 5_000, 105_000
TOLERANCE = 0.02  # of the instructions
SLACK = 0.4       # of a locked instruction or allocation: caches are filled in batches, and a run begins anywhere in one
ALLOCATORS = {"malloc", "calloc", "aligned_alloc", "posix_memalign"}


def compiler_of(program):
    """What the compiler wrote into the program about itself."""
    comment = subprocess.run(["readelf", "-p", ".comment", program], capture_output=True, text=True, check=True).stdout
    return sorted(set(re.findall(r"\]\s+(.*)", comment)))[0].strip()


def locked_instructions(program):
    """The addresses of the instructions of the program that lock the bus."""
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", program], capture_output=True, text=True, check=True).stdout
    found = set()
    for line in text.splitlines():
        m = re.match(r"\s*([0-9a-f]+):\s+(.*)", line)
        if m and (m[2].startswith("lock ") or re.match(r"xchg\s.*\(", m[2])):
            found.add(int(m[1], 16))
    return found


def profile(program, name, n):
    """Executions by address in the program, all instructions, and allocations of one run."""
    with tempfile.NamedTemporaryFile() as out:
        command = ["valgrind", "--tool=callgrind", "--dump-instr=yes", "--compress-pos=no", "--compress-strings=no",
                   f"--callgrind-out-file={out.name}", program, name, str(n)]
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode != 0:
            sys.exit(f"{' '.join(command)}: status {run.returncode}\n{run.stderr}")
        return read_profile(pathlib.Path(out.name).read_text(), pathlib.Path(program).name)


def read_profile(text, program):
    executed, instructions, allocations = {}, 0, 0
    in_program = called = False
    callee = ""
    for line in text.splitlines():
        if line.startswith("ob="):
            in_program = line.endswith("/" + program)
        elif line.startswith("cfn="):
            callee = line[4:]
        elif line.startswith("calls="):
            called = True
            if callee.split("'")[0] in ALLOCATORS:
                allocations += int(line[6:].split()[0])
        elif line.startswith("0x"):
            address, _, cost = line.split()[:3]
            if called:  # what the callee cost, which is counted there
                called = False
                continue
            instructions += int(cost)
            if in_program:
                executed[int(address, 16)] = executed.get(int(address, 16), 0) + int(cost)
    return executed, instructions, allocations


def cost_of(program, name, locked):
    few, many = profile(program, name, FEW), profile(program, name, MANY)
    per_op = lambda a, b: (b - a) / (MANY - FEW)
    in_locked = lambda executed: sum(n for at, n in executed.items() if at in locked)
    return per_op(few[1], many[1]), per_op(in_locked(few[0]), in_locked(many[0])), per_op(few[2], many[2])


def table(compiler, costs):
    lines = [f"# What an operation costs, built by {compiler}. Written by tools/count_instructions.py --update.",
             f"# {'operation':<20}{'instructions':>14}{'locked':>8}{'allocations':>13}"]
    lines += [f"{name:<22}{i:>14.1f}{l:>8.2f}{a:>13.2f}" for name, (i, l, a) in costs.items()]
    return "\n".join(lines) + "\n"


def read_table(text):
    compiler = re.search(r"built by (.*)\. Written", text)[1]
    rows = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    return compiler, {name: (float(i), float(l), float(a)) for name, i, l, a in rows}


def differences(wanted, found):
    """What to say about each operation that costs another sum than before."""
    said = []
    if wanted.keys() != found.keys():
        said.append(f"operations: {sorted(wanted.keys() ^ found.keys())} are in one list only")
    for name in wanted.keys() & found.keys():
        for what, before, now in zip(("instructions", "locked instructions", "allocations"), wanted[name], found[name]):
            allowed = before * TOLERANCE if what == "instructions" else SLACK
            if abs(now - before) > allowed:
                said.append(f"{name}: {now:.2f} {what}, not {before:.2f}")
    return sorted(said)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--update", action="store_true", help="write what is found instead of comparing it")
    args = parser.parse_args()

    compiler = compiler_of(args.program)
    if not args.update:
        committed_by, wanted = read_table(args.file.read_text())
        if committed_by != compiler:
            sys.exit(f"cannot compare: built by {compiler}, the figures are those of {committed_by}")
    names = subprocess.run([args.program], capture_output=True, text=True, check=True).stdout.split()
    locked = locked_instructions(args.program)
    found = {name: cost_of(args.program, name, locked) for name in names}
    print(table(compiler, found), end="")
    if args.update:
        args.file.write_text(table(compiler, found))
        return
    said = differences(wanted, found)
    for line in said:
        print(f"changed: {line}")
    sys.exit(1 if said else 0)


if __name__ == "__main__":
    main()
