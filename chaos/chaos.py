#!/usr/bin/env python3
"""Real clients, real backends and the real lbd while everything around them breaks.

  chaos/chaos.py --lbd .build/release/lbd [--seconds 60] [--seed N] [--netem]

Backends are killed, hung, filled, drained, removed, re-added and given other weights; lbd is reloaded, its admin port hammered, then it
is replaced by another instance, and at last killed and started again. The report counts requests, and errors by their cause.
Exit status 1 when an idempotent request saw an error, when a request that is not reached a backend twice, when a change was
lost, or when lbd was the one that broke.
"""

import argparse
import collections
import json
import os
import random
import signal
import socket
import sys
import time

from cluster import Cluster
from load import Load


class Chaos:
    def __init__(self, cluster, seed):
        self.cluster, self.chance = cluster, random.Random(seed)
        self.done = collections.Counter()
        self.later = []  # (when, what): how each trouble ends
        self.troubled = set()
        self.faults = []

    def expect(self, what, status, wanted):
        if status not in wanted:
            self.faults.append(f"{what} was answered with {status}")

    def victim(self):
        """A backend that may have trouble: half of them never do at the same time."""
        free = [b for b in self.cluster.backends if b.name not in self.troubled]
        if len(self.troubled) * 2 >= len(self.cluster.backends) or not free:
            return None
        backend = self.chance.choice(free)
        self.troubled.add(backend.name)
        return backend

    def end(self, backend, seconds, action):
        def over():
            action()
            # Its neighbours may have trouble once it serves again.
            self.later.append((time.monotonic() + 2.5, lambda: self.troubled.discard(backend.name)))

        self.later.append((time.monotonic() + seconds, over))

    def kill(self):
        if backend := self.victim():
            backend.kill()
            self.end(backend, self.chance.uniform(0.2, 2), backend.start)

    def hang(self):
        if backend := self.victim():
            backend.hang()
            self.end(backend, self.chance.uniform(0.1, 1.5), backend.go_on)

    def fill(self):
        """Hung, and its accept queue full besides: connects get no answer."""
        if backend := self.victim():
            backend.hang()
            idle = []
            for _ in range(80):
                client = socket.socket()
                client.setblocking(False)
                client.connect_ex(("127.0.0.1", backend.port))
                idle.append(client)

            def over():
                backend.go_on()
                for client in idle:
                    client.close()

            self.end(backend, self.chance.uniform(0.5, 2), over)

    def drain(self):
        if backend := self.victim():
            self.expect("a drain", self.cluster.admin("PATCH", f"/v1/backends/{backend.name}", {"state": "drain"})[0], (200, 202))

            def over():
                status, _ = self.cluster.admin("PATCH", f"/v1/backends/{backend.name}", {"state": "ready"})
                self.expect("the end of a drain", status, (200, 202))

            self.end(backend, self.chance.uniform(0.3, 2), over)

    def drain_away(self):
        """Removes a backend that is well, and waits until it carries nothing: none of it may be cut, and nothing new come."""
        if backend := self.victim():
            status, body = self.cluster.admin("DELETE", f"/v1/backends/{backend.name}?drain=20s&wait=8s")
            self.expect("a removal that waits", status, (200,))
            if status == 200:
                drain = json.loads(body)["drain"]
                if drain["outcome"] != "clean" or drain["cut"] or drain["sent_after_start"]:
                    self.faults.append(f"a drain ended with {drain}")
            status, _ = self.cluster.admin("PUT", f"/v1/backends/{backend.name}", {"url": backend.url})
            self.expect("a re-adding", status, (200, 201, 202))
            self.end(backend, 0, lambda: None)

    def remove(self):
        if backend := self.victim():
            self.expect("a removal", self.cluster.admin("DELETE", f"/v1/backends/{backend.name}")[0], (200, 202, 204))

            def over():
                status, _ = self.cluster.admin("PUT", f"/v1/backends/{backend.name}", {"url": backend.url})
                self.expect("a re-adding", status, (200, 201, 202))

            self.end(backend, self.chance.uniform(0.2, 1.5), over)

    def weigh(self):
        if backend := self.victim():
            weight = self.chance.randint(1, 10)
            status, _ = self.cluster.admin("PUT", f"/v1/backends/{backend.name}", {"url": backend.url, "weight": weight})
            self.expect("a weight", status, (200, 201, 202))
            self.end(backend, 0, lambda: None)

    def reload(self):
        self.cluster.write_config(weight=self.chance.randint(1, 3))
        self.cluster.process.send_signal(signal.SIGHUP)

    def hammer(self):
        for _ in range(50):
            path = self.chance.choice(["/v1/backends", "/v1/stats", "/metrics", "/v1/health", "/healthz", "/v1/nothing"])
            self.cluster.admin("GET", path)
        with socket.create_connection(("127.0.0.1", self.cluster.admin_port), 5) as client:
            client.sendall(os.urandom(5000))
        status, _ = self.cluster.admin("PUT", "/v1/backends/bad", {"url": "nonsense", "colour": 1})
        self.expect("nonsense", status, (400, 422))

    def run(self, seconds, actions):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            action = self.chance.choice(actions)
            action()
            self.done[action.__name__] += 1
            pause = time.monotonic() + self.chance.uniform(0.1, 0.8)
            while time.monotonic() < pause:
                self.settle()
                time.sleep(0.02)
        self.settle(everything=True)

    def settle(self, everything=False):
        while self.later and (everything or min(when for when, _ in self.later) <= time.monotonic()):
            self.later.sort(key=lambda entry: entry[0])
            _, what = self.later.pop(0)
            what()


def supports_drain(cluster):
    return cluster.admin("PATCH", "/v1/backends/b0", {"state": "ready"})[0] in (200, 202)


def with_netem(arguments):
    """This program once more in a network of its own, whose loopback delays and loses packets."""
    script = (
        "ip link set lo up && tc qdisc add dev lo root netem delay 1ms 1ms loss 0.5% || exit 77; "
        f"exec {sys.executable} \"$@\""
    )
    words = [word for word in arguments if word != "--netem"]
    code = os.spawnvp(os.P_WAIT, "unshare", ["unshare", "--net", "sh", "-c", script, "sh", *words])
    if code in (77, 127, 1) and code != 1 or code == 77:
        print("skipped: this machine gives no network namespace with netem (needs root, iproute2 and the module sch_netem)")
        return 0
    return code


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--lbd", default=".build/release/lbd")
    arguments.add_argument("--seconds", type=float, default=60)
    arguments.add_argument("--seed", type=int, default=int(time.time()))
    arguments.add_argument("--netem", action="store_true", help="delay and lose packets, in a network namespace")
    arguments.add_argument("--keep", action="store_true", help="keep the logs")
    options = arguments.parse_args()
    if options.netem:
        sys.exit(with_netem(sys.argv))
    print(f"chaos: seed {options.seed}, {options.seconds:.0f} s of trouble", flush=True)
    cluster = Cluster(options.lbd)
    faults = []
    try:
        load = Load(cluster.port, options.seed)
        tally = load.tally
        if load.missing:
            print(f"not installed, left out: {', '.join(load.missing)}")
        chaos = Chaos(cluster, options.seed)
        actions = [chaos.kill, chaos.kill, chaos.hang, chaos.fill, chaos.remove, chaos.weigh, chaos.reload, chaos.hammer]
        if supports_drain(cluster):
            actions += [chaos.drain, chaos.drain_away]
        chaos.run(options.seconds, actions)
        time.sleep(3)

        # Another instance takes over, twice.
        for _ in range(2):
            old = cluster.process
            cluster.start("--replace")
            deadline = time.monotonic() + 40
            while old.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
            if old.poll() != 0:
                faults.append(f"the replaced lbd ended with {old.poll()}")
            chaos.done["replace"] += 1
            chaos.run(2, [chaos.hammer, chaos.weigh])

        # What was changed is there after a crash, and so is the service.
        status, _ = cluster.admin("PUT", "/v1/backends/b0", {"url": cluster.backends[0].url, "weight": 7})
        if status not in (200, 201):
            faults.append(f"a change before the crash was answered with {status}")
        before = {name: (b["url"], b["weight"]) for name, b in cluster.members().items()}
        tally.excused.set()
        cluster.process.kill()
        cluster.process.wait()
        chaos.done["kill lbd"] += 1
        start = time.monotonic()
        cluster.start()
        back = time.monotonic() - start
        time.sleep(0.5)
        tally.excused.clear()
        after = {name: (b["url"], b["weight"]) for name, b in cluster.members().items()}
        if before != after:
            faults.append(f"the crash changed the backends: {before} -> {after}")
        time.sleep(3)
        if cluster.process.poll() is not None:
            faults.append(f"lbd ended by itself with {cluster.process.poll()}")
        stuck = load.stop()
        if stuck:
            faults.append(f"{len(stuck)} clients never got an answer")
        faults += chaos.faults

        seen = collections.Counter()
        with open(cluster.ledger) as file:
            for line in file:
                method, identity, _ = line.split(" ")
                if method == "POST" and identity not in ("-", "t"):
                    seen[identity] += 1
        twice = [identity for identity, count in seen.items() if count > 1]
        if twice:
            faults.append(f"{len(twice)} POSTs reached a backend twice: {twice[:5]}")

        print(tally.report())
        print("troubles: " + ", ".join(f"{count} {name}" for name, count in sorted(chaos.done.items())))
        print(f"lbd was back {back * 1000:.0f} ms after kill -9; {len(seen)} POSTs seen by backends, {len(twice)} of them twice")
        bad = tally.count("idempotent")
        if bad:
            faults.append(f"{bad} idempotent requests saw an error")
        for fault in faults:
            print(f"FAIL  {fault}")
        print(f"{'FAIL' if faults else 'ok'}: {sum(tally.requests.values())} requests, {bad} errors on idempotent ones (seed {options.seed})")
        if faults:
            print(f"logs: {cluster.directory}")
            options.keep = True
    finally:
        cluster.stop()
        if not options.keep:
            cluster.clean_up()
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
