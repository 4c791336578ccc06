#!/usr/bin/env python3
"""Puts lbd under pressure and looks whether it stays up, stays small, and recovers by itself.

  compat/pressure.py --lbd .build/release/lbd [--connects 100000]

Every part starts an lbd of its own in front of a small backend, and prints a line. Exit status 1 when one of them fails.
"""

import argparse
import http.server
import json
import os
import resource
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from targets import free_port


class Origin(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def handle_error(self, request, address):
        pass


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    large = b"x" * (64 << 20)

    def do_GET(self):
        body = self.large if self.path == "/large" else b"ok"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass

    def log_message(self, *_):
        pass


class LBD:
    def __init__(self, options, backend, extra="", nofile=None, workers=2):
        self.directory = tempfile.mkdtemp(prefix="pressure-")
        self.port, self.admin = free_port(), free_port()
        config = os.path.join(self.directory, "lb.yaml")
        with open(config, "w") as file:
            file.write(
                f'listeners: [{{address: "127.0.0.1:{self.port}"}}]\nadmin: {{address: "127.0.0.1:{self.admin}"}}\n'
                f'workers: {workers}\nhealth_check: off\naccess_log: off\nbackends: ["http://127.0.0.1:{backend}"]\n{extra}\n'
            )

        def limit():
            if nofile:
                resource.setrlimit(resource.RLIMIT_NOFILE, (nofile, nofile))

        self.log = open(os.path.join(self.directory, "log"), "w")
        self.process = subprocess.Popen(
            [options.lbd, "--config", config, "--state", os.path.join(self.directory, "state")],
            stdout=self.log, stderr=self.log, preexec_fn=limit,
        )
        for _ in range(200):
            try:
                if self.get()[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise SystemExit("lbd did not start: " + open(os.path.join(self.directory, "log")).read())

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), 10)

    def get(self, path="/", seconds=10):
        """(status, body length) of a request of its own."""
        with self.connect() as client:
            client.settimeout(seconds)
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
            data = b""
            while True:
                part = client.recv(1 << 20)
                if not part:
                    break
                data += part
        return (int(data.split(b" ", 2)[1]), len(data)) if data else (0, 0)

    def admin_seconds(self):
        start = time.monotonic()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/v1/backends", timeout=10) as answer:
            json.load(answer)
        return time.monotonic() - start

    def memory(self):
        """Resident, in MB."""
        with open(f"/proc/{self.process.pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stop(self):
        alive = self.process.poll() is None
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)
        return alive


def recovered(lbd, seconds=10):
    """Waits until fifty requests in a row are good; how long that took, or None."""
    start = time.monotonic()
    good = 0
    while good < 50:
        if time.monotonic() - start > seconds:
            return None
        try:
            good = good + 1 if lbd.get()[0] == 200 else 0
        except OSError:
            good = 0
    return time.monotonic() - start


def many_connects(options, backend):
    lbd = LBD(options, backend)
    refused = 0
    for index in range(options.connects):
        try:
            client = lbd.connect()
            if index % 3 == 0:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif index % 3 == 1:
                client.sendall(b"GET / HT")
            client.close()
        except OSError:
            refused += 1
    took, memory, descriptors = recovered(lbd), lbd.memory(), lbd.descriptors()
    alive = lbd.stop()
    return (
        alive and refused == 0 and took is not None and memory < 100,
        f"{options.connects} connects, {refused} refused, {memory:.0f} MB and {descriptors} descriptors behind them",
    )


def never_reading(options, backend):
    lbd = LBD(options, backend)
    before = lbd.memory()
    clients = []
    for _ in range(100):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", lbd.port))
        client.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        clients.append(client)
    time.sleep(3)
    memory, admin, status = lbd.memory(), lbd.admin_seconds(), lbd.get()[0]
    for client in clients:
        client.close()
    took = recovered(lbd)
    alive = lbd.stop()
    return (
        alive and status == 200 and took is not None and memory - before < 30,
        f"100 clients of 64 MB that do not read: {before:.0f} -> {memory:.0f} MB, admin in {admin * 1000:.0f} ms",
    )


def pipelines_and_never_reads(options, backend):
    lbd = LBD(options, backend)
    before = lbd.memory()
    clients = []
    for _ in range(50):
        client = lbd.connect()
        client.setblocking(False)
        try:
            for _ in range(200):
                client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 1000)
        except BlockingIOError:
            pass
        clients.append(client)
    time.sleep(2)
    memory, status = lbd.memory(), lbd.get()[0]
    for client in clients:
        client.close()
    took = recovered(lbd)
    alive = lbd.stop()
    return (
        alive and status == 200 and took is not None and memory - before < 30,
        f"50 clients that pipeline and never read: {before:.0f} -> {memory:.0f} MB",
    )


def out_of_descriptors(options, backend):
    lbd = LBD(options, backend, nofile=256)
    clients = []
    for _ in range(1000):
        try:
            client = socket.create_connection(("127.0.0.1", lbd.port), 0.5)
            client.sendall(b"GET / HT")
            clients.append(client)
        except OSError:
            break
    admin, descriptors = lbd.admin_seconds(), lbd.descriptors()
    for client in clients:
        client.close()
    took, memory = recovered(lbd), lbd.memory()
    alive = lbd.stop()
    return (
        alive and admin < 1 and took is not None,
        f"{len(clients)} half-open clients on 256 descriptors ({descriptors} used): admin in {admin * 1000:.0f} ms, "
        f"good again after {(took or -1) * 1000:.0f} ms, {memory:.0f} MB",
    )


def connection_cap(options, backend):
    lbd = LBD(options, backend, extra="limits: {connections_max: 64}", workers=1)
    idle = [lbd.connect() for _ in range(64)]
    time.sleep(0.3)
    waiting = [lbd.connect() for _ in range(100)]
    for client in waiting:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    time.sleep(0.5)
    admin = lbd.admin_seconds()
    for client in idle:
        client.close()
    served = 0
    for client in waiting:
        client.settimeout(10)
        try:
            served += client.recv(65536).startswith(b"HTTP/1.1 200")
        except OSError:
            pass
    alive = lbd.stop()
    return (
        alive and served == len(waiting),
        f"64 clients are the limit, 100 more wait: admin in {admin * 1000:.0f} ms; once there is room, {served} of 100 served",
    )


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--lbd", default=".build/release/lbd")
    arguments.add_argument("--connects", type=int, default=100_000)
    arguments.add_argument("--only", default="")
    options = arguments.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))
    origin = Origin(("127.0.0.1", 0), Page)
    threading.Thread(target=origin.serve_forever, daemon=True).start()
    failed = 0
    for part in [many_connects, never_reading, pipelines_and_never_reads, out_of_descriptors, connection_cap]:
        if options.only not in part.__name__:
            continue
        good, text = part(options, origin.server_address[1])
        failed += not good
        print(f"{'ok  ' if good else 'FAIL'}  {text}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
