#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes all seeded faults into a copy of this tree, each behind a switch that is read at the start of a program.

The faults stand in the files *_faults.py beside this one. One copy holds all of them: with WARREN_MUTANT=7 in the environment
its programs have fault 7, without it they do what the tree's own do. A fault whose text does not stand exactly once in its
file is out of date, which is an error: look what became of the code, and seed the fault there.

usage: seed_mutants.py FOLDER      writes the copy, or brings it up to date: what has not changed keeps its time
       seed_mutants.py --check     only looks whether all faults fit
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys

from fault import all_faults

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Stale(Exception):
    """Faults that do not fit the tree, one a line."""


def places(faults, read):
    """{file: [(begin, end, fault, new text)]}, in order. `read` gives the text of a file."""
    found, bad = {}, []
    for f in faults:
        for edit in f.edits:
            text = read(edit.file)
            n = 0 if text is None else text.count(edit.old)
            if n != 1:
                why = "the file is not there" if text is None else f"its text stands there {n} times, not once"
                bad.append(f"fault {f.number} ({f.what}) in {edit.file}: {why}:\n{edit.old}")
                continue
            begin = text.index(edit.old)
            found.setdefault(edit.file, []).append((begin, begin + len(edit.old), f, edit.new))
    for file, edits in found.items():
        edits.sort(key=lambda e: e[:2])
        for (_, end, f, _), (begin, _, g, _) in zip(edits, edits[1:]):
            if begin < end:
                bad.append(f"faults {f.number} and {g.number} change the same place of {file}")
    seeded = "".join(edit.new for f in faults for edit in f.edits)
    bad += [f"fault {f.number} ({f.what}) stands nowhere" for f in faults if f"warren::mutant({f.number})" not in seeded]
    if bad:
        raise Stale("\n".join(bad))
    return found


def seeded(text, edits):
    for begin, end, _, new in reversed(edits):
        text = text[:begin] + new + text[end:]
    return text


def read_here(file):
    path = ROOT / file
    return path.read_text() if path.is_file() else None


def files_of_tree():
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            check=True, capture_output=True).stdout.decode()
    return [f for f in sorted(set(listed.split("\0"))) if f and os.path.lexists(ROOT / f)]


def bring_up_to_date(path, content):
    if path.is_file() and not path.is_symlink() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(content)


def write_tree(folder):
    """Returns how many faults are in it."""
    faults = all_faults()
    edits = places(faults, read_here)
    wanted = files_of_tree()
    for file in wanted:
        source, target = ROOT / file, folder / file
        if source.is_symlink():
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.is_symlink() or os.readlink(target) != os.readlink(source):
                target.unlink(missing_ok=True)
                target.symlink_to(os.readlink(source))
            continue
        content = source.read_bytes()
        if file in edits:
            content = seeded(content.decode(), edits[file]).encode()
        bring_up_to_date(target, content)
        shutil.copymode(source, target)
    remove_others(folder, {folder / file for file in wanted})
    return len(faults)


def remove_others(folder, wanted):
    """What the tree no longer has."""
    for at, folders, names in os.walk(folder):
        for name in names + [f for f in folders if os.path.islink(os.path.join(at, f))]:
            path = pathlib.Path(at, name)
            if path not in wanted and "__pycache__" not in path.parts:
                path.unlink()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=pathlib.Path)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if options.check == (options.folder is not None):
        parser.error("a folder, or --check")
    try:
        if options.check:
            faults = all_faults()
            places(faults, read_here)
            print(f"{len(faults)} faults fit")
        else:
            print(f"{write_tree(options.folder.resolve())} faults seeded in {options.folder}")
    except Stale as e:
        print(e, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
