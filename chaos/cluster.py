"""lbd and its backends as processes of their own, and the admin API's side of them."""

import atexit
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Backend:
    def __init__(self, name, ledger):
        self.name, self.ledger, self.port = name, ledger, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        self.process = subprocess.Popen([sys.executable, os.path.join(HERE, "backend.py"), self.name, str(self.port), self.ledger])
        for _ in range(200):
            try:
                return socket.create_connection(("127.0.0.1", self.port), 0.2).close()
            except OSError:
                time.sleep(0.02)
        raise SystemExit(f"backend {self.name} did not start")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def hang(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)


class Cluster:
    def __init__(self, lbd, backends=4, extra=""):
        self.lbd, self.extra = os.path.abspath(lbd), extra
        self.directory = tempfile.mkdtemp(prefix="chaos-")
        self.ledger = os.path.join(self.directory, "ledger")
        self.state = os.path.join(self.directory, "state")
        self.config = os.path.join(self.directory, "lb.yaml")
        self.port, self.admin_port = free_port(), free_port()
        self.processes, self.backends = [], []
        # Also at a signal: nothing of this may outlive the run.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        atexit.register(self.stop)
        for index in range(backends):
            self.backends.append(Backend(f"b{index}", self.ledger))
        self.write_config()
        self.start()

    def write_config(self, weight=1):
        lines = "".join(f'  {b.name}: {{url: "{b.url}", weight: {weight}}}\n' for b in self.backends)
        with open(self.config + ".new", "w") as file:
            file.write(
                f'listeners: [{{address: "127.0.0.1:{self.port}"}}]\nadmin: {{address: "127.0.0.1:{self.admin_port}"}}\n'
                f"workers: 2\naccess_log: {{path: {self.directory}/access.log}}\n"
                "pools:\n  default:\n    health_check: {path: /health, interval: 1s, timeout: 1s, fall: 2}\n"
                f"backends:\n{lines}{self.extra}"
            )
        os.replace(self.config + ".new", self.config)

    def start(self, *flags):
        log = open(os.path.join(self.directory, f"lbd.{len(self.processes)}.log"), "w")
        self.process = subprocess.Popen(
            [self.lbd, "--config", self.config, "--state", self.state, *flags], stdout=log, stderr=log
        )
        self.processes.append(self.process)
        self.await_ready()

    def await_ready(self, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                if self.admin("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise SystemExit("lbd is not ready:\n" + self.logs())

    def logs(self):
        text = ""
        for index in range(len(self.processes)):
            with open(os.path.join(self.directory, f"lbd.{index}.log")) as file:
                text += file.read()[-3000:]
        return text

    def admin(self, method, path, body=None, seconds=10):
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=seconds)
        try:
            data = None if body is None else json.dumps(body)
            connection.request(method, path, data, {"Content-Type": "application/json"} if data else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except http.client.HTTPException as fault:
            raise OSError(str(fault)) from fault
        finally:
            connection.close()

    def members(self):
        return json.loads(self.admin("GET", "/v1/backends")[1])["backends"]

    def metric(self, name):
        """The sum of all series of a metric."""
        total = 0.0
        for line in self.admin("GET", "/metrics")[1].decode().splitlines():
            if line.split("{")[0].split(" ")[0] == name:
                total += float(line.rsplit(" ", 1)[1])
        return total

    def stop(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()
        for backend in self.backends:
            backend.go_on()
            backend.kill()

    def clean_up(self):
        shutil.rmtree(self.directory, ignore_errors=True)

