#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Drives gdb with tools/gdb_goroutines.py on a live process and on a core.

usage: gdb_test.py SCRIPT PROGRAMS_FOLDER     exit status 77: no gdb here, or it may not trace
"""
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
SECONDS = 100

# (command, what its output must match, in this order)
LIVE = [
    ("info goroutines", [r"  1 \[wait group wait\]  .* at \S*deadlock\.cpp:\d+\n",
                         r"  \d+ \"reader\" \[chan receive\]  read_all at \S*deadlock\.cpp:\d+\n",
                         r"  \d+ \[chan send\]  write_one at ", r"  \d+ \[select\]  choose at ",
                         r"  \d+ \[mutex lock\]  lock_twice at ", r"  \d+ \[chan receive nil\]  wait_for_nil at "]),
    ("goroutine READER bt", [r"#0 .*\n", r"#\d+ .*\bread_all \(.*\) at \S*deadlock\.cpp:\d+\n"]),
    ("goroutine READER info frame", [r"in read_all "]),
    ("goroutine all bt", [r"goroutine 1 \[wait group wait\]:\n#0 ", r"goroutine \d+ \"reader\" \[chan receive\]:\n#0 ",
                          r" read_all ", r" write_one ", r" choose ", r" lock_twice ", r" wait_for_nil "]),
    ("goroutine 999999 bt", [r"no goroutine 999999"]),
    ("goroutine READER", [r"usage: goroutine ID COMMAND"]),
    ("bt 1", [r"#0  .*report_deadlock"]),  # the selected thread is as it was
]
CORE = [
    ("info goroutines", [r"  1 \[chan receive\]  .* at \S*overflow_recursion\.cpp:\d+\n",
                         r"  \d+ \"miner\" \[running\]  dig at \S*overflow_recursion\.cpp:\d+\n"]),
    ("goroutine 1 bt", [r"#0 .*\n", r" at \S*overflow_recursion\.cpp:\d+\n"]),
    ("goroutine MINER bt 3", [r"#0 .* dig \(.*\n", r"#1 .* dig \(.*\n"]),
]


def gdb(arguments, commands, script):
    full = ["gdb", "-nx", "-batch"]
    for command in ["set pagination off", "set confirm off", f"source {script}", *commands]:
        full += ["-ex", command]
    done = subprocess.run(full + arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=SECONDS)
    return done.stdout


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def outputs(arguments, before, checks, script):
    """What each command printed: a marker stands before and after."""
    commands = list(before)
    for i, (command, _) in enumerate(checks):
        commands += [f"echo <{i}<\\n", command, f"echo >{i}>\\n"]
    # gdb -batch goes on after a command that failed, and prints why.
    text = gdb(arguments, commands, script)
    if re.search(r"ptrace: Operation not permitted|Could not trace the inferior|Python scripting is not supported", text):
        skip(text.strip().split("\n")[-1])
    found = []
    for i in range(len(checks)):
        m = re.search(rf"<{i}<\n(.*?)>{i}>\n", text, re.S)
        found.append(m[1] if m else "")
    return found, text


def compare(what, found, checks, text):
    bad = 0
    for output, (command, patterns) in zip(found, checks):
        at = 0
        for pattern in patterns:
            m = re.compile(pattern).search(output, at)
            if m is None:
                print(f"{what}: ({command}) printed no {pattern!r} in its place:\n{output}")
                bad += 1
                break
            at = m.end()
    if bad:
        print(f"----- all of it\n{text}")
    return bad


def with_id(checks, word, number):
    return [(command.replace(word, number), patterns) for command, patterns in checks]


def goroutine_id(name, arguments, before, script):
    found, text = outputs(arguments, before, [("info goroutines", [])], script)
    m = re.search(rf'(\d+) "{name}"', found[0])
    if m is None:
        print(text)
    return m[1] if m else "0"


def check_live(script, program):
    before = ["set print thread-events off", "break warren::runtime::report_deadlock", "run"]
    checks = with_id(LIVE, "READER", goroutine_id("reader", [program], before, script))
    return compare("live", *with_text([program], before, checks, script))


def with_text(arguments, before, checks, script):
    found, text = outputs(arguments, before, checks, script)
    return found, checks, text


def write_core(program, folder):
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    subprocess.run([program], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS,
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (hard, hard)))
    cores = list(pathlib.Path(folder).glob("core*"))
    return cores[0] if cores else None


def check_core(script, program):
    with tempfile.TemporaryDirectory() as folder:
        core = write_core(program, folder)
        if core is None:
            print("the system writes no cores to the working folder: that part is left out")
            return 0
        arguments = [program, str(core)]
        checks = with_id(CORE, "MINER", goroutine_id("miner", arguments, [], script))
        return compare("core", *with_text(arguments, [], checks, script))


def main():
    script, programs = sys.argv[1], sys.argv[2]
    if shutil.which("gdb") is None:
        skip("no gdb")
    os.environ["GOMAXPROCS"] = "2"
    bad = check_live(script, os.path.join(programs, "deadlock"))
    bad += check_core(script, os.path.join(programs, "overflow_recursion"))
    print("gdb: ok" if bad == 0 else f"gdb: {bad} wrong")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
