"""A backend that keeps HTTP/1.1 and nothing more: it closes idle connections when it likes, now and then with a reset,
takes its time, and frames its answers in every way there is. To those who can read it, it says 103 first (`/hints`; Python's
clients cannot). Every request that it has read whole
is written to a ledger before it is answered.

  backend.py NAME PORT LEDGER
"""

import os
import random
import socket
import struct
import sys
import threading
import time

NAME, PORT, LEDGER = sys.argv[1], int(sys.argv[2]), sys.argv[3]
ledger = os.open(LEDGER, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)


class Reader:
    def __init__(self, connection):
        self.connection, self.unread = connection, b""

    def more(self):
        data = self.connection.recv(1 << 18)
        if not data:
            raise ConnectionError
        self.unread += data

    def until(self, mark):
        while mark not in self.unread:
            self.more()
        found, _, self.unread = self.unread.partition(mark)
        return found

    def exactly(self, count):
        while len(self.unread) < count:
            self.more()
        found, self.unread = self.unread[:count], self.unread[count:]
        return found


def request(reader):
    head = reader.until(b"\r\n\r\n").split(b"\r\n")
    fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in head[1:])}
    method, target, _ = head[0].split(b" ")
    length = 0
    if fields.get(b"transfer-encoding") == b"chunked":
        while size := int(reader.until(b"\r\n").split(b";")[0], 16):
            reader.exactly(size + 2)
            length += size
        while reader.until(b"\r\n"):
            pass
    else:
        length = int(fields.get(b"content-length", b"0"))
        left = length
        while left:
            left -= len(reader.exactly(min(left, 1 << 16)))
    return method, target, fields, length


def tunnel(connection, reader):
    """Echoes until the other end has said its last byte."""
    connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n" + reader.unread)
    while data := connection.recv(1 << 16):
        connection.sendall(data)
    connection.close()


def serve(connection):
    chance = random.Random()
    reader = Reader(connection)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.settimeout(120)
    try:
        while True:
            method, target, fields, length = request(reader)
            if b"upgrade" in fields:
                return tunnel(connection, reader)
            path = target.decode()
            if path == "/health":
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            identity = fields.get(b"x-id", b"-")
            os.write(ledger, b"%s %s %s\n" % (method, identity, NAME.encode()))
            if chance.random() < 0.02:
                time.sleep(chance.random() * 0.2)
            if path.startswith("/bytes/"):
                body = b"b" * int(path[7:])
            else:
                body = b"%s %d %s" % (identity, length, NAME.encode())
            early = b"HTTP/1.1 103 Early Hints\r\nLink: </style>\r\n\r\n" if path == "/hints" and chance.random() < 0.3 else b""
            head = early + b"HTTP/1.1 200 OK\r\nX-Id: %s\r\n" % identity
            closes = False
            kind = chance.random()
            if method == b"HEAD":
                connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body))
            elif kind < 0.6:
                connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            elif kind < 0.9:
                half = len(body) // 2
                chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:half], body[half:]) if part)
                connection.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
            elif kind < 0.95:
                connection.sendall(head + b"Connection: close\r\n\r\n" + body)
                closes = True
            else:
                connection.sendall(head + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                closes = True
            if closes:
                return
            # The keep-alive race: closed without a word, at once or while it is idle.
            end = chance.random()
            if end < 0.04:
                return
            if end < 0.07:
                connection.settimeout(chance.random() * 0.05)
                try:
                    reader.more()
                except TimeoutError:
                    if end < 0.05:
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                connection.settimeout(120)
    except (OSError, ValueError):
        pass
    finally:
        connection.close()


listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", PORT))
listener.listen(32)
while True:
    accepted, _ = listener.accept()
    threading.Thread(target=serve, args=(accepted,), daemon=True).start()
