#!/usr/bin/env python3
"""The control plane against a model of it: random writes, reloads, kills, hand-overs, several writers at once and streams of
events that resume. After each step what lbd says has to be what the model says.

  chaos/control.py --lbd .build/release/lbd [--seconds 60] [--seed N] [--steps N]

The model knows the documents of the API and the rules of README.md, and nothing of how lbd keeps them. Exit status 1 when lbd
and the model differ, when an acknowledged write is lost, when a stream has a gap or tells something twice, or when a process
that was replaced does not end.
"""

import argparse
import collections
import copy
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

PATIENCE = 60.0


class Difference(Exception):
    pass


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def backend(index, pool="default", weight=1, label="0"):
    return {"url": f"http://127.0.0.1:{10000 + index}", "pool": pool, "weight": weight, "label": label}


class Model:
    """What is desired: the file, and over it the newest wish for each name with what the file said at that time."""

    def __init__(self):
        self.file = {"pools": {"default", "blue"}, "backends": {}}
        self.wishes = {}  # name: (wanted or None, declared or None)
        self.pool_wish = None  # of the pool blue: (wanted, declared)

    def document(self):
        """What GET /v1/config says, as far as it is looked at."""
        pools, backends, waiting = set(self.file["pools"]), dict(self.file["backends"]), {}
        if self.pool_wish and self.pool_wish[0]:
            pools.add("blue")
        for name, (wanted, _) in sorted(self.wishes.items()):
            if wanted is None:
                backends.pop(name, None)
            elif wanted["pool"] not in pools:
                waiting[name] = wanted
            else:
                backends[name] = wanted
        if self.pool_wish and not self.pool_wish[0]:
            pools.discard("blue")
        return {"pools": sorted(pools), "backends": backends, "waiting": waiting}

    def wish(self, name, wanted):
        declared = self.file["backends"].get(name)
        if wanted == declared:
            self.wishes.pop(name, None)
        else:
            self.wishes[name] = (wanted, declared)

    def wish_pool(self, wanted):
        declared = "blue" in self.file["pools"]
        self.pool_wish = None if wanted == declared else (wanted, declared)

    def read_file(self, file):
        """Where the file says something new of a name, it wins."""
        old, self.file = self.file, file
        for name, (wanted, declared) in list(self.wishes.items()):
            now = file["backends"].get(name)
            if now == wanted or now != declared:
                del self.wishes[name]
        if self.pool_wish:
            now = "blue" in file["pools"]
            if now == self.pool_wish[0] or now != self.pool_wish[1]:
                self.pool_wish = None
            elif not self.pool_wish[0] and any(b["pool"] == "blue" for b in self.document()["backends"].values()):
                self.pool_wish = None
        del old

    def replace(self, pools, backends):
        """A whole document: nothing that is not in it remains, and nothing waits."""
        self.wish_pool("blue" in pools)
        for name in set(self.file["backends"]) | set(self.wishes) | set(backends):
            self.wish(name, backends.get(name))


class Daemon:
    def __init__(self, lbd, directory):
        self.lbd, self.directory = os.path.abspath(lbd), directory
        self.state = os.path.join(directory, "state")
        self.config = os.path.join(directory, "lb.yaml")
        self.port, self.admin_port = free_port(), free_port()
        self.count = 0
        self.processes = []

    def write(self, file):
        pools = {name: {} for name in file["pools"]}
        backends = {
            name: {"url": b["url"], "pool": b["pool"], "weight": b["weight"], "labels": {"n": b["label"]}}
            for name, b in file["backends"].items()
        }
        with open(self.config + ".new", "w") as out:
            out.write(f'listeners: [{{address: "127.0.0.1:{self.port}"}}]\nadmin: {{address: "127.0.0.1:{self.admin_port}"}}\n')
            out.write("workers: 1\naccess_log: off\nhealth_check: off\n")
            out.write(f"pools: {json.dumps(pools)}\nbackends: {json.dumps(backends)}\n")
        os.replace(self.config + ".new", self.config)

    def spawn(self, *flags):
        self.count += 1
        log = os.path.join(self.directory, f"{self.count}.log")
        with open(log, "w") as out:
            process = subprocess.Popen([self.lbd, "--config", self.config, "--state", self.state, *flags], stdout=out, stderr=out)
        process.log = log
        self.processes.append(process)
        return process

    def start(self, *flags):
        self.process = self.spawn(*flags)
        self.await_lines(self.process, "listening on", 1)

    def await_lines(self, process, words, count):
        """Returns when these words stand so often in its log."""
        end = time.monotonic() + PATIENCE
        while open(process.log).read().count(words) < count:
            if process.poll() is not None or time.monotonic() > end:
                raise Difference(f'lbd does not say "{words}":\n' + open(process.log).read())
            time.sleep(0.005)

    def await_end(self, process):
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise Difference(f"process {process.pid} serves on:\n" + open(process.log).read()) from None

    def ask(self, method, path, body=None, fields=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=PATIENCE)
        try:
            data = None if body is None else json.dumps(body)
            head = {"Content-Type": "application/json"} if data else {}
            connection.request(method, path, data, {**head, **(fields or {})})
            answer = connection.getresponse()
            return answer.status, dict((k.lower(), v) for k, v in answer.getheaders()), answer.read()
        finally:
            connection.close()

    def end(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()


class Reader(threading.Thread):
    """Follows the changes, and comes back with the number of the last it has seen whenever it is cut off."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.lbd, self.seen, self.fault, self.is_over = daemon, [], None, False
        self.cuts = 0
        self.chance = random.Random(7)
        self.start()

    def run(self):
        while not self.is_over:
            try:
                self.follow()
            except (OSError, http.client.HTTPException, ValueError):
                time.sleep(0.01)
            self.cuts += 1

    def follow(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.lbd.admin_port, timeout=1)
        after = self.seen[-1] if self.seen else 0
        left = self.chance.randint(1, 60)
        try:
            connection.request("GET", f"/v1/events?type=change&after={after}", headers={"Accept": "application/x-ndjson"})
            answer = connection.getresponse()
            if answer.status != 200:
                if answer.status in (410, 400):
                    self.fault = f"a stream after {after} was answered with {answer.status}: {answer.read()}"
                    self.is_over = True
                return
            while not self.is_over and left:
                line = answer.readline()
                if not line:
                    return
                if not line.strip():
                    continue
                if not line.endswith(b"\n"):
                    return
                self.seen.append(json.loads(line)["seq"])
                left -= 1
        finally:
            connection.close()


class Control:
    NAMES = [f"f{i}" for i in range(4)] + ["g0", "g1"] + [f"r{i}" for i in range(4)]

    def __init__(self, daemon, seed):
        self.daemon, self.chance = daemon, random.Random(seed)
        self.model, self.history, self.revision = Model(), {}, 0
        self.unique = 0
        self.done = collections.Counter()
        self.trail = collections.deque(maxlen=12)
        for index, name in enumerate(["f0", "f1", "f2", "f3", "g0", "g1"]):
            self.model.file["backends"][name] = backend(index)
        daemon.write(self.model.file)
        daemon.start()
        self.check(self.model.document(), has_changed=True)

    def next(self):
        self.unique += 1
        return self.unique

    # What lbd says

    def shown(self):
        status, fields, body = self.daemon.ask("GET", "/v1/config")
        if status != 200:
            raise Difference(f"GET /v1/config was answered with {status}: {body}")
        document = json.loads(body)

        def short(spec):
            return {"url": spec["url"], "pool": spec["pool"], "weight": spec["weight"], "label": spec["labels"].get("n")}

        waiting = document.get("waiting", {"backends": {}, "pools": {}})
        return (
            int(fields["lb-revision"]),
            {
                "pools": sorted(document["pools"]),
                "backends": {name: short(spec) for name, spec in document["backends"].items()},
                "waiting": {name: short(entry["spec"]) for name, entry in waiting["backends"].items()},
            },
            document,
        )

    def check(self, expected, has_changed):
        revision, document, _ = self.shown()
        if document != expected:
            raise Difference(f"lbd has\n  {document}\nand the model\n  {expected}")
        if (revision > self.revision) != has_changed or revision < self.revision:
            raise Difference(f"the revision went from {self.revision} to {revision}, changed: {has_changed}")
        self.revision = revision
        self.history[revision] = expected

    # Steps

    def write(self, method, path, body, model, wanted=(200, 201, 202), fields=None):
        """One write, and the model's."""
        before = self.model.document()
        self.trail.append((method, path, body))
        status, answer, text = self.daemon.ask(method, path, body, fields)
        if status not in wanted:
            raise Difference(f"{method} {path} {body} was answered with {status}, not {wanted}: {text}")
        if status >= 400:
            return self.check(before, has_changed=False)
        model()
        after = self.model.document()
        if (answer.get("lb-changed") == "true") != (before != after):
            raise Difference(f"{method} {path} {body} says LB-Changed: {answer.get('lb-changed')}")
        self.check(after, has_changed=before != after)

    def some(self, name):
        """Another wish for a backend: what a file may say of it too is always another value."""
        known = self.model.document()["backends"].get(name)
        index = self.NAMES.index(name)
        wish = copy.copy(known) if known else backend(index)
        wish["weight"], wish["label"] = self.next() % 1000, str(self.next())
        return wish

    def body(self, wish):
        return {"url": wish["url"], "pool": wish["pool"], "weight": wish["weight"], "labels": {"n": wish["label"]}}

    def put(self):
        name = self.chance.choice(self.NAMES)
        known = self.model.document()["backends"].get(name)
        wish = known if known and self.chance.random() < 0.3 else self.some(name)
        self.write("PUT", f"/v1/backends/{name}?force=true", self.body(wish), lambda: self.model.wish(name, wish))

    def patch(self):
        name = self.chance.choice(self.NAMES)
        known = self.model.document()["backends"].get(name)
        if not known:
            return self.write("PATCH", f"/v1/backends/{name}?force=true", {"weight": 1}, None, (404,))
        wish = self.some(name)
        if self.chance.random() < 0.3:
            wish = known
        body = {"weight": wish["weight"], "labels": {"n": wish["label"]}}
        self.write("PATCH", f"/v1/backends/{name}?force=true", body, lambda: self.model.wish(name, wish))

    def stale(self):
        name = self.chance.choice(self.NAMES)
        tag = {"If-Match": '"nowhere.1"'}
        self.write("PUT", f"/v1/backends/{name}?force=true", self.body(self.some(name)), None, (412,), tag)

    def many(self):
        names = self.chance.sample(self.NAMES, 3)
        known = self.model.document()["backends"]
        wishes = {n: (None if self.chance.random() < 0.3 else self.some(n)) for n in names}
        body = {n: (w if w is None else self.body(w)) for n, w in wishes.items()}
        del known

        def model():
            for name, wish in wishes.items():
                self.model.wish(name, wish)

        self.write("PATCH", "/v1/backends?force=true", body, model)

    def remove(self):
        name = self.chance.choice(self.NAMES)
        document = self.model.document()
        is_there = name in document["backends"] or name in document["waiting"]
        self.write(
            # What was removed just now may drain still: then it is the same request once more.
            "DELETE", f"/v1/backends/{name}?force=true", None, lambda: self.model.wish(name, None), (200, 202) if is_there else (200, 202, 404)
        )

    def move(self):
        name, pool = self.chance.choice(["g0", "g1", "r0"]), self.chance.choice(["blue", "default"])
        document = self.model.document()
        if name not in document["backends"]:
            return
        wish = {**document["backends"][name], "pool": pool}
        wanted = (200,) if pool in document["pools"] else (422,)
        self.write("PATCH", f"/v1/backends/{name}?force=true", {"pool": pool}, lambda: self.model.wish(name, wish), wanted)

    def pool(self):
        document = self.model.document()
        if self.chance.random() < 0.5:
            return self.write(
                "PUT", "/v1/pools/blue?force=true", {"health_check": "off"}, lambda: self.model.wish_pool(True)
            )
        wanted = (200,)
        if "blue" not in document["pools"]:
            wanted = (404,)
        elif any(b["pool"] == "blue" for b in document["backends"].values()):
            wanted = (409,)
        self.write("DELETE", "/v1/pools/blue?force=true", None, lambda: self.model.wish_pool(False), wanted)

    def whole(self):
        """Read, changed, sent back: with what waits named as waiting, or not."""
        _, document, text = self.shown()
        name = self.chance.choice(self.NAMES)
        keeps = self.chance.random() < 0.3
        if keeps:
            # As it was read: nothing changes.
            return self.write("PUT", "/v1/config?force=true", text, lambda: None)
        text.pop("waiting", None)
        backends = dict(document["backends"])
        if self.chance.random() < 0.4:
            backends.pop(name, None)
            text["backends"].pop(name, None)
        else:
            backends[name] = self.some(name)
            text["backends"][name] = self.body(backends[name])
        self.write("PUT", "/v1/config?force=true", text, lambda: self.model.replace(document["pools"], backends))

    def rollback(self):
        target = self.chance.choice(sorted(self.history)[-40:])
        past = self.history[target]
        self.write(
            "POST", "/v1/rollback?force=true", {"to": target}, lambda: self.model.replace(past["pools"], past["backends"])
        )

    def past(self):
        """What was desired at an earlier revision is told as it was."""
        target = self.chance.choice(sorted(self.history))
        status, _, body = self.daemon.ask("GET", f"/v1/config?revision={target}")
        if status != 200:
            raise Difference(f"revision {target} was answered with {status}")
        document = json.loads(body)
        weights = {name: spec["weight"] for name, spec in document["backends"].items()}
        known = {name: spec["weight"] for name, spec in self.history[target]["backends"].items()}
        if weights != known or sorted(document["pools"]) != self.history[target]["pools"]:
            raise Difference(f"revision {target} is told as\n  {weights}\nand was\n  {known}")

    def drop(self):
        self.write("PATCH", "/v1/config?force=true", {"waiting": None}, self.forget_waiting)

    def forget_waiting(self):
        for name in self.model.document()["waiting"]:
            del self.model.wishes[name]

    # The file

    def edit(self):
        file = copy.deepcopy(self.model.file)
        for name in ["f0", "f1", "f2", "f3"]:
            roll = self.chance.random()
            if roll < 0.2:
                if name in file["backends"]:
                    del file["backends"][name]
                else:
                    file["backends"][name] = backend(self.NAMES.index(name), weight=self.next() % 1000, label=str(self.next()))
            elif roll < 0.4 and name in file["backends"]:
                file["backends"][name] = {**file["backends"][name], "weight": self.next() % 1000, "label": str(self.next())}
        if self.chance.random() < 0.4:
            file["pools"] ^= {"blue"}
        self.trail.append(("file", sorted(file["pools"]), sorted(file["backends"])))
        self.daemon.write(file)
        return file

    def reload(self):
        before = self.model.document()
        file = self.edit() if self.chance.random() < 0.7 else self.model.file
        self.daemon.write(file)
        process = self.daemon.process
        count = open(process.log).read().count("lbd: reloaded")
        process.send_signal(signal.SIGHUP)
        self.daemon.await_lines(process, "lbd: reloaded", count + 1)
        self.model.read_file(file)
        after = self.model.document()
        self.check(after, has_changed=before != after)

    def start_again(self, stop, *flags):
        before = self.model.document()
        file = self.edit() if self.chance.random() < 0.4 else self.model.file
        stop()
        self.daemon.start(*flags)
        self.model.read_file(file)
        after = self.model.document()
        self.check(after, has_changed=before != after)

    def kill(self):
        def stop():
            self.daemon.process.kill()
            self.daemon.process.wait()

        self.trail.append("kill -9")
        self.start_again(stop)

    def restart(self):
        def stop():
            self.daemon.process.terminate()
            self.daemon.await_end(self.daemon.process)

        self.trail.append("restart")
        self.start_again(stop)

    def hand_over(self):
        old = self.daemon.process
        self.trail.append("hand-over")
        self.start_again(lambda: None, "--replace")
        self.daemon.await_end(old)

    def hand_over_twice(self):
        """Two that replace at once: one of them serves, and nobody else."""
        old = self.daemon.process
        self.trail.append("two hand-overs at once")
        pair = [self.daemon.spawn("--replace") for _ in range(2)]
        time.sleep(self.chance.random() * 0.2)
        end = time.monotonic() + PATIENCE
        while True:
            alive = [p for p in [old, *pair] if p.poll() is None]
            if len(alive) == 1 and "listening on" in open(alive[0].log).read():
                break
            if not alive or time.monotonic() > end:
                logs = "\n".join(open(p.log).read() for p in [old, *pair])
                raise Difference(f"{len(alive)} of three serve:\n{logs}")
            time.sleep(0.02)
        if alive[0] is old:
            raise Difference("both successors have ended:\n" + "\n".join(open(p.log).read() for p in pair))
        self.daemon.process = alive[0]
        self.check(self.model.document(), has_changed=False)

    def broken_hand_over(self):
        """The successor dies, sooner or later: whoever serves then has what is stored."""
        old = self.daemon.process
        self.trail.append("broken hand-over")
        new = self.daemon.spawn("--replace")
        time.sleep(self.chance.random() * 0.3)
        new.kill()
        new.wait()
        end = time.monotonic() + PATIENCE
        since = None
        # A signal may be on its way yet: it has to answer for a while.
        while since is None or time.monotonic() - since < 0.5:
            if old.poll() is not None:
                # It was told to end before the successor was killed.
                self.daemon.start()
                break
            try:
                answers = self.daemon.ask("GET", "/v1")[0] == 200
            except (OSError, http.client.HTTPException):
                answers = False
            since = (since or time.monotonic()) if answers else None
            if time.monotonic() > end:
                raise Difference("nobody takes the state back:\n" + open(old.log).read())
            time.sleep(0.02)
        self.check(self.model.document(), has_changed=False)

    def crowd(self):
        """Several writers, and maybe a kill among them: what was acknowledged is there, in the order of the revisions."""
        names = [f"c{i}" for i in range(6)]
        acknowledged, attempts = collections.defaultdict(list), collections.defaultdict(list)
        is_killed = self.chance.random() < 0.5
        over = threading.Event()

        def writer(index):
            chance = random.Random(index * 7919 + self.unique)
            for number in range(40):
                if over.is_set():
                    return
                name = chance.choice(names[index % 3 :: 3])
                weight = number * 8 + index + 1
                attempts[name].append(weight)
                try:
                    status, fields, _ = self.daemon.ask(
                        "PUT", f"/v1/backends/{name}?force=true", {"url": f"http://127.0.0.1:{20000 + names.index(name)}", "weight": weight}
                    )
                except (OSError, http.client.HTTPException):
                    return
                if status in (200, 201):
                    acknowledged[name].append((int(fields["lb-revision"]), weight))

        self.trail.append(("crowd", is_killed))
        threads = [threading.Thread(target=writer, args=(i,)) for i in range(6)]
        for thread in threads:
            thread.start()
        if is_killed:
            time.sleep(self.chance.random() * 0.15)
            self.daemon.process.kill()
            self.daemon.process.wait()
            over.set()
        for thread in threads:
            thread.join()
        if is_killed:
            self.daemon.start()
        revision, document, _ = self.shown()
        revisions = [r for list_ in acknowledged.values() for r, _ in list_]
        if len(set(revisions)) != len(revisions) or (revisions and max(revisions) > revision):
            raise Difference(f"revisions of acknowledged writes: {sorted(revisions)}, and {revision} now")
        for name, list_ in acknowledged.items():
            last = max(list_)[1]
            now = document["backends"].get(name, {}).get("weight")
            # One that was not answered may have been done.
            unanswered = set(attempts[name]) - {weight for _, weight in list_}
            if now != last and not (is_killed and now in unanswered):
                raise Difference(f"{name} has the weight {now}, and {last} was acknowledged last")
        # Those names are nobody else's: away with them, and on from where lbd is.
        status, fields, text = self.daemon.ask("PATCH", "/v1/backends?force=true", {name: None for name in names})
        if status != 200:
            raise Difference(f"the crowd could not be removed: {status} {text}")
        self.revision = int(fields["lb-revision"])
        self.check(self.model.document(), has_changed=False)

    STEPS = [
        ("put", 14), ("patch", 14), ("stale", 3), ("many", 8), ("remove", 8), ("move", 14), ("pool", 8), ("whole", 8),
        ("rollback", 5), ("past", 4), ("drop", 3), ("reload", 10), ("kill", 3), ("restart", 1), ("hand_over", 1),
        ("hand_over_twice", 1), ("broken_hand_over", 1), ("crowd", 1),
    ]

    def step(self):
        name = self.chance.choices([n for n, _ in self.STEPS], [w for _, w in self.STEPS])[0]
        getattr(self, name)()
        self.done[name] += 1


def run(lbd, seed, seconds, steps):
    directory = tempfile.mkdtemp(prefix="control-")
    daemon = Daemon(lbd, directory)
    reader = None
    try:
        control = Control(daemon, seed)
        reader = Reader(daemon)
        end = time.monotonic() + seconds
        while time.monotonic() < end and sum(control.done.values()) < steps and not reader.fault:
            try:
                control.step()
            except (Difference, OSError, http.client.HTTPException) as difference:
                trail = "\n  ".join(str(entry) for entry in control.trail)
                return f"{type(difference).__name__}: {difference}\nafter\n  {trail}"
        # The stream has to come as far as lbd is, and to have told every revision once.
        last = time.monotonic() + PATIENCE
        while not reader.fault and (not reader.seen or reader.seen[-1] < control.revision):
            if time.monotonic() > last:
                return f"the stream has come to {reader.seen[-1:]}, and lbd is at {control.revision}"
            time.sleep(0.02)
        reader.is_over = True
        if reader.fault:
            return reader.fault
        told, before = [], None
        while True:
            path = "/v1/history?limit=1000" + (f"&before={before}" if before else "")
            page = [note["revision"] for note in json.loads(daemon.ask("GET", path)[2])]
            told += page
            if len(page) < 1000:
                break
            before = page[-1]
        told = sorted(told)
        if reader.seen != told:
            missing = sorted(set(told) - set(reader.seen))[:10]
            twice = [n for n, c in collections.Counter(reader.seen).items() if c > 1][:10]
            return f"the stream lacks {missing}, has twice {twice}, and other numbers {sorted(set(reader.seen) - set(told))[:10]}"
        counts = ", ".join(f"{count} {name}" for name, count in sorted(control.done.items()))
        print(f"seed {seed}: {sum(control.done.values())} steps, {len(told)} revisions, the stream cut {reader.cuts} times; {counts}")
        return None
    finally:
        if reader:
            reader.is_over = True
        daemon.end()
        shutil.rmtree(directory, ignore_errors=True)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--lbd", required=True)
    arguments.add_argument("--seconds", type=float, default=60)
    arguments.add_argument("--steps", type=int, default=1 << 60)
    arguments.add_argument("--seed", type=int, default=random.randrange(1 << 31))
    given = arguments.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    fault = run(given.lbd, given.seed, given.seconds, given.steps)
    if fault:
        print(f"seed {given.seed}: {fault}")
        sys.exit(1)


if __name__ == "__main__":
    main()
