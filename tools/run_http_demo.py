#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the HTTP examples against each other and against real clients, shows what happens and checks it.

usage: run_http_demo.py FOLDER [SCENE...]
FOLDER holds the built examples. Without scenes: those of the two programs that wait and give up. Everything listens on
the loopback address at ports that the kernel chooses. Exit status 77: curl is not installed.
"""
import contextlib
import http.server
import os
import pathlib
import queue
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

PATIENCE = 30  # seconds that anything may take
# Sanitized programs are slow, and so is what is measured with them.
CANCEL_BOUND_MS = 10 if "WARREN_TEST_SCALE" not in os.environ else 500


class Failed(Exception):
    pass


def expect(what, got, wanted):
    if got != wanted:
        raise Failed(f"{what}: {got!r}, expected {wanted!r}")


class Program:
    """A program that runs, with the lines that it prints and when each came."""

    def __init__(self, *args):
        self.process = subprocess.Popen(
            [str(a) for a in args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines = {"stdout": queue.Queue(), "stderr": queue.Queue()}
        self.readers = [threading.Thread(target=self._read, args=(name,), daemon=True) for name in self.lines]
        for reader in self.readers:
            reader.start()

    def _read(self, name):
        for line in getattr(self.process, name):
            self.lines[name].put((time.monotonic(), line.decode().rstrip("\n")))
        self.lines[name].put((time.monotonic(), None))

    def next(self, name="stdout"):
        """The next line and its time; None at the end."""
        try:
            return self.lines[name].get(timeout=PATIENCE)
        except queue.Empty:
            raise Failed(f"nothing on {name} of {self.process.args[0]} for {PATIENCE} s") from None

    def line(self, wanted, name="stdout"):
        at, got = self.next(name)
        expect(f"{name} of {pathlib.Path(self.process.args[0]).name}", got, wanted)
        return at

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for reader in self.readers:
            reader.join()
        self.process.stdout.close()
        self.process.stderr.close()


@contextlib.contextmanager
def serving(*args):
    """A server of ours and the address at which it listens."""
    program = Program(*args)
    try:
        _, line = program.next("stderr")
        found = re.fullmatch(r"listening on (127\.0\.0\.1:\d+)", line or "")
        if not found:
            raise Failed(f"{pathlib.Path(args[0]).name} said {line!r} in place of where it listens")
        yield program, found[1]
        if program.process.poll() is not None:
            raise Failed(f"{pathlib.Path(args[0]).name} ended with status {program.process.returncode}")
    finally:
        program.end()


@contextlib.contextmanager
def python_server(handler):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def send(self, status, text, kind="text/plain"):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Fast(Quiet):
    def do_GET(self):
        time.sleep(0.01)
        self.send(200, "fast")


def output(*args):
    """Runs a program to its end. Returns what it prints."""
    done = subprocess.run([str(a) for a in args], stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
    if done.returncode != 0:
        raise Failed(f"{args}: exit status {done.returncode}, {done.stderr.decode()}")
    return done.stdout.decode()


def show(command, text):
    print(f"$ {command}\n{text}", flush=True)


def interrupt_curl(url, when):
    """Starts curl, waits until `when()` has returned, and interrupts it. Returns the time of that."""
    curl = subprocess.Popen(["curl", "-s", url], stdout=subprocess.DEVNULL)
    try:
        when()
        time.sleep(0.1)
        at = time.monotonic()
        curl.send_signal(signal.SIGINT)
        return at
    finally:
        try:
            curl.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            curl.kill()
            curl.wait()


# --- scenes -------------------------------------------------------------------------------------------
def http_server(folder):
    with serving(folder / "http_server", "127.0.0.1:0") as (server, address):
        url = f"http://{address}/"
        got = output("curl", "-s", url)
        server.line("processing request")
        show(f"curl {url}", got)
        expect("curl", got, "request processed")
        delays = []
        for _ in range(5):
            began = interrupt_curl(url, lambda: server.line("processing request"))
            delays.append(1000 * (server.line("request cancelled", "stderr") - began))
        show(f"curl {url} & sleep 0.1; kill -INT $!", "server: request cancelled, after " +
             ", ".join(f"{d:.1f}" for d in delays) + " ms")
        if statistics.median(delays) > CANCEL_BOUND_MS:
            raise Failed(f"a hang-up is to be noticed within {CANCEL_BOUND_MS} ms")


def http_client(folder):
    with python_server(Fast) as address:
        got = output(folder / "http_client", f"http://{address}/")
        show(f"http_client http://{address}/   # a fast server", got.rstrip())
        expect("against a fast server", got, "Response received, status code: 200\n")
    with serving(folder / "http_server", "127.0.0.1:0") as (server, address):
        began = time.monotonic()
        got = output(folder / "http_client", f"http://{address}/")
        took = time.monotonic() - began
        show(f"http_client http://{address}/   # http_server", got.rstrip())
        expect("against a slow server", got, f'Request failed: Get "http://{address}/": context deadline exceeded\n')
        server.line("processing request")
        server.line("request cancelled", "stderr")
        if not 0.1 <= took < 1.9:
            raise Failed(f"gave up after {took:.3f} s in place of 0.1 s")


def hello(folder):
    with serving(folder / "hello", "127.0.0.1:0") as (server, address):
        interrupt_curl(f"http://{address}/hello", lambda: server.line("server: hello handler started"))
        server.line("server: context canceled")
        server.line("server: hello handler ended")
        status = output("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", f"http://{address}/else")
        expect("another path", status, "404")


def echo_server(folder):
    with serving(folder / "echo_server", "127.0.0.1:0") as (_, address):
        host, port = address.split(":")
        clients = [socket.create_connection((host, int(port)), PATIENCE) for _ in range(20)]
        for n, client in enumerate(clients):
            client.sendall(b"%d " % n * 1000)
        for n, client in enumerate(clients):
            wanted, got = b"%d " % n * 1000, b""
            while len(got) < len(wanted):
                got += client.recv(65536) or b"the end"
            expect("echo", got, wanted)
            client.shutdown(socket.SHUT_WR)
            expect("after the end", client.recv(1), b"")
            client.close()


def make_site(folder):
    (folder / "sub").mkdir()
    (folder / "big.bin").write_bytes(bytes(range(256)) * 4096)
    (folder / "sub/page.html").write_text("<p>page")
    return (folder / "big.bin").read_bytes()


def check_files(address, content):
    url = f"http://{address}"
    expect("a page", output("curl", "-s", f"{url}/sub/page.html"), "<p>page")
    with tempfile.TemporaryDirectory() as temporary:
        target = pathlib.Path(temporary) / "got"
        for args, wanted in [((), content), (("-r", "1000-99999"), content[1000:100000])]:
            output("curl", "-s", "-o", target, *args, f"{url}/big.bin")
            expect(f"big.bin {args}", target.read_bytes() == wanted, True)
        target.write_bytes(content[:5000])
        output("curl", "-s", "-C", "-", "-o", target, f"{url}/big.bin")
        expect("a download that goes on", target.read_bytes() == content, True)
    parts = output("curl", "-s", "-r", "0-1,3-4", f"{url}/sub/page.html")
    expect("several ranges", parts.count("Content-Range: bytes "), 2)
    status = output("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--path-as-is", f"{url}/../../etc/passwd")
    expect("what lies outside", status, "404")


def file_server(folder):
    with tempfile.TemporaryDirectory() as site:
        content = make_site(pathlib.Path(site))
        with serving(folder / "file_server", site, "127.0.0.1:0") as (_, address):
            check_files(address, content)
            expect("a list", 'href="sub/"' in output("curl", "-s", f"http://{address}/"), True)


class Mirror(Quiet):
    """Sends back what it is sent, and which fields came."""

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        text = self.rfile.read(length).decode()
        fields = [f"{name}: {self.headers.get(name)}" for name in ("X-Forwarded-For", "X-Own", "Connection", "Host")]
        self.send(201, "\n".join([self.path, text, *fields]))


def reverse_proxy(folder):
    with tempfile.TemporaryDirectory() as site:
        content = make_site(pathlib.Path(site))
        with serving(folder / "file_server", site, "127.0.0.1:0") as (_, upstream):
            with serving(folder / "reverse_proxy", f"http://{upstream}", "127.0.0.1:0") as (_, address):
                check_files(address, content)
    with python_server(Mirror) as upstream:
        with serving(folder / "reverse_proxy", f"http://{upstream}", "127.0.0.1:0") as (_, address):
            got = output("curl", "-s", "-w", "\n%{http_code}", "--data", "some text", "-H", "X-Own: 1",
                         "-H", "Connection: X-Dropped", "-H", "X-Dropped: 1", f"http://{address}/a%2Fb?c=d")
            expect("what the upstream got", got.split("\n"),
                   ["/a%2Fb?c=d", "some text", "X-Forwarded-For: 127.0.0.1", "X-Own: 1", "Connection: None",
                    f"Host: {upstream}", "201"])
    # Nobody listens there now, and a client that gives up ends the request behind the proxy.
    with serving(folder / "reverse_proxy", f"http://{upstream}", "127.0.0.1:0") as (proxy, address):
        status = output("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", f"http://{address}/")
        expect("no upstream", status, "502")
        proxy.next("stderr")
    with serving(folder / "http_server", "127.0.0.1:0") as (server, upstream):
        with serving(folder / "reverse_proxy", f"http://{upstream}", "127.0.0.1:0") as (_, address):
            interrupt_curl(f"http://{address}/", lambda: server.line("processing request"))
            server.line("request cancelled", "stderr")


class Pages(Quiet):
    PAGES = {
        "/": ["one", "two/", "#here", "http://127.0.0.1:1/elsewhere", "mailto:somebody"],
        "/one": ["/", "two/deep?q=1", "missing"],
        "/two/": ["deep?q=1", "../one"],
        "/two/deep?q=1": [],
    }
    busy, most = 0, 0
    lock = threading.Lock()

    def do_GET(self):
        with Pages.lock:
            Pages.busy += 1
            Pages.most = max(Pages.most, Pages.busy)
        time.sleep(0.02)
        with Pages.lock:
            Pages.busy -= 1
        links = Pages.PAGES.get(self.path)
        if links is None:
            return self.send(404, "none")
        self.send(200, "".join(f'<a href="{link}">' for link in links), "text/html")


def crawler(folder):
    Pages.PAGES["/two/"] = ["deep?q=1", "../one", *(f"leaf{n}" for n in range(20))]
    for n in range(20):
        Pages.PAGES[f"/two/leaf{n}"] = ["/"]
    with python_server(Pages) as address:
        got = output(folder / "crawler", f"http://{address}/").splitlines()
    def page(path, status="200 OK"):
        return f"{status} http://{address}{path}"
    leaves = sorted(page(f"/two/leaf{n}") for n in range(20))
    wanted = [page("/"), page("/one"), page("/two/"), page("/missing", "404 Not Found"), page("/two/deep?q=1"), *leaves]
    expect("pages", got, wanted)
    if Pages.most > 4:
        raise Failed(f"{Pages.most} requests at a time")


SCENES = {f.__name__: f for f in (http_server, http_client, hello, echo_server, file_server, reverse_proxy, crawler)}


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    if shutil.which("curl") is None:
        print("skipped: curl is not installed")
        return 77
    for name in sys.argv[2:] or ["http_server", "http_client"]:
        try:
            SCENES[name](folder)
        except (Failed, subprocess.TimeoutExpired) as failure:
            print(f"{name}: {failure}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
