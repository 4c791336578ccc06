#!/usr/bin/env python3
"""Mixed load for a long time, and whether what lbd holds stays flat.

  chaos/soak.py --lbd .build/release/lbd [--minutes 60] [--rest 0.2] [--out soak]

First the history is filled: lbd keeps 10,000 revisions, and until it has as many its state file has to grow. Then, every few
seconds: resident memory, descriptors, threads, requests in flight, client connections, slots of backends, and the size of the state
directory, to OUT.csv and as a plot to OUT.svg. Members change all the while, so that slots are taken and given back.
Exit status 1 when something grew: the median of the last quarter against that of the second one.
"""

import argparse
import csv
import http.client
import json
import os
import statistics
import sys
import time

from cluster import Backend, Cluster
from load import Load

COLUMNS = {
    # name: (unit, how much the last quarter may be above the second one: a share of it, and a number)
    "memory": ("MB", 0.05, 2.0),
    "descriptors": ("", 0.25, 20),
    "threads": ("", 0.0, 8),
    "in_flight": ("", 0.5, 20),
    "clients": ("", 0.5, 20),
    "slots": ("", 0.0, 2),
    "state": ("KB", 0.05, 100),
}
# What lbd keeps, and some more: from then on each revision takes the place of an older one.
REVISIONS = 10_200


def sample(cluster):
    root = f"/proc/{cluster.process.pid}"
    values = {}
    with open(f"{root}/status") as file:
        for line in file:
            if line.startswith("VmRSS"):
                values["memory"] = int(line.split()[1]) / 1024
            elif line.startswith("Threads"):
                values["threads"] = int(line.split()[1])
    values["descriptors"] = len(os.listdir(f"{root}/fd"))
    members = cluster.members()
    values["in_flight"] = sum(b["status"]["in_flight"] for b in members.values())
    values["clients"] = established(cluster.port)
    # As a collector would: until one has read what a backend that left has counted, its slot is kept (1,024 at most).
    values["slots"] = cluster.metric("lb_backend_slots")
    values["state"] = sum(
        os.path.getsize(os.path.join(directory, name)) for directory, _, names in os.walk(cluster.state) for name in names
    ) / 1024
    return values


def change(cluster, method, path, body=None):
    status, _ = cluster.admin(method, path, body)
    if status not in (200, 201, 202, 204):
        raise SystemExit(f"{method} {path} was answered with {status}")


def fill_history(cluster, url):
    """Makes revisions until the oldest are forgotten; tells how the state directory grew on the way."""
    connection = http.client.HTTPConnection("127.0.0.1", cluster.admin_port, timeout=30)
    begin = sample(cluster)["state"]
    for number in range(REVISIONS):
        body = json.dumps({"url": url, "weight": 1 + number % 2})
        connection.request("PUT", "/v1/backends/filler", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        if answer.status not in (200, 201):
            raise SystemExit(f"a change was answered with {answer.status}")
    connection.close()
    change(cluster, "DELETE", "/v1/backends/filler")
    print(f"{REVISIONS} revisions took the state directory from {begin:.0f} KB to {sample(cluster)['state']:.0f} KB")


def established(port):
    """Connections of clients that lbd has accepted."""
    count = 0
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table) as file:
                for line in list(file)[1:]:
                    words = line.split()
                    # 01: ESTABLISHED
                    count += words[1].endswith(f":{port:04X}") and words[3] == "01"
        except OSError:
            pass
    return count


def plot(path, rows):
    """A panel for each column, over time."""
    width, height, left = 720, 110, 90
    end = rows[-1]["seconds"] or 1
    parts = []
    for index, (name, (unit, _, _)) in enumerate(COLUMNS.items()):
        top = 30 + index * (height + 25)
        most = max(row[name] for row in rows) * 1.1 or 1
        points = " ".join(
            f"{left + row['seconds'] / end * width:.1f},{top + height - row[name] / most * height:.1f}" for row in rows
        )
        parts.append(
            f'<text x="{left - 8}" y="{top + 12}" text-anchor="end">{name}</text>'
            f'<text x="{left - 8}" y="{top + 28}" text-anchor="end" fill="#777">{rows[-1][name]:.0f} {unit}</text>'
            f'<rect x="{left}" y="{top}" width="{width}" height="{height}" fill="none" stroke="#ccc"/>'
            f'<polyline points="{points}" fill="none" stroke="#2a6f97" stroke-width="1.5"/>'
        )
    full = 30 + len(COLUMNS) * (height + 25)
    with open(path, "w") as file:
        file.write(
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 20}" height="{full + 20}" font-family="sans-serif" '
            f'font-size="12"><rect width="100%" height="100%" fill="white"/>{"".join(parts)}'
            f'<text x="{left}" y="{full}">0 to {end / 60:.0f} minutes</text></svg>\n'
        )


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--lbd", default=".build/release/lbd")
    arguments.add_argument("--minutes", type=float, default=60)
    arguments.add_argument("--rest", type=float, default=0, help="seconds that a client rests before each request")
    arguments.add_argument("--out", default="soak")
    options = arguments.parse_args()
    cluster = Cluster(options.lbd)
    faults, rows = [], []
    try:
        members = list(cluster.backends)
        guest = Backend("guest", cluster.ledger)
        cluster.backends.append(guest)  # so that it is ended with the others
        fill_history(cluster, guest.url)
        load = Load(cluster.port, "soak", options.rest)
        if load.missing:
            print(f"not installed, left out: {', '.join(load.missing)}")
        table = open(options.out + ".csv", "w", newline="")
        writer = csv.DictWriter(table, ["seconds", *COLUMNS])
        writer.writeheader()
        begin = time.monotonic()
        pause = max(0.5, min(10, options.minutes * 60 / 360))
        turn = 0
        while time.monotonic() - begin < options.minutes * 60:
            time.sleep(pause)
            turn += 1
            # One that comes and goes under ever new names, one that changes.
            if turn > 1:
                change(cluster, "DELETE", f"/v1/backends/guest-{turn - 1}")
            change(cluster, "PUT", f"/v1/backends/guest-{turn}", {"url": guest.url})
            member = members[turn % len(members)]
            change(cluster, "PUT", f"/v1/backends/{member.name}", {"url": member.url, "weight": 1 + turn % 5})
            rows.append({"seconds": round(time.monotonic() - begin, 1), **sample(cluster)})
            writer.writerow(rows[-1])
            table.flush()
        if load.stop():
            faults.append("clients never got an answer")
        time.sleep(2)
        left = sample(cluster)["in_flight"]
        if left:
            faults.append(f"{left} requests are in flight with nobody asking")
        print(load.tally.report())
        if load.tally.count("idempotent"):
            faults.append(f"{load.tally.count('idempotent')} idempotent requests saw an error")
        table.close()
        plot(options.out + ".svg", rows)
        quarter = len(rows) // 4
        for name, (unit, share, number) in COLUMNS.items():
            early = statistics.median(row[name] for row in rows[quarter:2 * quarter])
            late = statistics.median(row[name] for row in rows[-quarter:])
            print(f"{name:12} {early:8.1f} -> {late:8.1f} {unit}")
            if late > early * (1 + share) + number:
                faults.append(f"{name} grew from {early:.1f} to {late:.1f} {unit}")
    finally:
        cluster.stop()
        cluster.clean_up()
    for fault in faults:
        print(f"FAIL  {fault}")
    print(f"{'FAIL' if faults else 'ok'}: {options.minutes:g} minutes, {options.out}.csv and {options.out}.svg")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
