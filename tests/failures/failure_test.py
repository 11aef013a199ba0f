#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs programs that end badly and compares all they print, and how they end, with committed texts.

usage: failure_test.py --programs FOLDER [--lines yes|no] [--sanitize KIND] [--accept] [NAME...]

What differs from run to run, compiler to compiler and place to place is taken out before: addresses, ids of threads
and of goroutines other than 1, folders, and how a lambda is called. A line of a source file is known by its remark
`// here: WORDS`. With --lines no (no libbacktrace) traces are left out of the comparison. A sanitizer adds a report of
its own to a fault: there a program must fail and begin with what is expected. --accept writes what came as expected.
"""
import argparse
import difflib
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
FATAL = 2
SECONDS = 30

# expected text: (program, arguments, status; a negative one is a signal)
CASES = {
    "blocked_stdin": ("blocked_stdin", [], FATAL),
    "deadlock": ("deadlock", [], FATAL),
    "deadlock_with_thread": ("deadlock_with_thread", [], FATAL),
    "foreign_sender": ("foreign_sender", [], 0),
    "full_pipe": ("full_pipe", [], FATAL),
    "goexit_outside": ("goexit_outside", [], FATAL),
    "goexit_swallowed": ("goexit_swallowed", [], FATAL),
    "hang_before_run": ("hang_before_run", [], FATAL),
    "hang_ignoring_quit": ("hang_before_run", [], FATAL),
    "null_pointer": ("null_pointer", [], -signal.SIGSEGV),
    "overflow_big_frame": ("overflow_big_frame", [], -signal.SIGSEGV),
    "overflow_in_stdio": ("overflow_in_stdio", [], -signal.SIGSEGV),
    "overflow_recursion": ("overflow_recursion", [], -signal.SIGSEGV),
    "overflow_two_at_once": ("overflow_two_at_once", [], -signal.SIGSEGV),
    "panic_in_goroutine": ("panic_in_goroutine", [], FATAL),
    "panic_in_main": ("panic_in_main", [], FATAL),
    "quit_while_reading": ("quit_while_reading", [], FATAL),
    "quit_while_running": ("quit_while_running", [], FATAL),
    "quit_with_own_handler": ("quit_with_own_handler", [], FATAL),
    "send_on_closed": ("send_on_closed", [], FATAL),
    "stack_printed": ("stack_printed", [], 0),
    "unlock_unlocked": ("unlock_unlocked", [], FATAL),
}
for value in ("text lines empty error nil std string chars bare_error int unsigned double float true char struct "
              "enum").split():
    CASES[f"panic_{value}"] = ("panic_values", [value], FATAL)

# Sent SIGQUIT once they have said that they are ready.
QUIT = {"hang_before_run", "hang_ignoring_quit", "quit_while_reading", "quit_while_running", "quit_with_own_handler"}
IGNORING = {"hang_ignoring_quit"}  # started as a shell without job control starts a program in the background
THROUGH_C_LIBRARY = {"overflow_in_stdio", "quit_while_reading"}  # its frames between the program's are not compared
ASKS_THREADS = {"deadlock_with_thread"}  # by a signal, which ThreadSanitizer holds back while a thread is in a system call
LONGEST = {"deadlock": 1.0, "deadlock_with_thread": 2.0}  # seconds; a deadlock is found within 100 ms


def prepare(ignoring_quit):
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGQUIT, signal.SIG_IGN if ignoring_quit else signal.SIG_DFL)


class Ended:
    """A program that has been run to its end."""

    def __init__(self, command, case, environment):
        begin = time.monotonic()
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 env=environment, preexec_fn=lambda: prepare(case in IGNORING))
        late = threading.Timer(SECONDS, child.kill)
        late.start()
        first = b""
        if case in QUIT:
            first = child.stdout.readline()
            time.sleep(0.05)
            child.send_signal(signal.SIGQUIT)
        # Standard input stays open and silent until the program has ended.
        texts = {}
        readers = [threading.Thread(target=lambda s=s, n=n: texts.__setitem__(n, s.read()))
                   for n, s in (("out", child.stdout), ("err", child.stderr))]
        for reader in readers:
            reader.start()
        self.status = child.wait()
        self.late = not late.is_alive()
        late.cancel()
        self.seconds = time.monotonic() - begin
        for reader in readers:
            reader.join()
        child.stdin.close()
        self.out = (first + texts["out"]).decode(errors="replace")
        self.err = texts["err"].decode(errors="replace")


def remarks(folder):
    found = {}
    for source in folder.glob("*.cpp"):
        for number, line in enumerate(source.read_text().split("\n"), 1):
            if m := re.search(r"// here: (.+)$", line):
                found[source.name, number] = m[1].strip()
    return found


REMARKS = remarks(HERE)


def place(m):
    name, number = os.path.basename(m[1]), int(m[2])
    return f"\t{name}: {REMARKS[name, number]}" if (name, number) in REMARKS else f"\t{name}:{number}"


def normalised(text):
    text = re.sub(r"^\t(\S+):(\d+)$", place, text, flags=re.M)
    text = re.sub(r"0x[0-9a-f]+", "ADDRESS", text)
    text = re.sub(r"^\.\.\.\d+ frames elided", "...N frames elided", text, flags=re.M)
    text = re.sub(r"^thread \d+ \[", "thread T [", text, flags=re.M)
    text = re.sub(r"^(goroutine|created by .* in goroutine) (?!1\b)\d+", r"\1 N", text, flags=re.M)
    # One compiler names a lambda after the function around it, another knows only its operator once it is inlined.
    lambda_name = r"(?:\S+::)?\{lambda#\d+\}|operator\(\)"
    text = re.sub(rf"^({lambda_name})\((\.\.\.)?\)$", "a lambda()", text, flags=re.M)
    text = re.sub(rf"^created by ({lambda_name})(?= in |$)", "created by a lambda", text, flags=re.M)
    return re.sub(r"^(\S.*)\(\.\.\.\)$", r"\1()", text, flags=re.M)


def without_traces(text):
    """Only what is not a frame: a frame is a line that one with a tab follows."""
    lines = text.split("\n")
    frames = {i for i in range(len(lines) - 1) if lines[i + 1].startswith("\t") and lines[i] and not
              lines[i].startswith(("panic", "goroutine", "thread"))}
    return "\n".join(l for i, l in enumerate(lines) if i not in frames and not l.startswith("\t"))


def of_program(text, source):
    """Without the frames of other files."""
    lines = text.split("\n")
    alien = {i for i, line in enumerate(lines) if re.match(r"\t\S+:\d+$", line) and not line.startswith(f"\t{source}:")}
    alien |= {i for i, line in enumerate(lines) if re.match(r"\t\S+\+ADDRESS$", line)}
    return "\n".join(line for i, line in enumerate(lines) if i not in alien and i + 1 not in alien)


def described(status):
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"


def report(case, ended, status):
    text = f"--- {described(status)}\n"
    for name, stream in (("stdout", ended.out), ("stderr", ended.err)):
        if stream:
            text += f"--- {name}\n{normalised(stream)}"
    return of_program(text, CASES[case][0] + ".cpp") if case in THROUGH_C_LIBRARY else text


class Checker:
    def __init__(self, options):
        self.options = options
        self.bad = []

    def check(self, case, procs):
        program, arguments, status = CASES[case]
        environment = dict(os.environ, GOMAXPROCS=str(procs))
        command = [str(self.options.programs / program), *arguments]
        ended = Ended(command, case, environment)
        expected = HERE / "expected" / f"{case}.txt"
        if self.options.accept:
            expected.write_text(report(case, ended, ended.status))
            return
        wrong = self.differences(case, ended, status, expected.read_text())
        if wrong:
            self.bad.append(f"{case}, GOMAXPROCS={procs}:\n{wrong}")
            print(f"{self.bad[-1]}\nIt printed:\n{ended.out}{ended.err}")

    def differences(self, case, ended, status, want):
        if ended.late:
            return f"no end within {SECONDS} s\n"
        sanitized = self.options.sanitize != "none"
        if sanitized and status < 0:
            got = report(case, ended, status)
            return "" if ended.status != 0 and same_fault(want, got) else diff(want, got)
        wrong = ""
        got = report(case, ended, ended.status)
        if self.options.lines == "no" or (case in ASKS_THREADS and "thread" in self.options.sanitize):
            got, want = without_traces(got), without_traces(want)
        if got != want:
            wrong += diff(want, got)
        if not sanitized and ended.seconds > LONGEST.get(case, SECONDS):
            wrong += f"it took {ended.seconds:.1f} s\n"
        return wrong


def same_fault(want, got):
    """How many frames fit, and what the first one's line is, is up to the sanitizer."""
    frames = lambda text: {line for line in text.split("\n") if line.endswith("()")}
    return without_traces(got).startswith(without_traces(want).rstrip("\n")) and frames(want) <= frames(got)


def diff(want, got):
    return "".join(difflib.unified_diff(want.splitlines(True), got.splitlines(True), "expected", "printed"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    parser.add_argument("--lines", default="yes", choices=("yes", "no"))
    parser.add_argument("--sanitize", default="none")
    parser.add_argument("--accept", action="store_true")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    checker = Checker(options)
    done = 0
    for case in options.names or sorted(CASES):
        # ThreadSanitizer delivers a signal when the thread next calls the C library, which a loop never does.
        if "thread" in options.sanitize and case in QUIT:
            continue
        for procs in (1, 4):
            checker.check(case, procs)
            done += 1
    unused = {p.stem for p in (HERE / "expected").glob("*.txt")} - set(CASES)
    checker.bad += [f"expected/{name}.txt belongs to no case" for name in sorted(unused)]
    print(f"{done} runs, {len(checker.bad)} wrong")
    return int(bool(checker.bad))


if __name__ == "__main__":
    sys.exit(main())
