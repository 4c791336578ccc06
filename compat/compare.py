#!/usr/bin/env python3
"""Sends the cases of cases.py through lbd and through other proxies and prints who did what.

  compat/compare.py --lbd .build/release/lbd --peers haproxy,nginx,envoy,caddy [--only WORDS] [--details]

A cell is what the client got (`400`, `200 200`, `-` for nothing; `x`: the connection was closed behind it), and then what
is wrong, if anything is:
  PASSED   the backend got a request that should have been refused
  MEANS2   what arrived, at the backend or at the client, has more than one reading
  HIDDEN   the backend got a request that was inside of another one's body
  OPEN     refused, but the connection stayed open: what follows is read as the next request
  WRONG    the client got something else than it should
  STUCK    the second request on the connection did not get its own answer
Exit status: 1 when lbd has a fault, else 0.
"""

import argparse
import re
import socket
import sys
import threading
import time

import cases
import strict
from targets import targets

# How long nothing must come before a connection is taken to have said all.
QUIET = 0.4
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Backend:
    """Keeps every byte it gets. Answers each request it can read; to `/answer` with what the case scripts."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.reset(None)
        threading.Thread(target=self.accept, daemon=True).start()

    def reset(self, answer):
        with self.lock:
            self.streams = {}
            self.answer = answer

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        connection.settimeout(30)
        unread = b""
        try:
            while True:
                data = connection.recv(65536)
                if not data:
                    break
                unread += data
                with self.lock:
                    streams = self.streams
                    streams[id(connection)] = streams.get(id(connection), b"") + data
                while unread:
                    try:
                        method, target, _, _, rest = strict.read_request(unread)
                    except strict.Short:
                        break
                    except strict.Ambiguous:
                        # Any server would have its own idea; this one answers, as if it had understood.
                        connection.sendall(ANSWER)
                        unread = b""
                        break
                    unread = rest
                    with self.lock:
                        answer = self.answer
                    if target.startswith(b"/answer") and answer:
                        connection.sendall(answer.bytes)
                        if answer.closes:
                            return
                    elif method == b"HEAD":
                        connection.sendall(ANSWER[:-2])
                    else:
                        connection.sendall(ANSWER if target != b"/second" else ANSWER.replace(b"2\r\n\r\nok", b"6\r\n\r\nsecond"))
        except OSError:
            pass
        finally:
            connection.close()


def converse(port, pieces, after=None):
    """Sends each of `pieces`, reading until it is quiet behind each; (bytes, whether the other end closed, whether `after`
    was answered: some close their side late, and read nothing more all the same)."""
    got, closed, is_open = b"", False, False
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        client.settimeout(QUIET)
        for piece in pieces:
            sender = threading.Thread(target=quietly, args=(lambda: client.sendall(piece),), daemon=True)
            sender.start()
            while not closed:
                try:
                    data = client.recv(65536)
                except TimeoutError:
                    break
                except OSError:
                    closed = True
                    break
                closed = not data
                got += data
            if closed:
                break
        if after and not closed and got:
            try:
                client.sendall(after)
                is_open = bool(client.recv(65536))
            except OSError:
                pass
    return got, closed, is_open


def quietly(action):
    try:
        action()
    except OSError:
        pass


def answers(data, methods, has_ended):
    """Final answers in `data`; those that cannot be read raise."""
    found = []
    methods = list(methods)
    while data:
        method = methods[0] if methods else "GET"
        status, fields, body, data, closes = strict.read_answer(data, method, has_ended)
        if status >= 200 or status == 101:
            found.append((status, body, closes))
            if methods:
                methods.pop(0)
    return found


def judge_request(case, target, backend):
    backend.reset(None)
    got, closed, is_open = converse(target.port, [case.bytes], b"GET /after HTTP/1.1\r\nHost: a.example\r\n\r\n")
    time.sleep(0.05)
    with backend.lock:
        streams = list(backend.streams.values())
    faults = []
    method = re.match(rb"\s*(\w+)", case.bytes)
    method = method[1].decode() if method else "GET"
    try:
        statuses = [status for status, _, _ in answers(got, [method], closed)]
    except strict.Short:
        statuses = [0]
    except strict.Ambiguous as fault:
        statuses = [int(s) for s in re.findall(rb"HTTP/1\.[01] (\d{3})", got)]
        faults.append(f"MEANS2 (client: {fault})")
    arrived = []
    for stream in streams:
        while stream:
            try:
                method, path, fields, body, stream = strict.read_request(stream)
                if path == b"/after":
                    continue
                arrived.append(path)
                if case.requests == 1 and b"upgrade" in dict(fields) and 101 not in statuses and stream:
                    faults.append("HIDDEN (early bytes)")
            except strict.Short:
                arrived.append(b"(part)")
                break
            except strict.Ambiguous as fault:
                faults.append(f"MEANS2 ({fault})")
                arrived.append(b"?")
                break
    if b"/hidden" in arrived and case.requests == 1:
        faults.append("HIDDEN")
    refused = bool(statuses) and statuses[0] >= 400 or not statuses and closed
    if case.verdict == "refuse":
        # The head of a request whose body turns out to be wrong has gone out already.
        whole = [path for path in arrived if path != b"(part)"]
        if whole and not faults:
            faults.append("PASSED")
        elif refused and is_open:
            faults.append("OPEN")
        elif not refused and not faults and not closed and statuses:
            faults.append("WRONG")
    elif case.verdict == "serve":
        if len(arrived) != case.requests or len(statuses) != case.requests or any(s >= 300 for s in statuses):
            faults.append("WRONG")
    elif len(arrived) > case.requests and not faults:
        faults.append("PASSED")
    text = " ".join(str(s) for s in statuses) or "-"
    return text + ("x" if closed else ""), faults, (got, streams)


def judge_answer(case, target, backend):
    backend.reset(case)
    first = f"{case.method} /answer HTTP/{case.version}\r\nHost: a\r\n" + ("Connection: keep-alive\r\n" if case.version == "1.0" else "") + "\r\n"
    second = "GET /second HTTP/1.1\r\nHost: a\r\n\r\n"
    got, closed, _ = converse(target.port, [first.encode(), second.encode()])
    faults = []
    cut = False
    try:
        found = answers(got, [case.method, "GET"], closed)
    except strict.Short:
        found, cut = [], True
        faults += [] if closed else ["STUCK"]
    except strict.Ambiguous as fault:
        found = [(int(s), b"", False) for s in re.findall(rb"HTTP/1\.[01] (\d{3})", got)]
        faults.append(f"MEANS2 (client: {fault})")
    statuses = [status for status, _, _ in found]
    text = (" ".join(str(s) for s in statuses) or ("cut" if cut else "-")) + ("x" if closed else "")
    if not faults:
        is_refusal = cut or not found and closed or found and found[0][0] in (500, 502, 504)
        is_served = bool(found) and found[0][0] == case.status and (case.body is None or found[0][1] == case.body)
        if case.verdict == "refuse" and not is_refusal:
            faults.append("PASSED" if is_served or found and found[0][0] < 300 else "WRONG")
        elif case.verdict == "serve" and not is_served:
            faults.append("WRONG")
        elif case.verdict == "safe" and not is_refusal and not is_served:
            faults.append("WRONG")
        elif not closed and (len(found) != 2 or found[1][0] != 200 or found[1][1] != b"second"):
            faults.append("STUCK")
        if len(found) > 1 and found[1][1] not in (b"second",) and found[1][0] == 200:
            faults.append("MEANS2 (the second answer is not its own)")
        if b"evil" in got and case.body != b"evil":
            faults.append("MEANS2 (evil)")
    return text, faults, (got, [])


def run(target, work, results):
    backend = Backend()
    if not target.start(backend.port):
        return
    try:
        for case in work:
            judge = judge_request if isinstance(case, cases.Request) else judge_answer
            if target.process.poll() is not None:
                results[target.name, id(case)] = ("-", ["DEAD"], None)
                continue
            try:
                results[target.name, id(case)] = judge(case, target, backend)
            except OSError as fault:
                results[target.name, id(case)] = ("-", [f"WRONG ({fault})"], None)
    finally:
        target.stop()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--lbd", default=".build/release/lbd")
    arguments.add_argument("--peers", default="haproxy,nginx,envoy,caddy")
    arguments.add_argument("--bin", action="append", default=[], help="where else to look for the peers' programs")
    arguments.add_argument("--only", help="cases whose name contains this")
    arguments.add_argument("--details", action="store_true", help="show what lbd's faults looked like")
    arguments.add_argument("--faults", action="store_true", help="show only cases in which somebody has a fault")
    options = arguments.parse_args()
    work = [c for c in cases.REQUESTS + cases.ANSWERS if not options.only or options.only in c.name]
    found = targets(["lbd"] + [p for p in options.peers.split(",") if p], options.lbd, options.bin)
    results = {}
    threads = [threading.Thread(target=run, args=(target, work, results)) for target in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    width = max(len(c.name) for c in work)
    faulty = {target.name: 0 for target in found}
    kind = None
    for case in work:
        if kind is not type(case):
            kind = type(case)
            print(f"\n{'requests' if kind is cases.Request else 'answers':{width}}  should  " + "  ".join(f"{t.name:24}" for t in found))
        row, is_faulty = [], False
        for target in found:
            text, faults, _ = results.get((target.name, id(case)), ("-", ["DEAD"], None))
            faulty[target.name] += bool(faults)
            is_faulty = is_faulty or bool(faults)
            row.append(f"{text + ' ' + ' '.join(f.split(' ')[0] for f in faults):24}")
        if is_faulty or not options.faults:
            print(f"{case.name:{width}}  {case.verdict:6}  " + "  ".join(row))
        own = results.get(("lbd", id(case)))
        if options.details and own and own[1]:
            print(f"    {own[1]}\n    client: {own[2] and own[2][0][:400]!r}\n    backend: {own[2] and [s[:600] for s in own[2][1]]!r}")
    print(f"\n{len(work)} cases; with a fault: " + ", ".join(f"{name} {count}" for name, count in faulty.items()))
    sys.exit(1 if faulty.get("lbd", 1) else 0)


if __name__ == "__main__":
    main()
