"""The gateway that one writes in an evening: aiohttp in front of a pyzmq DEALER, [ticket][body] to a DEALER worker.

    aiohttp_gateway.py ZMQ_ENDPOINT       prints "listening on http://127.0.0.1:PORT"
"""

import asyncio
import contextlib
import itertools
import sys

import zmq
import zmq.asyncio
from aiohttp import web


class Bridge:
    """The shared socket and who waits for which ticket."""

    def __init__(self, endpoint):
        self.socket = zmq.asyncio.Context().socket(zmq.DEALER)
        self.socket.bind(endpoint)
        self.waiting, self.sessions = {}, {}
        self.tickets = itertools.count()

    async def receive(self):
        while True:
            ticket, body = await self.socket.recv_multipart()
            if (session := self.sessions.get(ticket)) is not None:
                with contextlib.suppress(ConnectionError):  # It has left meanwhile.
                    await session.send_str(body.decode())
            if (future := self.waiting.pop(ticket, None)) and not future.done():
                future.set_result(body)

    async def exchange(self, request):
        ticket = b"%d" % next(self.tickets)
        future = self.waiting[ticket] = asyncio.get_running_loop().create_future()
        await self.socket.send_multipart([ticket, await request.read()])
        return web.Response(body=await asyncio.wait_for(future, 30), content_type="application/json")

    async def session(self, request):
        """One ticket a session; each message is a body, each reply a message."""
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        ticket = b"%d" % next(self.tickets)
        self.sessions[ticket] = socket
        async for message in socket:
            await self.socket.send_multipart([ticket, message.data.encode()])
        del self.sessions[ticket]
        return socket


async def main():
    bridge = Bridge(sys.argv[1])
    app = web.Application(client_max_size=4 << 20)
    app.router.add_post("/v1/services/echo", bridge.exchange)
    app.router.add_get("/v1/services/echo", bridge.session)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(f"listening on http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await bridge.receive()


asyncio.run(main())
