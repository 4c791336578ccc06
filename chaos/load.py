"""Clients that check every answer they get and count what goes wrong by its cause."""

import collections
import http.client
import importlib.util
import random
import shutil
import socket
import subprocess
import threading
import time

IDEMPOTENT = {"GET", "HEAD", "PUT", "DELETE"}
# Behind a connection's end without an answer on a connection that was used before, a client may send an idempotent
# request again (RFC 9112 §9.3.1), and every library and browser does.
GONE = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)


class Tally:
    def __init__(self):
        self.lock = threading.Lock()
        self.requests = collections.Counter()
        self.errors = collections.Counter()
        self.examples = {}
        self.reconnects = 0
        # While lbd itself is dead there is nobody to answer.
        self.excused = threading.Event()

    def good(self, client, idempotent=True, count=1):
        with self.lock:
            self.requests[client, idempotent] += count

    def bad(self, client, idempotent, cause, example="", excused=False):
        with self.lock:
            self.requests[client, idempotent] += 1
            kind = "excused" if excused or self.excused.is_set() else "idempotent" if idempotent else "other"
            self.errors[kind, client, cause] += 1
            self.examples.setdefault((kind, client, cause), f"{time.strftime('%H:%M:%S')} {example}")

    def count(self, kind):
        return sum(count for (k, _, _), count in self.errors.items() if k == kind)

    def report(self):
        lines = ["client            requests   idempotent"]
        for client in sorted({client for client, _ in self.requests}):
            safe, other = self.requests[client, True], self.requests[client, False]
            lines.append(f"{client:16} {safe + other:9} {safe:12}")
        lines.append(f"sent again on a fresh connection by the client itself: {self.reconnects}")
        for (kind, client, cause), count in sorted(self.errors.items()):
            lines.append(f"error: {kind:10} {client:12} {cause}: {count}  first: {self.examples[kind, client, cause]}")
        return "\n".join(lines)


def keep_alive(tally, port, stop, seed):
    """Mixed methods on a connection that is kept: the body must be the answer to this very request."""
    chance = random.Random(seed)
    connection, uses, number = None, 0, 0
    while not stop.is_set():
        number += 1
        identity = f"{seed}-{number}"
        method = chance.choices(["GET", "HEAD", "PUT", "DELETE", "POST"], [60, 5, 15, 5, 15])[0]
        body = b"x" * chance.choice([0, 1, 100, 5000, 40_000]) if method in ("PUT", "POST") else None
        is_safe = method in IDEMPOTENT
        for attempt in range(2):
            try:
                if connection is None:
                    connection, uses = http.client.HTTPConnection("127.0.0.1", port, timeout=30), 0
                    connection.connect()
                uses += 1
                connection.request(method, "/", body, {"X-Id": identity})
                answer = connection.getresponse()
                data = answer.read()
                if answer.status != 200:
                    tally.bad("keep-alive", is_safe, f"{answer.status} {answer.getheader('Proxy-Status', '')}", identity)
                elif answer.getheader("X-Id") != identity or (
                    method != "HEAD" and not data.startswith(f"{identity} {len(body or b'')} ".encode())
                ):
                    tally.bad("keep-alive", is_safe, "another request's answer", f"{identity}: {data[:60]}")
                else:
                    tally.good("keep-alive", is_safe)
                if answer.will_close or chance.random() < 0.02:
                    connection.close()
                    connection = None
            except (OSError, http.client.HTTPException) as fault:
                connection.close() if connection else None
                connection = None
                if uses > 1 and is_safe and attempt == 0 and isinstance(fault, GONE):
                    with tally.lock:
                        tally.reconnects += 1
                    continue
                tally.bad("keep-alive", is_safe, type(fault).__name__, f"{method} {identity} {fault}")
                if tally.excused.is_set():
                    time.sleep(0.02)
            break


def fresh(tally, port, stop, seed):
    """A connection for each request."""
    number = 0
    while not stop.is_set():
        number += 1
        identity = f"f{seed}-{number}"
        try:
            with socket.create_connection(("127.0.0.1", port), 30) as client:
                client.settimeout(30)
                client.sendall(f"GET /hints HTTP/1.1\r\nHost: a\r\nX-Id: {identity}\r\nConnection: close\r\n\r\n".encode())
                data = b""
                while part := client.recv(65536):
                    data += part
            final = data[data.rfind(b"HTTP/1.1 "):]
            if not final.startswith(b"HTTP/1.1 200"):
                tally.bad("fresh", True, final[:30].split(b"\r")[0].decode("latin-1") or "nothing", identity)
            elif identity.encode() not in final:
                tally.bad("fresh", True, "another request's answer", identity)
            else:
                tally.good("fresh")
        except OSError as fault:
            tally.bad("fresh", True, type(fault).__name__, str(fault))
            if tally.excused.is_set():
                time.sleep(0.02)


def transfers(tally, port, stop, seed):
    """Uploads in chunks."""
    chance = random.Random(seed)
    while not stop.is_set():
        blocks = chance.choice([1, 30, 150])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            body = (b"u" * 10_000 for _ in range(blocks))
            connection.request("POST", "/", body, {"X-Id": "t", "Transfer-Encoding": "chunked", "Connection": "close"}, encode_chunked=True)
            answer = connection.getresponse()
            data = answer.read()
            if answer.status != 200:
                tally.bad("upload", False, f"{answer.status} {answer.getheader('Proxy-Status', '')}")
            elif not data.startswith(b"t %d " % (blocks * 10_000)):
                tally.bad("upload", False, "not whole", f"{data[:60]}")
            else:
                tally.good("upload", False)
        except (OSError, http.client.HTTPException) as fault:
            tally.bad("upload", False, type(fault).__name__, str(fault))
        finally:
            connection.close()
        time.sleep(0.02)


def tunnels(tally, port, stop, seed):
    """An upgraded connection that echoes, closed in halves."""
    chance = random.Random(seed)
    while not stop.is_set():
        try:
            with socket.create_connection(("127.0.0.1", port), 30) as client:
                client.settimeout(30)
                client.sendall(b"GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
                data = b""
                while b"\r\n\r\n" not in data:
                    part = client.recv(65536)
                    if not part:
                        break
                    data += part
                if not data.startswith(b"HTTP/1.1 101"):
                    tally.bad("tunnel", False, data[:30].split(b"\r")[0].decode("latin-1") or "nothing")
                    continue
                sent = bytes(chance.randrange(256) for _ in range(2000)) * chance.choice([1, 10, 100])
                threading.Thread(target=send_all, args=(client, sent), daemon=True).start()
                echo = data.split(b"\r\n\r\n", 1)[1]
                while part := client.recv(65536):
                    echo += part
            if echo == sent:
                tally.good("tunnel", False)
            else:
                tally.bad("tunnel", False, "broke off", f"{len(echo)} of {len(sent)}")
        except OSError as fault:
            tally.bad("tunnel", False, type(fault).__name__, str(fault))
        time.sleep(0.02)


def send_all(client, data):
    try:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def curl(tally, port, stop, seed):
    number = 0
    while not stop.is_set():
        number += 1
        excused = tally.excused.is_set()
        urls = [f"http://127.0.0.1:{port}/{seed}-{number}-[1-50]"]
        done = subprocess.run(
            ["curl", "-s", "--parallel", "--parallel-immediate", "--parallel-max", "10", "-w", "%{http_code} %{exitcode}\n", "-o", "/dev/null", *urls],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=120,
        )
        excused = excused or tally.excused.is_set()
        for line in done.stdout.splitlines():
            status, _, code = line.partition(" ")
            if status == "200" and code == "0":
                tally.good("curl")
            else:
                tally.bad("curl", True, f"status {status}, exit {code}", excused=excused)


def library(name):
    """Clients of Python's HTTP libraries, where they are installed."""

    def run(tally, port, stop, seed):
        url = f"http://127.0.0.1:{port}/"
        module = __import__(name)
        if name == "requests":
            session = module.Session()
            get = lambda identity: (lambda a: (a.status_code, a.text))(session.get(url, headers={"X-Id": identity}, timeout=30))
        elif name == "httpx":
            session = module.Client(timeout=30)
            get = lambda identity: (lambda a: (a.status_code, a.text))(session.get(url, headers={"X-Id": identity}))
        else:
            import asyncio

            loop = asyncio.new_event_loop()

            async def make():
                return module.ClientSession()

            session = loop.run_until_complete(make())

            async def fetch(identity):
                async with session.get(url, headers={"X-Id": identity}) as answer:
                    return answer.status, await answer.text()

            get = lambda identity: loop.run_until_complete(fetch(identity))
        number = 0
        while not stop.is_set():
            number += 1
            identity = f"{name}{seed}-{number}"
            try:
                status, text = get(identity)
                if status == 200 and text.startswith(identity + " "):
                    tally.good(name)
                else:
                    tally.bad(name, True, f"status {status}", text[:60])
            except Exception as fault:  # each library has its own
                tally.bad(name, True, type(fault).__name__, str(fault)[:80])
                if tally.excused.is_set():
                    time.sleep(0.05)

    return run


def everything():
    """[(name, function, how many)] of what is there."""
    parts = [("keep-alive", keep_alive, 6), ("fresh", fresh, 2), ("transfers", transfers, 2), ("tunnels", tunnels, 2)]
    missing = []
    if shutil.which("curl"):
        parts.append(("curl", curl, 1))
    for name in ["requests", "httpx", "aiohttp"]:
        if importlib.util.find_spec(name):
            parts.append((name, library(name), 1))
        else:
            missing.append(name)
    return parts, missing


class Stop:
    """Asked by every client before each request: whether it is over. Rests before it answers."""

    def __init__(self, rest):
        self.rest, self.flag = rest, threading.Event()

    def is_set(self):
        return self.flag.wait(self.rest) if self.rest else self.flag.is_set()


class Load:
    """All clients at once, each of which rests for so many seconds before a request."""

    def __init__(self, port, seed, rest=0):
        self.tally, self.stop_flag, self.threads = Tally(), Stop(rest), []
        parts, self.missing = everything()
        for name, part, count in parts:
            for index in range(count):
                thread = threading.Thread(target=part, args=(self.tally, port, self.stop_flag, f"{seed}{name[0]}{index}"), daemon=True)
                thread.start()
                self.threads.append(thread)

    def stop(self):
        self.stop_flag.flag.set()
        for thread in self.threads:
            thread.join(60)
        return [t for t in self.threads if t.is_alive()]
