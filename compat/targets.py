"""Proxies in front of one backend, each configured as its users would: keep-alive towards the backend, nothing relaxed."""

import os
import shutil
import socket
import subprocess
import tempfile
import time


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Target:
    def __init__(self, name, command, files=None, environment=None):
        self.name, self.command, self.files = name, command, files or {}
        self.environment = environment or {}

    def start(self, backend_port):
        self.directory = tempfile.mkdtemp(prefix=f"compat-{self.name}-")
        self.port, self.other_port = free_port(), free_port()
        values = {"dir": self.directory, "port": self.port, "other": self.other_port, "backend": backend_port}
        for name, text in self.files.items():
            for key, value in values.items():
                text = text.replace(f"@{key}@", str(value))
            with open(os.path.join(self.directory, name), "w") as file:
                file.write(text)
        command = []
        for word in self.command:
            for key, value in values.items():
                word = word.replace(f"@{key}@", str(value))
            command.append(word)
        self.log = open(os.path.join(self.directory, "log"), "w")
        self.process = subprocess.Popen(
            command, stdout=self.log, stderr=self.log, env=dict(os.environ, **self.environment), start_new_session=True
        )
        for _ in range(200):
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return True
            except OSError:
                time.sleep(0.05)
        with open(os.path.join(self.directory, "log")) as file:
            print(f"{self.name} did not start:\n{file.read()[-1500:]}")
        return False

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.directory, ignore_errors=True)


HAPROXY = """
global
  maxconn 2000
defaults
  mode http
  timeout client 10s
  timeout server 10s
  timeout connect 2s
  timeout http-request 5s
frontend f
  bind 127.0.0.1:@port@
  default_backend b
backend b
  http-reuse always
  server s 127.0.0.1:@backend@
"""

NGINX = """
daemon off; master_process off; worker_processes 1; pid @dir@/pid; error_log @dir@/error info;
events { worker_connections 500; }
http {
  access_log off;
  client_body_temp_path @dir@/1; proxy_temp_path @dir@/2; fastcgi_temp_path @dir@/3; uwsgi_temp_path @dir@/4; scgi_temp_path @dir@/5;
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  upstream b { server 127.0.0.1:@backend@; keepalive 16; }
  server {
    listen 127.0.0.1:@port@;
    location / {
      proxy_pass http://b; proxy_http_version 1.1; proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
    }
  }
}
"""

ENVOY = """
admin: {address: {socket_address: {address: 127.0.0.1, port_value: @other@}}}
static_resources:
  listeners:
  - address: {socket_address: {address: 127.0.0.1, port_value: @port@}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: s
          upgrade_configs: [{upgrade_type: websocket}]
          route_config: {virtual_hosts: [{name: v, domains: ["*"], routes: [{match: {prefix: /}, route: {cluster: b}}]}]}
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
  clusters:
  - name: b
    type: STATIC
    connect_timeout: 2s
    load_assignment: {cluster_name: b, endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: @backend@}}}}]}]}
"""

CADDY = """
{
  admin off
  auto_https off
}
http://:@port@ {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:@backend@
}
"""

LBD = """
health_check: off
listeners: [{address: "127.0.0.1:@port@"}]
admin: {address: "127.0.0.1:@other@"}
workers: 1
backends: ["http://127.0.0.1:@backend@"]
"""


def find(name, more=()):
    for directory in [*more, *os.environ.get("PATH", "").split(":"), "/usr/sbin"]:
        path = os.path.join(directory, name)
        if os.access(path, os.X_OK):
            return path
    return None


def targets(names, lbd, bin_directories):
    """Those of `names` that are installed."""
    found = []
    for name in names:
        program = lbd if name == "lbd" else find(name, bin_directories)
        if not program:
            print(f"{name}: not installed, left out")
            continue
        found.append({
            "lbd": lambda p: Target("lbd", [p, "--config", "@dir@/lb.yaml", "--state", "@dir@/state"], {"lb.yaml": LBD}),
            "haproxy": lambda p: Target("haproxy", [p, "-db", "-f", "@dir@/haproxy.cfg"], {"haproxy.cfg": HAPROXY}),
            "nginx": lambda p: Target("nginx", [p, "-c", "@dir@/nginx.conf", "-p", "@dir@"], {"nginx.conf": NGINX}),
            "envoy": lambda p: Target(
                "envoy", [p, "-c", "@dir@/envoy.yaml", "--concurrency", "1", "--disable-hot-restart", "-l", "error"],
                {"envoy.yaml": ENVOY}),
            "caddy": lambda p: Target(
                "caddy", [p, "run", "--config", "@dir@/Caddyfile", "--adapter", "caddyfile"], {"Caddyfile": CADDY},
                {"HOME": "/tmp", "XDG_DATA_HOME": "/tmp", "XDG_CONFIG_HOME": "/tmp"}),
        }[name](program))
    return found
