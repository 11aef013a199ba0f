#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures what a request costs: warren's servers and client beside Go's and nginx's.

Server and client have a processor each. What counts is the processor time (user and system) that the process under test
spends for a request; the programs take turns, and the median of the turns counts. A ratio is the peer's cost by
warren's: above 1 warren is cheaper.

  hello   a response of 13 bytes over 64 kept-alive connections; load by wrk
  echo    64 bytes there and back over 256 connections; load by warren's echo_load
  client  64 goroutines getting 13 bytes; the server is nginx, or Go's where there is no nginx

Go is taken from PATH or from the environment (GO=/path/to/go), nginx and wrk from PATH. What is missing is named.

usage: bench_network.py --build FOLDER [--turns N] [--seconds N] [hello echo client]
"""
import argparse
import contextlib
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

root = pathlib.Path(__file__).resolve().parent.parent
SERVER_CPU, CLIENT_CPU = "0", "1"
TICK = os.sysconf("SC_CLK_TCK")
NGINX = """worker_processes 1; daemon off; master_process off; error_log /dev/null; pid {folder}/pid;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 100000000; server {{ listen 127.0.0.1:{port}; return 200 "Hello, world!"; }} }}
"""


def processor_seconds(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


@contextlib.contextmanager
def serving(command, address=None):
    """Starts a server on its processor; yields its pid and address."""
    with subprocess.Popen(["taskset", "-c", SERVER_CPU, *command], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.DEVNULL, env=dict(os.environ, GOMAXPROCS="1")) as server:
        try:
            at = address or server.stdout.readline().strip()
            wait_until_it_listens(at)
            yield server.pid, at
        finally:
            server.kill()


def wait_until_it_listens(address: str):
    host, port = address.rsplit(":", 1)
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection((host, int(port))):
            return
        time.sleep(0.01)
    sys.exit(f"nothing listens on {address}")


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextlib.contextmanager
def nginx_serving():
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        configuration = pathlib.Path(folder, "nginx.conf")
        configuration.write_text(NGINX.format(folder=folder, port=port))
        command = ["nginx", "-p", folder, "-c", str(configuration)]
        with serving(command, f"127.0.0.1:{port}") as found:
            yield found


def loaded(command) -> str:
    done = subprocess.run(["taskset", "-c", CLIENT_CPU, *command], text=True, capture_output=True, check=True,
                          env=dict(os.environ, GOMAXPROCS="1"))
    return done.stdout


def microseconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]


class Bench:
    def __init__(self, options):
        self.options = options
        self.build = pathlib.Path(options.build).resolve()
        self.go = self.build_go()
        self.has_nginx = shutil.which("nginx") is not None
        if not self.has_nginx:
            print("nginx: not compared (not on PATH)")

    def build_go(self):
        go = os.environ.get("GO") or shutil.which("go")
        if not go or not shutil.which(go):
            print("Go: not compared (no `go` on PATH, and GO is not set)")
            return None
        program = self.build / "bench" / "go_network"
        environment = {"GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local", **os.environ}
        subprocess.run([go, "build", "-o", str(program), "."], cwd=root / "bench/peers/go_network", env=environment,
                       check=True)
        return str(program)

    def ours(self, name):
        return str(self.build / "bench" / "network" / name)

    def servers(self, name):
        found = {"warren": lambda: serving([self.ours(name)])}
        if self.go:
            found["Go"] = lambda: serving([self.go, name])
        if self.has_nginx and name == "hello_server":
            found["nginx"] = nginx_serving
        return found

    def in_turns(self, title, programs, measure):
        """Each program's medians: cost in microseconds of processor time, requests a second, 99th percentile."""
        taken = {label: [] for label in programs}
        for _ in range(self.options.turns):
            for label, program in programs.items():
                taken[label].append(measure(program))
        print(f"\n{title}\n  {'':8} {'us/request':>11} {'requests/s':>11} {'p99 us':>8}  ratio")
        cost = {}
        for label, runs in taken.items():
            cost[label], rate, late = (statistics.median(r[i] for r in runs) for i in range(3))
            ratio = f"{cost[label] / cost['warren']:.2f}"
            print(f"  {label:8} {cost[label]:11.2f} {rate:11.0f} {late:8.0f}  {ratio}")

    def hello(self):
        if not shutil.which("wrk"):
            return print("hello: not measured (no wrk on PATH)")
        seconds = self.options.seconds

        def measure(program):
            with program() as (pid, address):
                loaded(["wrk", "-t1", "-c64", "-d1s", f"http://{address}/"])
                before = processor_seconds(pid)
                said = loaded(["wrk", "-t1", "-c64", f"-d{seconds}s", "--latency", f"http://{address}/"])
                spent = processor_seconds(pid) - before
            requests = int(re.search(r"(\d+) requests in", said)[1])
            late = microseconds(re.search(r"99%\s+(\S+)", said)[1])
            return spent * 1e6 / requests, requests / seconds, late

        self.in_turns("hello: server, 64 connections, 13 bytes", self.servers("hello_server"), measure)

    def echo(self):
        seconds = self.options.seconds

        def measure(program):
            with program() as (pid, address):
                before = processor_seconds(pid)
                said = loaded([self.ours("echo_load"), address, "256", str(seconds)])
                spent = processor_seconds(pid) - before
            messages, _, late = map(float, said.split())
            return spent * 1e6 / messages, messages / seconds, late

        self.in_turns("echo: server, 256 connections, 64 bytes", self.servers("echo_server"), measure)

    def client(self):
        seconds = self.options.seconds
        clients = {"warren": [self.ours("http_load")]}
        if self.go:
            clients["Go"] = [self.go, "http_load"]
        server = nginx_serving if self.has_nginx else self.servers("hello_server").get("Go")
        if server is None:
            return print("client: not measured (neither nginx nor Go)")

        def measure(command):
            with server() as (_, address):
                said = loaded([*command, f"http://{address}/", "64", str(seconds)])
            requests, spent, late = map(float, said.split())
            return spent / requests, requests / seconds, late

        self.in_turns("client: 64 goroutines, 13 bytes", clients, measure)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("which", nargs="*", default=["hello", "echo", "client"])
    options = parser.parse_args()
    bench = Bench(options)
    for name in options.which:
        getattr(bench, name)()


if __name__ == "__main__":
    main()
