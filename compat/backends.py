#!/usr/bin/env python3
"""Servers that people run, as backends: gunicorn, node, nginx, Python's own, each in pairs, one of them killed and started again under load.

  compat/backends.py --lbd .build/release/lbd [--seconds 6] [--bin DIRECTORY]

Load is wrk where it is installed, else curl. Exit status 1 when a request saw an error.
"""

import argparse
import os
import re
import subprocess
import sys
import threading
import time

from targets import Target, find, free_port

APP = """
def app(environ, start_response):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)) or b"hello"
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
"""

NODE = """
const server = require('http').createServer((request, response) => {
  const parts = [];
  request.on('data', part => parts.push(part));
  request.on('end', () => response.end(parts.length ? Buffer.concat(parts) : 'hello'));
});
server.keepAliveTimeout = 200;
server.listen(@port@, '127.0.0.1');
"""

NGINX = """
daemon off; master_process off; pid @dir@/pid; error_log @dir@/error;
events { worker_connections 500; }
http {
  access_log off; keepalive_requests 5; keepalive_timeout 1s;
  client_body_temp_path @dir@/1; proxy_temp_path @dir@/2; fastcgi_temp_path @dir@/3; uwsgi_temp_path @dir@/4; scgi_temp_path @dir@/5;
  server { listen 127.0.0.1:@port@; location / { return 200 hello; } }
}
"""

LBD = """
listeners: [{address: "127.0.0.1:@port@"}]
admin: {address: "127.0.0.1:@other@"}
workers: 2
access_log: {path: @dir@/access.log}
pools:
  default:
    health_check: {path: /, interval: 2s, timeout: 2s}
backends: [@backend@]
"""


def servers(directories):
    """[(name, how to make one)] of what is installed."""
    gunicorn, node, nginx = find("gunicorn", directories), find("node", directories), find("nginx", directories)
    found = [("http.server", lambda: Target("python", [sys.executable, "-m", "http.server", "@port@", "--bind", "127.0.0.1", "-d", "@dir@"], {"index.html": "hello"}))]
    if gunicorn:
        for kind in ("sync", "gthread"):
            words = [gunicorn, "-k", kind, "-w", "2", "--threads", "1" if kind == "sync" else "4", "--keep-alive", "1", "--max-requests", "500", "-b", "127.0.0.1:@port@", "--chdir", "@dir@", "app:app"]
            found.append((f"gunicorn {kind}", lambda words=words: Target("gunicorn", words, {"app.py": APP})))
    if node:
        found.append(("node", lambda: Target("node", [node, "@dir@/app.js"], {"app.js": NODE})))
    if nginx:
        found.append(("nginx", lambda: Target("nginx", [nginx, "-c", "@dir@/nginx.conf", "-p", "@dir@"], {"nginx.conf": NGINX})))
    return found


def load(url, seconds):
    """(requests, errors, what they were)"""
    if wrk := find("wrk"):
        text = subprocess.run([wrk, "-t1", "-c8", "--timeout", "20s", f"-d{seconds}s", url], capture_output=True, text=True).stdout
        count = int(re.search(r"(\d+) requests in", text)[1])
        errors = [int(n) for n in re.findall(r"(?:connect|read|write|timeout) (\d+)", text)]
        errors += [int(n) for n in re.findall(r"Non-2xx or 3xx responses: (\d+)", text)]
        return count, sum(errors), " ".join(line.strip() for line in text.splitlines() if "rrors" in line or "Non-2xx" in line)
    end, count, bad = time.monotonic() + seconds, 0, []
    while time.monotonic() < end:
        done = subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", url], capture_output=True, text=True)
        count += 1
        if done.stdout != "200":
            bad.append(done.stdout)
    return count, len(bad), " ".join(bad[:5])


def end(target):
    """kill -9, with all its children."""
    try:
        os.killpg(target.process.pid, 9)
    except ProcessLookupError:
        pass
    target.process.wait()


def restart(target):
    target.process = subprocess.Popen(
        target.process.args, stdout=target.log, stderr=target.log, start_new_session=True
    )


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--lbd", default=".build/release/lbd")
    arguments.add_argument("--seconds", type=int, default=6)
    arguments.add_argument("--bin", action="append", default=[])
    options = arguments.parse_args()
    failed = 0
    for name, make in servers(options.bin):
        pair = [make(), make()]
        running = [server for server in pair if server.start(0)]
        lbd = Target("lbd", [options.lbd, "--config", "@dir@/lb.yaml", "--state", "@dir@/state"], {
            "lb.yaml": LBD.replace("@backend@", ", ".join(f'"http://127.0.0.1:{server.port}"' for server in running)),
        })
        try:
            if len(running) < 2 or not lbd.start(0):
                failed += 1
                continue
            time.sleep(1)
            url = f"http://127.0.0.1:{lbd.port}/"
            result = []
            thread = threading.Thread(target=lambda: result.append(load(url, options.seconds)))
            thread.start()
            time.sleep(options.seconds / 3)
            end(running[0])
            time.sleep(options.seconds / 3)
            restart(running[0])
            thread.join()
            count, errors, text = result[0]
            upload = subprocess.run(
                ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-X", "PUT", "-H", "Transfer-Encoding: chunked", "--data-binary", "@" + __file__, url],
                capture_output=True, text=True,
            ).stdout
            failed += errors > 0
            print(f"{'ok  ' if not errors else 'FAIL'}  {name:16} {count:7} requests, {errors} errors {text}; a chunked PUT: {upload}", flush=True)
        finally:
            for target in [*running, lbd]:
                if hasattr(target, "process"):
                    end(target)
                    target.stop()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
