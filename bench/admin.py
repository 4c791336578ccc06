#!/usr/bin/env python3
"""Measures the admin API: bulk writes, single writes among 5,000 backends, and what either does to the data plane.

    admin.py --lbd .build/release/lbd                  all scenarios
    admin.py --lbd PATH --scenarios bulk,single --writes 200

bulk      PATCH /v1/backends with 1,000 changes, with 1,000 backends there: all of the answer, and its parts
single    one backend is added, changed or removed among 5,000, first at rest, then while wrk saturates the data port
reads     GETs among 1,000 and 5,000 backends while wrk saturates the data port
crowd     1,000 writes in a row: p99 of the data plane with them and without, by turns

Times are those of a client on the same machine that keeps its connection. Needs gcc and wrk. Only loopback is used.
"""
import argparse
import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ORIGIN, DATA, ADMIN = 19111, 18111, 18611
BACKENDS = 5000


def url(i):
    """An address of its own for each backend; the origin has all of 127.0.0.0/8."""
    return f"http://127.2.{i // 250}.{i % 250 + 1}:{ORIGIN}"


class Admin:
    def __init__(self):
        self.connection = http.client.HTTPConnection("127.0.0.1", ADMIN, timeout=60)

    def ask(self, method, path, body=None):
        """The answer and how long it took, in milliseconds."""
        text = json.dumps(body) if body is not None else None
        begun = time.perf_counter()
        self.connection.request(method, path, text)
        answer = self.connection.getresponse()
        content = answer.read()
        taken = (time.perf_counter() - begun) * 1000
        if answer.status >= 300:
            sys.exit(f"{method} {path}: {answer.status} {content[:300]}")
        return answer, taken


class Daemon:
    def __init__(self, lbd, work, backends, workers):
        path = os.path.join(work, f"lb-{backends}")
        lines = ["listeners:", f'  - address: "127.0.0.1:{DATA}"', "admin:", f'  address: "127.0.0.1:{ADMIN}"',
                 f'state: "{path}-state"', "access_log: off", "health_check: off"]
        if workers:
            lines.append(f"workers: {workers}")
        lines += ["backends:"] + [f'  b{i}: {{url: "{url(i)}"}}' for i in range(backends)]
        with open(path + ".yaml", "w") as file:
            file.write("\n".join(lines) + "\n")
        self.process = subprocess.Popen([lbd, "--config", path + ".yaml"], stderr=subprocess.DEVNULL)
        for _ in range(400):
            try:
                Admin().ask("GET", "/v1")
                break
            except OSError:
                time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def wrk(seconds, connections=64):
    return subprocess.Popen(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", f"http://127.0.0.1:{DATA}/"],
                            stdout=subprocess.PIPE, text=True)


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def latency(process):
    text = process.communicate()[0]
    p99 = milliseconds(re.search(r"^\s+99%\s+(\S+)", text, re.M).group(1))
    return p99, float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))


def quantile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def tell(name, values):
    print(f"{name:44} {quantile(values, .5):9.2f} {quantile(values, .99):9.2f}   ms, p50 and p99 of {len(values)}", flush=True)


def timing(answer):
    parts = dict(re.findall(r"(\w+);dur=([\d.e-]+)", answer.getheader("Server-Timing") or ""))
    return float(parts.get("persist", 0)), float(parts.get("apply", 0))


def bulk(arguments, work):
    with Daemon(arguments.lbd, work, 1, arguments.workers):
        admin = Admin()
        admin.ask("PATCH", "/v1/backends", {f"n{i}": {"url": url(i + 1), "weight": 1} for i in range(1000)})
        totals, persists, applies = [], [], []
        for turn in range(arguments.bulks):
            answer, taken = admin.ask("PATCH", "/v1/backends", {f"n{i}": {"weight": turn % 9 + 2} for i in range(1000)})
            persist, apply = timing(answer)
            totals.append(taken)
            persists.append(persist)
            applies.append(apply)
        tell("PATCH of 1,000 changes", totals)
        tell("  of which on the disk (persist)", persists)
        tell("  of which live everywhere (apply)", applies)


def writes(admin, count):
    """So many backends are added, changed and removed, one after the other: how long it took, and its parts."""
    answers = []
    for turn in range(count):
        body = {"url": url(BACKENDS + turn % 1000)}
        answers.append(admin.ask("PUT", f"/v1/backends/new-{turn}", body))
        answers.append(admin.ask("PATCH", f"/v1/backends/new-{turn}", {"weight": 3}))
        answers.append(admin.ask("DELETE", f"/v1/backends/new-{turn}"))
    return [(taken, *timing(answer)) for answer, taken in answers]


def tell_writes(when, figures):
    totals, persists, applies = zip(*figures)
    tell(f"single write among {BACKENDS:,}, {when}", totals)
    tell("  of which on the disk (persist)", persists)
    tell("  of which live everywhere (apply)", applies)


def single(arguments, work):
    with Daemon(arguments.lbd, work, BACKENDS, arguments.workers):
        admin = Admin()
        writes(admin, 3)
        tell_writes("at rest", writes(admin, arguments.writes // 3))
        load = wrk(120)
        time.sleep(1)
        tell_writes("saturated", writes(admin, arguments.writes // 3))
        load.kill()
        load.wait()


def reads(arguments, work):
    paths = ["/v1/backends/b77", "/readyz", "/v1/health", "/v1/backends?limit=100", "/v1/backends", "/v1/config", "/v1/stats",
             "/metrics", "/openapi.json"]
    for backends in [1000, BACKENDS]:
        with Daemon(arguments.lbd, work, backends, arguments.workers):
            admin = Admin()
            load = wrk(120)
            time.sleep(1)
            for path in paths:
                tell(f"GET {path}, {backends:,}", [admin.ask("GET", path)[1] for _ in range(arguments.writes // 3)])
            load.kill()
            load.wait()


def middle(rounds, part):
    return statistics.median(figures[part] for figures in rounds)


def crowd(arguments, work):
    for backends in [10, BACKENDS]:
        with Daemon(arguments.lbd, work, backends, arguments.workers):
            admin = Admin()
            quiet, busy, counts = [], [], []
            for turn in range(2 * arguments.rounds):
                load = wrk(5)
                if turn % 2 == 0:
                    quiet.append(latency(load))
                    continue
                count, end = 0, time.perf_counter() + 4.8
                while time.perf_counter() < end and count < 1000:
                    admin.ask("PATCH", "/v1/backends/b1", {"weight": count % 5 + 1})
                    count += 1
                counts.append(count)
                busy.append(latency(load))
            print(
                f"data plane, {backends} backends: p99 {middle(quiet, 0):.2f} ms, with {statistics.median(counts):.0f} writes in 5 s "
                f"{middle(busy, 0):.2f} ms; {middle(quiet, 1):,.0f} and {middle(busy, 1):,.0f} requests/s",
                flush=True,
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lbd", required=True)
    parser.add_argument("--scenarios", default="bulk,single,reads,crowd")
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--bulks", type=int, default=40)
    parser.add_argument("--writes", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        origin = os.path.join(work, "origin")
        subprocess.run(["gcc", "-O2", "-o", origin, os.path.join(HERE, "origin.c")], check=True)
        backend = subprocess.Popen([origin, str(ORIGIN)])
        try:
            for name in arguments.scenarios.split(","):
                {"bulk": bulk, "single": single, "reads": reads, "crowd": crowd}[name](arguments, work)
        finally:
            backend.kill()


if __name__ == "__main__":
    main()
