#!/bin/sh
# examples/lbd.service and lbd.socket under a real systemd: systemd.sh LBD LBCTL
#
# A whole systemd runs as the first process of namespaces of its own, on an overlay of this machine's files: what it writes
# goes to memory and ends with it. Needs root, systemd, unshare and python3; without them it says so and checks nothing.
set -eu
lbd=$(realpath "${1:?systemd.sh LBD LBCTL}")
lbctl=$(realpath "${2:?systemd.sh LBD LBCTL}")
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
skip() { echo "systemd: skipped: $1"; exit 0; }
[ "$(id -u)" = 0 ] || skip "root is needed to make namespaces"
[ -x /lib/systemd/systemd ] || skip "no systemd is installed"
command -v unshare >/dev/null || skip "no unshare is installed"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/memory"
cp "$lbd" "$lbctl" "$here/../examples/lbd.service" "$here/../examples/lbd.socket" "$work/"

# What the machine does once it is up: the checks. Every line that begins with "not ok" is a failure.
cat >"$work/checks.sh" <<'CHECKS'
ok() { if [ "$1" = "$2" ]; then echo "ok: $3"; else echo "not ok: $3: $1 instead of $2"; fi; }
is() { systemctl show -p "$1" --value lbd; }
# Nothing of the ordinary boot is started, so units are started without what they would come after.
alone() { timeout 30 systemctl "$1" --job-mode=ignore-dependencies "$2"; }
answer() { curl -s -o /dev/null -m 5 -w '%{http_code}' http://127.0.0.1/; }
until_restarted() { for _ in $(seq 300); do [ "$(is NRestarts)" -ge "$1" ] && [ "$(is ActiveState)" = active ] && return; sleep 0.2; done; }
python3 -m http.server 18081 --bind 127.0.0.1 --directory /var/empty >/dev/null 2>&1 &
until curl -s -o /dev/null http://127.0.0.1:18081/; do sleep 0.1; done

alone start lbd; ok $? 0 "systemctl start returns once it serves"
ok "$(answer)" 200 "the first request is answered"
ok "$(is StatusText)" "1 of 1 backend serve" "its status is told"
main=$(is MainPID)
ok "$(sed -n 's/^CapEff:\t//p' "/proc/$main/status")" 0000000000000400 "it may bind port 80, and nothing else that root may"
ok "$(sed -n 's/^NoNewPrivs:\t//p' "/proc/$main/status")" 1 "it gets no more rights"
ok "$([ "$(sed -n 's/^Uid:\t\([0-9]*\).*/\1/p' "/proc/$main/status")" -ge 61184 ] && echo dynamic)" dynamic "it has a user of its own"
lbctl add backend kept http://127.0.0.1:18081 --force >/dev/null 2>&1; ok $? 0 "a backend is added"

timeout 30 systemctl reload lbd; ok $? 0 "a reload is taken"
cp /etc/lb/lb.yaml /etc/lb/good; echo 'nonsense: 1' >>/etc/lb/lb.yaml
timeout 30 systemctl reload lbd 2>/dev/null; ok $? 1 "a reload of a bad file is refused"
cp /etc/lb/good /etc/lb/lb.yaml
ok "$(is MainPID) $(answer)" "$main 200" "and the process serves on"

kill -KILL "$main"; until_restarted 1
ok "$(answer)" 200 "after a kill -9 it is started again"
ok "$(lbctl list -o name | grep -c kept)" 1 "and has what was added"
main=$(is MainPID); kill -STOP "$main"; until_restarted 2
ok "$(is NRestarts) $(answer)" "2 200" "one that hangs is ended by the watchdog, and started again"

timeout 30 systemctl stop lbd; ok "$(is Result)" success "it stops"
alone start lbd.socket; ok $? 0 "systemd holds the port"
cat >/load.py <<'LOAD'
import socket, sys, time
end, count, failed = time.monotonic() + 8, 0, 0
while time.monotonic() < end:
    try:
        with socket.create_connection(("127.0.0.1", 80), 10) as s:
            s.settimeout(10)
            s.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            data = b""
            while part := s.recv(65536): data += part
        count += 1
        failed += not data.startswith(b"HTTP/1.1 200 ")
    except OSError as error:
        failed += 1
        print(error, file=sys.stderr)
print(count, "requests,", failed, "failed")
sys.exit(failed > 0 or count == 0)
LOAD
alone start lbd
python3 /load.py & load=$!
for _ in 1 2 3; do sleep 2; alone restart lbd || echo "not ok: a restart"; done
wait "$load"; ok $? 0 "three restarts refuse nobody"
echo done
CHECKS

cat >"$work/boot.sh" <<'BOOT'
set -e
work=$1
mount --make-rprivate /
mount -t tmpfs tmpfs "$work/memory"
cd "$work/memory"
mkdir upper work root
mount -t overlay overlay -o "lowerdir=/,upperdir=$PWD/upper,workdir=$PWD/work" root
cd root
mount -t proc proc proc
mount --rbind /sys sys
mount -t tmpfs tmpfs dev
for name in null zero full random urandom tty; do touch "dev/$name"; mount --bind "/dev/$name" "dev/$name"; done
mkdir -p dev/shm dev/pts dev/mqueue dev/hugepages var/empty etc/lb old
touch dev/console
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t mqueue mqueue dev/mqueue
ln -s /run/systemd/journal/dev-log dev/log
cp "$work/lbd" "$work/lbctl" usr/local/bin/
cp "$work/lbd.service" "$work/lbd.socket" etc/systemd/system/
cp "$work/checks.sh" checks.sh
printf '[Unit]\nDefaultDependencies=no\n' >etc/systemd/system/nothing.target
printf 'listeners: [{address: ":80"}]\nbackends: ["http://127.0.0.1:18081"]\n' >etc/lb/lb.yaml
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
pivot_root . old
umount -l /old
mount --make-rshared /
ip link set lo up
export container=lxc
exec /lib/systemd/systemd --system --unit=nothing.target --log-target=null --show-status=0
BOOT

# The network is its own too, so that port 80 is free.
setsid timeout -s KILL 240 unshare --mount --pid --kill-child --fork --uts --ipc --net sh "$work/boot.sh" "$work" \
    >"$work/boot.log" 2>&1 </dev/null &
outer=$!
trap 'kill -KILL -"$outer" 2>/dev/null || kill -KILL "$outer" 2>/dev/null || true; wait "$outer" 2>/dev/null || true; rm -rf "$work"' EXIT
first=
for _ in $(seq 100); do
    first=$(pgrep -f '^/lib/systemd/systemd --system --unit=nothing.target' | tail -1) && [ -n "$first" ] &&
        nsenter -t "$first" -m -p -n -r -w test -S /run/systemd/private 2>/dev/null && break
    kill -0 "$outer" 2>/dev/null || { cat "$work/boot.log"; skip "this machine does not let it boot"; }
    sleep 0.1
done
timeout 200 nsenter -t "$first" -m -p -u -i -n -r -w sh /checks.sh >"$work/result" 2>&1 || true
cat "$work/result"
grep -q '^done$' "$work/result" || { echo "systemd: the checks did not come to their end"; exit 1; }
! grep -q '^not ok' "$work/result"
