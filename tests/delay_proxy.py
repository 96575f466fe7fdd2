#!/usr/bin/env python3
"""delay_proxy.py LISTEN-PORT TARGET-PORT MS: a round trip of MS milliseconds on loopback.

Each byte arrives MS/2 later, in order; a connection is made after MS more, as a TCP
handshake takes. No limit of bandwidth: as much is under way as the sender sends, up to
64 MB a direction. Prints "ready" once it listens; ends with its stdin if that is a pipe
(so that nothing is left over), or by a signal. For each line on that pipe it prints
"BYTES TURNS" of since the line before: all bytes, and how often the client spoke after it
had been spoken to."""

import asyncio
import collections
import os
import socket
import stat
import sys

CHUNK = 1 << 20
MOST = 64 << 20


class Counts:
    bytes = turns = 0
    heard = {}  # by connection: it has been spoken to


def count(connection, from_client, n):
    Counts.bytes += n
    Counts.turns += from_client and Counts.heard.get(connection, False)
    Counts.heard[connection] = not from_client


async def carry(loop, src, dst, delay, connection, from_client):
    """From src to dst, each chunk `delay` seconds after it came."""
    queue = collections.deque()
    held = 0
    came, went = asyncio.Event(), asyncio.Event()

    async def send():
        nonlocal held
        while True:
            while not queue:
                came.clear()
                await came.wait()
            due, data = queue.popleft()
            wait = due - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            if not data:
                dst.shutdown(socket.SHUT_WR)
                return
            await loop.sock_sendall(dst, data)
            if not from_client:
                count(connection, False, len(data))
            held -= len(data)
            went.set()

    sender = asyncio.ensure_future(send())
    try:
        while True:
            try:
                data = await loop.sock_recv(src, CHUNK)
            except OSError:
                data = b""
            if from_client and data:
                count(connection, True, len(data))
            queue.append((loop.time() + delay, data))
            held += len(data)
            came.set()
            if not data:
                break
            while held > MOST:
                went.clear()
                await went.wait()
        await sender
    except OSError:
        pass
    finally:
        sender.cancel()


async def serve(loop, client, target, ms):
    server = socket.socket()
    server.setblocking(False)
    try:
        await asyncio.sleep(ms / 1000)
        await loop.sock_connect(server, ("127.0.0.1", target))
        for s in (client, server):
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.gather(carry(loop, client, server, ms / 2000, client, True),
                             carry(loop, server, client, ms / 2000, client, False))
    except OSError:
        pass
    finally:
        Counts.heard.pop(client, None)
        client.close()
        server.close()


def told():
    if not os.read(0, 1):
        os._exit(0)
    print(Counts.bytes, Counts.turns, flush=True)
    Counts.bytes = Counts.turns = 0


async def main(listen, target, ms):
    loop = asyncio.get_running_loop()
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind(("127.0.0.1", listen))
    door.listen(100)
    door.setblocking(False)
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        loop.add_reader(0, told)
    print("ready", flush=True)
    tasks = set()
    while True:
        client, _ = await loop.sock_accept(door)
        client.setblocking(False)
        task = asyncio.ensure_future(serve(loop, client, target, ms))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
