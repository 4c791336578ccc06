#!/usr/bin/env python3
"""Measures what the number of backends costs, algorithm by algorithm: CPU per request with few and with thousands of them.

    algorithms.py --lbd .build/release/lbd                      3 and 5,000 backends, every algorithm
    algorithms.py --lbd PATH --algorithms hash --backends 5000 --checks

Both run side by side on the same work, by turns; the median of the rounds is printed beside its ratio to that of the few.
Each backend has an address of its own, behind one origin. Paths are drawn at random, so that the hash (by URI) meets all
backends. Without --checks there are no health checks, which cost by the second and not by the request. Needs gcc and
wrk. Only loopback addresses are used.
"""
import argparse
import os
import statistics
import subprocess
import tempfile

import compare

ALGORITHMS = ["round_robin", "least_request", "least_request_exact", "random", "peak_ewma", "hash"]
PORT = 18020

PATHS = """
request = function()
  return wrk.format("GET", "/" .. math.random(1000000))
end
"""


def daemon(arguments, work, number, algorithm, count):
    path = os.path.join(work, f"{number}-{algorithm}-{count}")
    lines = ["listeners:", f'  - address: "127.0.0.1:{PORT + number}"', "admin:", f'  address: "127.0.0.1:{PORT + 500 + number}"',
             "workers: 1", f'state: "{path}-state"', "access_log: off",
             "pools:", f"  default: {{algorithm: {algorithm}{', hash_by: uri' if algorithm == 'hash' else ''}}}"]
    if not arguments.checks:
        lines.append("health_check: off")
    lines += ["backends:"] + [f'  b{i}: {{url: "http://{h}:{p}"}}' for i, (h, p) in enumerate(compare.backends(count))]
    with open(path + ".yaml", "w") as file:
        file.write("\n".join(lines) + "\n")
    process = subprocess.Popen([arguments.lbd, "--config", path + ".yaml"], stderr=open(path + ".err", "w"))
    if not compare.wait_port(PORT + number, process):
        raise SystemExit(open(path + ".err").read())
    return process


def cpu(process):
    """Microseconds of CPU, of the process itself and of the kernel for it."""
    with open(f"/proc/{process.pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return [int(field) * 1e6 / compare.TICKS for field in fields[11:13]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lbd", required=True)
    parser.add_argument("--algorithms", default=",".join(ALGORITHMS))
    parser.add_argument("--backends", default="3,5000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--checks", action="store_true")
    arguments = parser.parse_args()
    counts = [int(count) for count in arguments.backends.split(",")]
    with tempfile.TemporaryDirectory() as work:
        origin, script = os.path.join(work, "origin"), os.path.join(work, "paths.lua")
        subprocess.run(["gcc", "-O2", "-o", origin, os.path.join(compare.HERE, "origin.c")], check=True)
        with open(script, "w") as file:
            file.write(PATHS)
        load = dict(conns=64, script=script)
        origins = [subprocess.Popen([origin, str(port), "100"]) for port in compare.ORIGINS]
        try:
            for algorithm in arguments.algorithms.split(","):
                running = {count: daemon(arguments, work, i, algorithm, count) for i, count in enumerate(counts)}
                rows = {count: [] for count in counts}
                for turn in range(arguments.rounds + 1):
                    for i, (count, process) in enumerate(running.items()):
                        before = cpu(process)
                        got = compare.wrk(PORT + i, load, arguments.seconds)
                        # The first round opens the connections.
                        if turn:
                            rows[count].append([(new - old) / got["requests"] for new, old in zip(cpu(process), before)])
                            if got["bad"]:
                                raise SystemExit(f"{algorithm}, {count} backends: {got['bad']} bad answers")
                for process in running.values():
                    process.terminate()
                    process.wait()
                few = statistics.median(map(sum, rows[counts[0]]))
                for count in counts:
                    user, kernel = (statistics.median(part) for part in zip(*rows[count]))
                    cost = statistics.median(map(sum, rows[count]))
                    print(f"{algorithm:20} {count:6} backends {cost:7.2f} us CPU/request {cost / few:5.2f}   "
                          f"itself {user:5.2f}, in the kernel {kernel:5.2f}", flush=True)
        finally:
            for process in origins:
                process.terminate()


if __name__ == "__main__":
    main()
