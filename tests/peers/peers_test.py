#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Lets clients and servers that others wrote talk to ours.

usage: peers_test.py SERVER CLIENT PEER
PEER: ours, go_client, go_server, curl, wrk, h2load, python. Exit status 77: the peer is not installed.
The Go compiler is $GO, or `go`.
"""
import http.client
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile

PATIENCE = 100
HERE = pathlib.Path(__file__).resolve().parent
SCALE = int(os.environ.get("WARREN_TEST_SCALE", "1"))
DONE = "all as it should be\n"


class Missing(Exception):
    pass


def installed(name):
    found = shutil.which(name)
    if found is None:
        raise Missing(f"{name} is not installed")
    return found


def expect(what, got, wanted):
    if got != wanted:
        raise AssertionError(f"{what}: {got!r} in place of {wanted!r}")


def output(*args, timeout=PATIENCE, **more):
    done = subprocess.run([str(a) for a in args], capture_output=True, timeout=timeout, **more)
    if done.returncode != 0:
        raise AssertionError(f"{args[0]}: exit status {done.returncode}\n{done.stdout}\n{done.stderr.decode()}")
    return done.stdout


class Serving:
    """A server that runs, and where."""

    def __init__(self, *command):
        self.process = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def __enter__(self):
        line = self.process.stderr.readline().decode()
        found = re.fullmatch(r"listening on (\S+):(\d+)\n", line)
        if not found:
            raise AssertionError(f"the server said {line!r} in place of where it listens")
        self.host, self.port = found[1], int(found[2])
        return self

    def __exit__(self, *_):
        ended = self.process.poll()
        self.process.kill()
        said = self.process.stderr.read().decode()
        self.process.wait()
        self.process.stderr.close()
        expect("end of the server", (ended, said), (None, ""))

    @property
    def url(self):
        return f"http://{self.host}:{self.port}"


def go_program(name, folder):
    go = installed(os.environ.get("GO", "go"))
    program = pathlib.Path(folder) / name
    # The programs use what came with Go 1.25 and 1.22.
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": ""}
    environment.setdefault("GOCACHE", str(pathlib.Path.cwd() / "go_cache"))
    version = re.match(r"go version go(\d+)\.(\d+)", output(go, "version", env=environment).decode())
    if (int(version[1]), int(version[2])) < (1, 25):
        raise Missing(f"{version[0]} is older than 1.25")
    output(go, "build", "-o", program, HERE / f"{name}.go", timeout=400, env=environment)
    return program


def ours(server, client):
    with Serving(server) as s:
        expect("client", output(client, s.url).decode(), DONE)


def go_client(server, _):
    with tempfile.TemporaryDirectory() as folder:
        client = go_program("client", folder)
        with Serving(server) as s:
            expect("client", output(client, s.url).decode(), DONE)


def go_server(_, client):
    with tempfile.TemporaryDirectory() as folder:
        with Serving(go_program("server", folder)) as s:
            expect("client", output(client, s.url).decode(), DONE)


def curl(server, _):
    def get(*args):
        return output(installed("curl"), "-sS", "--max-time", PATIENCE, *args)

    data = bytes(range(256)) * 20_000
    with Serving(server) as s, tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        expect("get", get(f"{s.url}/hello"), b"hello, world\n")
        expect("head", get("-I", f"{s.url}/hello").split(b"\r\n")[0], b"HTTP/1.1 200 OK")
        expect("http 1.0", get("--http1.0", f"{s.url}/hello"), b"hello, world\n")
        expect("three on a connection", get(*[f"{s.url}/hello"] * 3, "-w", "%{num_connects}"),
               b"hello, world\n1hello, world\n0hello, world\n0")
        expect("upload", get("-T", file.name, f"{s.url}/echo") == data, True)
        expect("chunked upload", get("-T", file.name, "-H", "Transfer-Encoding: chunked", f"{s.url}/echo") == data, True)
        expect("expect", get("-H", "Expect: 100-continue", "--data-binary", f"@{file.name}", f"{s.url}/echo") == data,
               True)
        expect("redirects", get("-L", f"{s.url}/redirect/5", "-w", "%{num_redirects}"), b"hello, world\n6")
        expect("large", len(get(f"{s.url}/large?n=3000000")), 3_000_000)
        expect("status", get("-w", "%{http_code}", f"{s.url}/status/418"), b"418")
        expect("not there", get("-w", "%{http_code}", f"{s.url}/else"), b"404 page not found\n404")
        expect("trailers", get("--raw", f"{s.url}/trailers"), b"4\r\nbody\r\n0\r\nX-Sum: 42\r\n\r\n")


def wrk(server, _):
    with Serving(server) as s:
        said = output(installed("wrk"), "-t1", "-c32", "-d2s", f"{s.url}/hello").decode()
        requests = int(re.search(r"(\d+) requests in", said)[1])
        if requests < 1000 / SCALE or "errors" in said or "Non-2xx" in said:
            raise AssertionError(said)


def h2load(server, _):
    count = max(20_000 // SCALE, 400)
    with Serving(server) as s:
        said = output(installed("h2load"), "--h1", "-n", count, "-c", 32, "-t", 1, f"{s.url}/hello").decode()
        wanted = f"{count} total, {count} started, {count} done, {count} succeeded, 0 failed, 0 errored, 0 timeout"
        expect("h2load", re.search(r"requests: (.*)", said)[1], wanted)
        said = output(installed("h2load"), "--h1", "-m", 8, "-n", count, "-c", 8, f"{s.url}/hello").decode()
        expect("h2load with 8 pipelined", re.search(r"requests: (.*)", said)[1], wanted)


def python(server, _):
    def ask(connection, *request, **more):
        connection.request(*request, **more)
        answer = connection.getresponse()
        return answer, answer.read()

    with Serving(server) as s:
        connection = http.client.HTTPConnection(s.host, s.port, timeout=PATIENCE)
        for _ in range(100):
            answer, text = ask(connection, "GET", "/hello")
            expect("get", (answer.status, text), (200, b"hello, world\n"))
            expect("length", answer.getheader("Content-Length"), "13")
        where = connection.sock.getsockname()
        expect("head", ask(connection, "HEAD", "/hello")[1], b"")
        pieces = [bytes([n]) * n * 100 for n in range(1, 100)]
        whole = b"".join(pieces)
        expect("sized", ask(connection, "POST", "/echo", body=whole)[1] == whole, True)
        chunked = ask(connection, "POST", "/echo", body=iter(pieces), encode_chunked=True,
                      headers={"Transfer-Encoding": "chunked"})
        expect("chunked", chunked[1] == whole, True)
        expect("no content", ask(connection, "GET", "/status/204")[0].status, 204)
        expect("large", len(ask(connection, "GET", "/large?n=1000000")[1]), 1_000_000)
        expect("one connection for all", connection.sock.getsockname(), where)
        answer, text = ask(connection, "GET", "/close")
        expect("close", (text, answer.getheader("Connection")), (b"last", "close"))
        connection.close()
        pipelined(s)


def pipelined(s):
    """Requests that come all at once are answered in order."""
    with socket.create_connection((s.host, s.port), PATIENCE) as c:
        c.sendall(b"".join(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n%03d" % n for n in range(200)))
        received = b""
        while received.count(b"HTTP/1.1 200 OK") < 200 or not received.endswith(b"199"):
            piece = c.recv(65536)
            if not piece:
                raise AssertionError("the connection ended early")
            received += piece
        bodies = re.findall(rb"\r\n\r\n(\d{3})", received)
        expect("pipelined", bodies, [b"%03d" % n for n in range(200)])


PEERS = {f.__name__: f for f in (ours, go_client, go_server, curl, wrk, h2load, python)}


def main():
    server, client, peer = sys.argv[1:]
    try:
        PEERS[peer](server, client)
    except Missing as missing:
        print("skipped:", missing)
        return 77
    except (AssertionError, subprocess.TimeoutExpired) as failure:
        print(failure)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
