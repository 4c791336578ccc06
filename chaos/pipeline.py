#!/usr/bin/env python3
"""Pipelines random requests over raw sockets, against backends that fail in every way, and checks each answer.

  chaos/pipeline.py --lbd .build/release/lbd [--seconds 30] [--seed N] [--io io_uring|epoll|both]

Each connection sends a few requests back to back: GET, HEAD and POST, with bodies of 0 to 300 KB by length or in chunks, `Expect`,
HTTP/1.0. The bytes are cut at random places. Backends answer early, answer garbage, stall, reset or close in the middle of it.
Every body is made of well-formed requests: if lbd loses its place in a connection, it forwards one of them.
Exit status 1 when

- an answer belongs to another request than the next one, or its body does, or one that a reset broke off looks whole,
- a backend gets a request (method and target) that no client sent as one, or a body that is not the one of its request,
- a POST reaches backends twice,
- lbd refuses a well-formed request, says something behind the answer that it called the last one, or keeps a connection
  and never answers what it was sent on it,
- lbd ends.

`--seed` repeats what is sent and what backends do, though not the machine's timing.
"""

import argparse
import collections
import ctypes
import fcntl
import os
import random
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

PATIENCE = 12.0  # seconds in which lbd answers whatever a backend does: twice the sum of its timeouts below
CONFIG = """listeners: [{{address: "127.0.0.1:{port}"}}]
admin: {{address: "127.0.0.1:{admin}"}}
workers: 2
access_log: off
pools:
  default:
    health_check: off
    passive: off
    timeouts: {{connect: 1s, queue: 2s, response_first_byte: 700ms, response_stall: 400ms{total}}}
backends:
{backends}"""


class Ledger:
    """What clients sent, and every rule that was broken."""

    def __init__(self):
        self.lock = threading.Lock()
        self.sent = {}  # id -> (method, length of its body)
        self.arrivals = collections.Counter()
        self.faults = collections.Counter()
        self.examples = []
        self.counts = collections.Counter()

    def send(self, identity, method, length):
        with self.lock:
            self.sent[identity] = (method, length)

    def fault(self, kind, example):
        with self.lock:
            self.faults[kind] += 1
            if len(self.examples) < 20:
                self.examples.append(f"{kind}: {example}")

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    def arrive(self, method, target, backend):
        """Returns the length that the body of this request is to have; None when nobody sent it."""
        identity = target[1:]
        with self.lock:
            known = self.sent.get(identity)
            self.arrivals[identity] += 1
            times = self.arrivals[identity]
        if known is None or known[0] != method or target[:1] != "/":
            self.fault("a request that no client sent", f"{backend} got {method} {target}")
            return None
        if method == "POST" and times > 1:
            self.fault("a POST that came twice", f"{backend} got {target}, {times} times by now")
        return known[1]


def body_of(identity, count):
    """A body that is a request, over and over."""
    line = f"GET /smuggled-{identity} HTTP/1.1\r\nHost: smuggled\r\nX-Id: smuggled-{identity}\r\n\r\n".encode()
    return (line * (count // len(line) + 1))[:count]


# MARK: backends


class Lost(Exception):
    pass


class Reader:
    def __init__(self, connection):
        self.connection, self.unread = connection, bytearray()

    def more(self, most=1 << 16):
        data = self.connection.recv(most)
        if not data:
            raise Lost
        self.unread += data

    def line(self):
        while (at := self.unread.find(b"\r\n")) < 0:
            if len(self.unread) > 70_000:
                raise ValueError("a line without an end")
            self.more()
        line = bytes(self.unread[:at])
        del self.unread[: at + 2]
        return line

    def some(self, most):
        if not self.unread:
            self.more()
        data = bytes(self.unread[:most])
        del self.unread[: len(data)]
        return data


class Backend:
    def __init__(self, name, ledger, seed):
        self.name, self.ledger, self.seed, self.connections = name, ledger, seed, 0
        self.listener = socket.socket()
        # A small window: a backend that does not read holds lbd's last piece up early.
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            chance = random.Random(f"{self.seed}-{self.name}-{self.connections}")
            threading.Thread(target=self.serve, args=(connection, chance), daemon=True).start()

    def serve(self, connection, chance):
        connection.settimeout(60)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader = Reader(connection)
        try:
            while self.exchange(connection, reader, chance):
                pass
        except (OSError, Lost):
            pass
        except ValueError as fault:
            self.ledger.fault("a request that is none", f"{self.name}: {fault}")
        finally:
            connection.close()

    def exchange(self, connection, reader, chance):
        """One request and its answer; whether the connection goes on."""
        words = reader.line().split(b" ")
        if len(words) != 3 or words[2] not in (b"HTTP/1.1", b"HTTP/1.0"):
            raise ValueError(f"a first line of {b' '.join(words)[:80]!r}")
        fields = {}
        while line := reader.line():
            name, colon, value = line.partition(b":")
            if not colon:
                raise ValueError(f"a field of {line[:80]!r}")
            fields[name.lower()] = value.strip()
        method, target = words[0].decode("latin-1"), words[1].decode("latin-1")
        length = self.ledger.arrive(method, target, self.name)
        if length is None:
            return False
        identity = target[1:]
        # A long body is where it goes wrong most often.
        fault = chance.random() * (0.7 if length > 65_536 else 1.3)
        # Where in the body: most often so far before its end that all behind it is in a kernel, or that lbd just has its last
        # piece in hand, with the next request's bytes behind it.
        near = max(0, length - chance.randint(0, chance.choice([100, 20_000, 200_000])))
        at = near if chance.random() < 0.8 else chance.randint(0, length)
        if chance.random() < 0.2:
            at = length + 1
        if b"expect" in fields and chance.random() < 0.7:
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        kept = self.read_body(reader, fields, identity, length, at, chance)
        if fault < 0.2:
            connection.sendall(chance.choice(GARBAGE))
            time.sleep(0.05)
            return False
        if fault < 0.34:
            # Longer than `response_stall`, `response_first_byte` and, where there is one, `total`.
            time.sleep(chance.choice([0.45, 0.6, 1.2]))
            if chance.random() < 0.5:
                return False
        elif fault < 0.38:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        elif fault < 0.41:
            return False
        head, body = answer(identity, method, length, chance)
        whole = head + body
        if fault < 0.5 and b"Content-Length" not in head and b"chunked" not in head:
            # Its end is that of the connection: there is no telling that it was cut.
            fault = 1
        if fault < 0.46:
            connection.sendall(whole[: chance.randint(0, len(whole))])
            return False
        if fault < 0.5:
            connection.sendall(whole[: chance.randint(0, len(whole))])
            time.sleep(0.6)
            return False
        connection.sendall(whole)
        if b"Connection: close" in head:
            return False
        if kept is not None:
            # It answered early, and reads the rest like one that is polite, or goes.
            if chance.random() < 0.5:
                return False
            self.read_rest(reader, kept)
        return chance.random() > 0.05

    def read_body(self, reader, fields, identity, length, stop, chance):
        """Reads up to `stop` bytes of the body and checks them. None when it has read all, else how to read on."""
        expected = body_of(identity, length)
        chunked = fields.get(b"transfer-encoding", b"").lower() == b"chunked"
        if not chunked and int(fields.get(b"content-length", b"0")) != length:
            raise ValueError(f"{identity} announces {fields.get(b'content-length')} bytes, it had {length}")
        pause = chance.choice([0, 0, 0, 0.0005, 0.002])
        got = 0

        def check(data):
            nonlocal got
            if expected[got : got + len(data)] != data:
                self.ledger.fault("a body that is another one's", f"{self.name}: {identity} at byte {got}")
                raise Lost
            got += len(data)
            if pause:
                time.sleep(pause)

        left = 0 if chunked else length
        while True:
            while left:
                if got >= stop:
                    return (left, chunked)
                data = reader.some(min(left, 8192))
                check(data)
                left -= len(data)
            if not chunked:
                break
            if got:
                if reader.line():
                    raise ValueError(f"{identity}: bytes past the end of a chunk")
            left = int(reader.line().split(b";")[0], 16)
            if left == 0:
                while reader.line():
                    pass
                break
        if got != length:
            self.ledger.fault("a body that is another one's", f"{self.name}: {identity} had {length} bytes, {got} came")
            raise Lost
        return None

    @staticmethod
    def read_rest(reader, kept):
        left, chunked = kept
        while True:
            while left:
                left -= len(reader.some(left))
            if not chunked:
                return
            reader.line()
            left = int(reader.line().split(b";")[0], 16)
            if left == 0:
                while reader.line():
                    pass
                return


GARBAGE = [
    b"garbage\r\n\r\n",
    b"\x00\x01\x02\x03\r\n\r\n",
    b"HTTP/1.1 two hundred\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
]


def answer(identity, method, length, chance):
    body = f"{identity} {method} {length}\n".encode() + b"a" * chance.choice([0, 10, 3_000, 60_000])
    head = f"HTTP/1.1 200 OK\r\nX-Id: {identity}\r\n".encode()
    kind = chance.random()
    if method == "HEAD":
        return head + b"Content-Length: %d\r\n\r\n" % len(body), b""
    if kind < 0.6:
        return head + b"Content-Length: %d\r\n\r\n" % len(body), body
    if kind < 0.85:
        cut = chance.randint(1, len(body))
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:cut], body[cut:]) if part)
        return head + b"Transfer-Encoding: chunked\r\n\r\n", chunks + b"0\r\n\r\n"
    if kind < 0.93:
        return head + b"Connection: close\r\n\r\n", body
    return head + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body), body


# MARK: clients


class Request:
    def __init__(self, identity, chance):
        self.identity = identity
        self.method = chance.choices(["GET", "HEAD", "POST"], [4, 1, 5])[0]
        self.minor = 0 if chance.random() < 0.06 else 1
        self.length = 0
        fields = [f"Host: lb.test\r\nX-Request-Id: {identity}\r\nX-Id: {identity}\r\n"]
        body = b""
        if self.method == "POST":
            # Up to 64 KiB are kept to be sent again; what is longer is not.
            self.length = chance.choice([0, 10, 1_000, 20_000, 65_536, 65_537, chance.randint(66_000, 300_000), chance.randint(66_000, 150_000)])
            body = body_of(identity, self.length)
            if self.minor == 1 and chance.random() < 0.35:
                fields.append("Transfer-Encoding: chunked\r\n")
                body = chunks(body, chance)
            else:
                fields.append(f"Content-Length: {self.length}\r\n")
            if self.minor == 1 and self.length and chance.random() < 0.1:
                fields.append("Expect: 100-continue\r\n")
        self.is_last = False
        if self.minor == 0:
            self.is_last = chance.random() < 0.5
            if not self.is_last:
                fields.append("Connection: keep-alive\r\n")
        elif chance.random() < 0.03:
            self.is_last = True
            fields.append("Connection: close\r\n")
        chance.shuffle(fields)
        head = f"{self.method} /{identity} HTTP/1.{self.minor}\r\n{''.join(fields)}\r\n".encode()
        self.bytes = head + body


def chunks(body, chance):
    parts, at = [], 0
    most = chance.choice([10, 1_000, 20_000, 100_000])
    most = max(most, len(body) // 500)
    while at < len(body):
        size = min(chance.randint(1, most), len(body) - at)
        extension = chance.choice([b"", b"", b"", b";a=b"])
        parts.append(b"%x%s\r\n%s\r\n" % (size, extension, body[at : at + size]))
        at += size
    trailer = b"X-Trailer: t\r\n" if chance.random() < 0.2 else b""
    return b"".join(parts) + b"0\r\n" + trailer + b"\r\n"


class Answers:
    """Parses what comes back, as answers to these requests in this order."""

    def __init__(self, requests, ledger):
        self.requests, self.ledger = requests, ledger
        self.buffer = bytearray()
        self.index = 0  # of the request whose answer comes next
        self.state, self.left = "head", 0
        self.body = bytearray()
        self.is_own = self.says_close = False
        self.is_over = False  # the answer that came last is the connection's last
        self.broken = False
        self.last_heard = time.monotonic()

    def fault(self, kind, example):
        self.broken = True
        request = self.requests[min(self.index, len(self.requests) - 1)]
        before = " after " + ",".join(f"{r.method}:{r.length}" for r in self.requests[: self.index]) if self.index else ""
        self.ledger.fault(kind, f"{request.method} {request.identity} ({request.length} bytes){before}: {example}")

    def feed(self, data):
        self.last_heard = time.monotonic()
        self.buffer += data
        while not self.broken and self.step():
            pass

    def step(self):
        if self.state == "head":
            if self.index == len(self.requests) or self.is_over:
                if self.buffer:
                    self.fault("bytes behind the last answer", bytes(self.buffer[:80]))
                return False
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return False
            head = bytes(self.buffer[:end]).decode("latin-1").split("\r\n")
            del self.buffer[: end + 4]
            return self.begin(head)
        if self.state == "length":
            part = self.buffer[: self.left]
            self.body += part
            self.left -= len(part)
            del self.buffer[: len(part)]
            if self.left:
                return False
            self.finish()
            return True
        if self.state == "close":
            self.body += self.buffer
            self.buffer.clear()
            return False
        # chunked
        end = self.buffer.find(b"\r\n")
        if self.state == "size":
            if end < 0:
                return False
            try:
                self.left = int(bytes(self.buffer[:end]), 16)
            except ValueError:
                self.fault("an answer that is none", f"a chunk size of {bytes(self.buffer[:80])!r}")
                return False
            del self.buffer[: end + 2]
            self.state = "chunk" if self.left else "trailers"
            return True
        if self.state == "chunk":
            if len(self.buffer) < self.left + 2:
                return False
            self.body += self.buffer[: self.left]
            del self.buffer[: self.left + 2]
            self.state = "size"
            return True
        if end < 0:
            return False
        is_end = end == 0
        del self.buffer[: end + 2]
        if is_end:
            self.finish()
        return True

    def begin(self, head):
        request = self.requests[self.index]
        words = head[0].split(" ", 2)
        if len(words) < 2 or words[0] not in ("HTTP/1.1", "HTTP/1.0") or not words[1].isdigit():
            self.fault("an answer that is none", head[0][:80])
            return False
        status = int(words[1])
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        if status < 200:
            return True
        self.body = bytearray()
        self.is_own = "x-id" not in fields
        self.status = status
        identity = fields.get("x-request-id") if self.is_own else fields["x-id"]
        if self.is_own and status in (400, 405, 414, 417, 431, 501, 505):
            self.fault("a well-formed request that was refused", f"{head[0]} {fields.get('proxy-status', '')}")
            return False
        if self.is_own and identity is not None and identity != request.identity:
            self.fault("an error for another request", f"{head[0]} for {identity}")
            return False
        if not self.is_own and identity != request.identity:
            self.fault("an answer to another request", f"that to {identity}")
            return False
        connection = fields.get("connection", "").lower()
        self.says_close = "close" in connection or (request.minor == 0 and "keep-alive" not in connection)
        if request.method == "HEAD" or status in (204, 304):
            self.finish(hasBody=False)
        elif fields.get("transfer-encoding", "").lower() == "chunked":
            self.state = "size"
        elif "content-length" in fields:
            self.state, self.left = "length", int(fields["content-length"])
        else:
            self.state, self.says_close = "close", True
        return True

    def finish(self, hasBody=True):
        request = self.requests[self.index]
        wanted = f"{request.identity} {request.method} {request.length}\n".encode()
        if hasBody and not self.is_own and not self.body.startswith(wanted):
            is_cut = wanted.startswith(self.body)
            kind = "a broken answer that was passed on as a whole one" if is_cut else "the body of another answer"
            self.fault(kind, bytes(self.body[:80]))
        self.ledger.count("answered by lbd" if self.is_own else "answered")
        self.index += 1
        self.state = "head"
        self.is_over = self.says_close or request.is_last
        self.last_heard = time.monotonic()

    def end(self, how):
        """The connection has ended."""
        if self.broken or self.index == len(self.requests):
            return
        if self.state == "close" and how == "end":
            return self.finish()
        self.ledger.count("cut short" if self.state != "head" or self.buffer else "closed" if self.is_over else "closed without a word")


def converse(port, requests, chance, ledger):
    answers = Answers(requests, ledger)
    data = b"".join(r.bytes for r in requests)
    at, started = 0, time.monotonic()
    connection = socket.create_connection(("127.0.0.1", port), 10)
    connection.setblocking(False)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    cuts = chance.choice([64, 1_500, 16_384, 65_536, 1 << 20])
    is_slow = chance.random() < 0.2
    reads_late = chance.random() < 0.2
    try:
        while not answers.broken:
            wants_write = at < len(data)
            reading = [] if reads_late and wants_write and time.monotonic() - started < 3 else [connection]
            readable, writable, _ = select.select(reading, [connection] if wants_write else [], [], 0.5)
            if writable:
                size = chance.randint(1, max(cuts, len(data) // 300))
                try:
                    at += connection.send(data[at : at + size])
                except BlockingIOError:
                    pass
                except OSError:
                    at = len(data)
                if is_slow and chance.random() < 0.1:
                    time.sleep(chance.random() * 0.02)
            if readable:
                try:
                    got = connection.recv(1 << 16)
                except BlockingIOError:
                    continue
                except OSError:
                    return answers.end("reset")
                if not got:
                    return answers.end("end")
                answers.feed(got)
            if at == len(data) and answers.index == len(requests):
                return
            if answers.is_over and not wants_write and time.monotonic() - answers.last_heard > 2:
                return
            if at == len(data) and time.monotonic() - max(answers.last_heard, started) > PATIENCE:
                answers.fault("a request that was never answered", f"{PATIENCE:.0f} s of silence on a connection that is open")
    finally:
        connection.close()


def client(number, port, seed, stop, ledger):
    chance = random.Random(f"{seed}-{number}")
    count = 0
    while not stop.is_set():
        requests = []
        for _ in range(chance.choice([1, 2, 2, 3, 4, 6, 8])):
            count += 1
            request = Request(f"{number}-{count}", chance)
            requests.append(request)
            ledger.send(request.identity, request.method, request.length)
            if request.is_last:
                break
        try:
            converse(port, requests, chance, ledger)
        except OSError as fault:
            if not stop.is_set():
                ledger.fault("lbd takes no connections", str(fault))
                time.sleep(0.5)
        ledger.count("connections")


def narrow():
    """A network of its own (needs root), in which kernels hold a few KB of a connection and not megabytes.

    Only so is lbd often found with the last piece of an upload in its hands. Everything works without it, and finds less.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "unshare") or libc.unshare(0x40000000) != 0:  # CLONE_NEWNET
        return False
    with socket.socket() as s:
        fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", 0x41))  # SIOCSIFFLAGS: up, running
    for name in ("tcp_wmem", "tcp_rmem"):
        try:
            with open(f"/proc/sys/net/ipv4/{name}", "w") as file:
                file.write("4096 4096 16384")
        except OSError:
            pass
    return True


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def run(lbd, engine, seconds, seed, clients):
    ledger = Ledger()
    backends = [Backend(f"b{number}", ledger, seed) for number in range(4)]
    directory = tempfile.mkdtemp(prefix="pipeline-")
    port, admin = free_port(), free_port()
    config = os.path.join(directory, "lb.yaml")
    with open(config, "w") as file:
        file.write(
            CONFIG.format(
                port=port,
                admin=admin,
                total=", total: 1s" if seed % 2 else "",
                backends="".join(f'  {b.name}: {{url: "http://127.0.0.1:{b.port}"}}\n' for b in backends),
            )
        )
    log = open(os.path.join(directory, "lbd.log"), "w")
    process = subprocess.Popen(
        [lbd, "--config", config, "--state", os.path.join(directory, "state"), "--io", engine], stdout=log, stderr=log
    )
    stop = threading.Event()
    threads = []
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    print(open(log.name).read()[-2000:])
                    raise SystemExit(f"lbd did not start with --io {engine}")
                time.sleep(0.05)
        for number in range(clients):
            thread = threading.Thread(target=client, args=(number, port, seed, stop, ledger), daemon=True)
            thread.start()
            threads.append(thread)
        end = time.monotonic() + seconds
        while time.monotonic() < end and process.poll() is None:
            time.sleep(0.1)
        stop.set()
        for thread in threads:
            thread.join(PATIENCE + 20)
        if any(thread.is_alive() for thread in threads):
            ledger.fault("a client that never ends", f"{sum(t.is_alive() for t in threads)} of them")
        if process.poll() is not None:
            ledger.fault("lbd ended", f"with {process.poll()}: {open(log.name).read()[-500:]}")
    finally:
        stop.set()
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for backend in backends:
            backend.listener.close()
        shutil.rmtree(directory, ignore_errors=True)
    counts = ", ".join(f"{count} {what}" for what, count in sorted(ledger.counts.items()))
    print(f"pipeline: {engine}, seed {seed}: {len(ledger.sent)} requests: {counts}", flush=True)
    for example in ledger.examples:
        print(f"  {example}")
    for kind, count in ledger.faults.most_common():
        print(f"FAIL  {count} x {kind}")
    return not ledger.faults


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--lbd", default=".build/release/lbd")
    arguments.add_argument("--seconds", type=float, default=30, help="of both engines together")
    arguments.add_argument("--seed", type=int, default=int(time.time()))
    arguments.add_argument("--io", default="both", choices=["io_uring", "epoll", "both"])
    arguments.add_argument("--clients", type=int, default=16)
    options = arguments.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if not narrow():
        print("pipeline: no network namespace to be had (needs root): kernels hold megabytes, and less is found")
    engines = ["io_uring", "epoll"] if options.io == "both" else [options.io]
    is_good = True
    for number, engine in enumerate(engines):
        # An odd seed also has a total timeout: one engine with it, one without.
        is_good &= run(os.path.abspath(options.lbd), engine, options.seconds / len(engines), options.seed + number, options.clients)
    print(f"{'ok' if is_good else 'FAIL'}: pipelining (seed {options.seed})")
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()
