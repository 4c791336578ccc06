#!/usr/bin/env python3
"""WebSocket through lbd: `websockets` and `aiohttp`, each as client and as server.

  compat/websocket.py --lbd .build/release/lbd

Whole and fragmented messages of text and bytes, empty ones and 16 MB, pings of both sides, close codes and reasons, twenty
connections at once, and an end without a close frame. Exit status 1 when one of them is not as it would be without lbd.
"""

import argparse
import asyncio
import importlib.util
import os
import sys

from targets import LBD, Target

SIZES = [0, 1, 125, 126, 65_535, 65_536, 1_000_000, 16 << 20]


async def serve_websockets():
    import websockets

    async def echo(socket, *_):
        async for message in socket:
            if message == "close":
                await socket.close(4001, "as you wish")
            elif message == "vanish":
                socket.transport.abort()
            else:
                await socket.send(message)

    server = await websockets.serve(echo, "127.0.0.1", 0, max_size=None)
    return next(iter(server.sockets)).getsockname()[1], server


async def serve_aiohttp():
    from aiohttp import WSMsgType, web

    async def echo(request):
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        async for message in socket:
            if message.data == "close":
                await socket.close(code=4001, message=b"as you wish")
            elif message.data == "vanish":
                request.transport.abort()
            elif message.type == WSMsgType.TEXT:
                await socket.send_str(message.data)
            else:
                await socket.send_bytes(message.data)
        return socket

    application = web.Application()
    application.router.add_get("/", echo)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return site._server.sockets[0].getsockname()[1], runner


async def talk_websockets(url):
    import websockets

    async with websockets.connect(url, max_size=None) as socket:
        for size in SIZES:
            for message in (os.urandom(size), "é" * size if size <= 1_000_000 else "x" * size):
                await socket.send(message)
                assert await socket.recv() == message, f"an echo of {size}"
        # Fragments, with a ping between two of them.
        await socket.send(iter(["one ", "two ", "three"]))
        assert await socket.recv() == "one two three", "fragments"
        await asyncio.wait_for(await socket.ping(b"are you there"), 10)
        await socket.send("close")
        try:
            await socket.recv()
            raise AssertionError("it goes on")
        except websockets.ConnectionClosed as end:
            assert (end.rcvd.code, end.rcvd.reason) == (4001, "as you wish"), f"the close {end}"
    async with websockets.connect(url) as socket:
        await socket.send("vanish")
        try:
            await asyncio.wait_for(socket.recv(), 10)
            raise AssertionError("it goes on")
        except websockets.ConnectionClosed as end:
            assert end.rcvd is None, "a close frame from nowhere"
    many = await asyncio.gather(*(once_websockets(url, number) for number in range(20)))
    assert all(many), "twenty at once"


async def once_websockets(url, number):
    import websockets

    async with websockets.connect(url) as socket:
        for turn in range(20):
            await socket.send(f"{number} {turn}")
            if await socket.recv() != f"{number} {turn}":
                return False
    return True


async def talk_aiohttp(url):
    import aiohttp

    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(url, max_msg_size=0) as socket:
            for size in SIZES:
                await socket.send_bytes(message := os.urandom(size))
                assert await socket.receive_bytes() == message, f"an echo of {size}"
                await socket.send_str(text := "x" * size)
                assert await socket.receive_str() == text, f"an echo of {size}"
            await socket.ping(b"are you there")
            await socket.send_str("close")
            end = await socket.receive()
            assert end.type == aiohttp.WSMsgType.CLOSE and end.data == 4001, f"the close {end}"
        async with session.ws_connect(url) as socket:
            await socket.send_str("vanish")
            end = await asyncio.wait_for(socket.receive(), 10)
            assert end.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR), f"the end {end}"


async def run(options):
    libraries = [name for name in ("websockets", "aiohttp") if importlib.util.find_spec(name)]
    for name in {"websockets", "aiohttp"} - set(libraries):
        print(f"{name}: not installed, left out")
    if not libraries:
        return 0
    failed = 0
    for server in libraries:
        port, holder = await {"websockets": serve_websockets, "aiohttp": serve_aiohttp}[server]()
        lbd = Target("lbd", [options.lbd, "--config", "@dir@/lb.yaml", "--state", "@dir@/state"], {"lb.yaml": LBD})
        if not lbd.start(port):
            return 1
        try:
            for client in libraries:
                talk = {"websockets": talk_websockets, "aiohttp": talk_aiohttp}[client]
                for way, url in (("directly", f"http://127.0.0.1:{port}/"), ("through lbd", f"http://127.0.0.1:{lbd.port}/")):
                    try:
                        await asyncio.wait_for(talk(url.replace("http", "ws")), 120)
                        print(f"ok    {client} to {server}, {way}", flush=True)
                    except (AssertionError, Exception) as fault:  # each library has its own
                        failed += way == "through lbd"
                        print(f"FAIL  {client} to {server}, {way}: {type(fault).__name__} {fault}", flush=True)
        finally:
            lbd.stop()
    return failed


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--lbd", default=".build/release/lbd")
    sys.exit(1 if asyncio.run(run(arguments.parse_args())) else 0)


if __name__ == "__main__":
    main()
