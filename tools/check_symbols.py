#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks what the library's object files reach for outside themselves.

Two kinds of symbols may be used by the named source files alone:
- what the compiler takes for constant within a function although it changes when a goroutine goes on
  on another thread (errno's address, the thread's id, the exception state);
- the world outside: system calls, clocks, randomness, the environment, threads. One place each, so that
  another mode of running (a seed, a fake clock) can own them.

RULES is a statement of policy: where it stands in the way, change the code, not the line.

usage: check_symbols.py BUILD ROOT [--sanitize KIND]
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys

SYSTEM = "runtime/system_linux.cpp"
# The other pages of the seam between the library and the system.
SOCKETS = "runtime/sockets_linux.cpp"
FILES = "runtime/files_linux.cpp"
CLOCK = "runtime/clock.cpp"
EXCEPTIONS = "runtime/exception_state.cpp"
TRACE = "runtime/trace_libbacktrace.cpp"
STREAMS = "runtime/standard_streams_linux.cpp"


def words(text):
    return "|".join(text.split())


# (why, pattern of the whole symbol without its version, files that may use it)
RULES = [
    ("the address of errno, cached across a switch", "__errno_location", {SYSTEM, SOCKETS, FILES}),
    ("a thread-local reached by a call, cached across a switch", "__tls_get_addr|_ZTW.*|_ZTH.*", set()),
    ("the thread's identity, cached across a switch", words("pthread_self thrd_current gettid"), {SYSTEM}),
    ("the exception state, cached across a switch", "__cxa_get_globals|__cxa_get_globals_fast", {EXCEPTIONS}),
    ("a clock", words("clock_gettime clock_getres clock gettimeofday time times ftime timespec_get"
                      " clock_getcpuclockid pthread_getcpuclockid")
     + r"|_ZNSt6chrono3_V2\d+(steady|system|high_resolution)_clock3nowEv", {CLOCK, SYSTEM}),
    ("randomness", words("rand srand rand_r random srandom drand48 getrandom getentropy arc4random")
     + "|_ZNSt13random_device.*", {SYSTEM}),
    ("the environment", words("getenv secure_getenv setenv unsetenv putenv environ __environ"), {SYSTEM}),
    ("a system call", words(
        "syscall futex mmap mmap64 munmap mremap mprotect madvise mincore mlock brk sbrk"
        " read write readv writev pread pwrite pread64 pwrite64 open open64 openat openat64 creat close fcntl"
        " fcntl64 ioctl dup dup2 dup3 pipe pipe2 eventfd eventfd_read eventfd_write timerfd_create"
        " timerfd_settime signalfd poll ppoll select pselect opendir readdir readdir64 closedir stat fstat"
        " lstat stat64 fstat64 access readlink unlink socket connect accept accept4 bind listen shutdown send"
        " recv sendto recvfrom sendmsg recvmsg getsockopt setsockopt fork vfork execve waitpid getpid"
        " nanosleep clock_nanosleep usleep sleep alarm setitimer timer_create timer_settime getrusage"
        " getrlimit setrlimit getrlimit64 setrlimit64 prctl personality sysconf get_nprocs getpagesize"
        " sysinfo uname membarrier getcpu") + "|epoll_.*|io_uring_.*|inotify_.*|sched_.*", {SYSTEM, SOCKETS, FILES}),
    ("a signal", words(
        "signal sigaction sigaltstack sigprocmask pthread_sigmask sigwait sigwaitinfo sigsuspend kill tgkill"
        " raise pthread_kill sigqueue"), {SYSTEM}),
    ("the end of the process", words("exit _exit _Exit quick_exit"), {SYSTEM}),
    ("a thread or a lock that blocks one", words("thrd_create thrd_sleep")
     + r"|pthread_(create|join|detach|mutex_.*|cond_.*|rwlock_.*|barrier_.*|attr_.*|getattr_np|key_.*"
       r"|setspecific|getspecific|setaffinity_np|getaffinity_np|setname_np|yield|cancel|atfork)"
     + r"|_ZNSt6thread.*|_ZNSt18condition_variable.*|_ZNSt11this_thread.*", {SYSTEM}),
    ("a stream", words(
        "fopen fopen64 fdopen fread fwrite fputs fputc putc putchar puts printf fprintf vprintf vfprintf"
        " perror fflush fflush_unlocked stdout stderr stdin dprintf vdprintf")
     + r"|_ZSt4(cout|cerr|clog)|_ZNSt14basic_[io]fstream.*|_ZNSt13basic_filebuf.*", {STREAMS}),
    ("libbacktrace", r"backtrace_(create_state|full|simple|print|pcinfo|syminfo|alloc|free|vector_.*)", {TRACE}),
]
COMPILED = [(why, re.compile(pattern), files) for why, pattern, files in RULES]


def violations(source, symbols):
    for symbol in sorted(symbols):
        name = symbol.split("@")[0]
        for why, pattern, files in COMPILED:
            # The fortified and the cancellable spellings of the C library are the same calls.
            bare = re.sub(r"^__(\w+)_chk$", r"\1", name)
            if source not in files and (pattern.fullmatch(name) or pattern.fullmatch(bare)):
                allowed = ", ".join(sorted(files)) or "nobody"
                yield f"{source}: {symbol} ({why}; allowed: {allowed})"


def undefined_symbols(objects):
    listing = subprocess.run(["nm", "-u", "-P", str(objects)], check=True, capture_output=True, text=True)
    return {line.split()[0] for line in listing.stdout.splitlines() if line.strip()}


def library_objects(build, root):
    """(source relative to the root, object file) of the library, from the build's own record, which names precompiled headers too."""
    for entry in json.loads((build / "compile_commands.json").read_text()):
        output = pathlib.PurePosixPath(entry["output"])
        if output.suffix == ".o" and re.fullmatch(r"libwarren\.(a|so[.\d]*)\.p", output.parts[0]):
            source = os.path.realpath(build / entry["file"])
            yield os.path.relpath(source, root), build / output


def self_test():
    wrong = []
    for source, symbol in [
        ("runtime/park.cpp", "__errno_location"), ("runtime/switch.cpp", "__tls_get_addr"),
        ("channels/core.cpp", "__cxa_get_globals"), ("time/sleep.cpp", "clock_gettime@GLIBC_2.17"),
        ("sync/mutex.cpp", "syscall"), ("runtime/stack.cpp", "epoll_pwait2"), ("runtime/stack.cpp", "__read_chk"),
        ("runtime/choice.cpp", "_ZNSt13random_device9_M_getvalEv"), ("runtime/go.cpp", "pthread_create"),
        ("runtime/monitor.cpp", "sched_yield"), ("runtime/trace.cpp", "backtrace_full"),
        ("context/context.cpp", "_ZNSt6chrono3_V212steady_clock3nowEv"),
    ]:
        if not list(violations(source, {symbol})):
            wrong.append(f"self-test: {symbol} in {source} is not reported")
    for source, symbol in [(SYSTEM, "syscall"), (CLOCK, "clock_gettime"), (EXCEPTIONS, "__cxa_get_globals"),
                           (TRACE, "backtrace_full"), ("runtime/go.cpp", "malloc")]:
        wrong += [f"self-test: {line}" for line in violations(source, {symbol})]
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("--sanitize", default="none")
    args = parser.parse_args()
    if args.sanitize != "none":
        print(f"skipped: with -fsanitize={args.sanitize} the compiler adds calls of its own")
        return 77
    bad, seen = self_test(), 0
    for source, objects in library_objects(args.build, os.path.realpath(args.root)):
        seen += 1
        bad += violations(source, undefined_symbols(objects))
    if seen == 0:
        bad.append("no object file of the library was found")
    print("\n".join(bad) or f"symbols: ok in {seen} object files")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
