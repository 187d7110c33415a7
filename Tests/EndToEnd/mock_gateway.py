"""A gateway that fails on demand: the WebSocket contract (zmq-gateway.v1 and raw sessions), and just enough HTTP.

The test decides when the gateway drops the connection, loses messages, rejects a resume, says goodbye, withholds its
hello, or sends malformed messages. It runs in a thread; its methods can be called from the test's thread.

Services: `echo` replies once, `burst` as often as {"count"} says, `hold` not until the test calls reply and end.
"""
import asyncio
import itertools
import json
import threading
from pathlib import Path

from aiohttp import WSCloseCode, web

ROOT = Path(__file__).resolve().parents[2]
POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}


class Session:
    """What outlives a connection: numbered messages without an acknowledgement, and the open exchanges."""

    def __init__(self, name):
        self.name, self.token, self.seq = name, f"token-{name}-0", 0
        self.kept, self.open, self.socket = [], {}, None


class MockGateway:
    def __init__(self):
        self.can_resume, self.refuses, self.is_blocked, self.is_deaf, self.is_silent = True, False, False, False, False
        self.resume_ms = 30_000
        self.unreachable = set()  # names of files and pages that do not respond
        self.received, self.sockets, self.sessions = [], [], []
        self.opened = 0  # requests for a WebSocket, including rejected ones
        self._names = itertools.count(1)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.url = self._do(self._start())

    # For the test.

    def close(self):
        self._do(self._runner.cleanup())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def ops(self, op):
        return [message for message in list(self.received) if message.get("op") == op]

    def drop(self, socket=None):
        """Drops this connection, or the newest, without a closing handshake."""
        async def cut():
            (self.sockets[-1] if socket is None else socket)._req.transport.abort()
        self._do(cut())

    def reply(self, id, body):
        self._do(self._numbered(self.sessions[-1], {"op": "reply", "id": id, "body": body}))

    def end(self, id, reason="final", problem=None):
        self._do(self._end(self.sessions[-1], id, reason, problem))

    def say(self, message):
        """Sends any text on the newest connection."""
        self._do(self.sockets[-1].send_str(message if isinstance(message, str) else json.dumps(message)))

    def goodbye(self, retry_ms):
        async def leave():
            await self.sockets[-1].send_json({"op": "goodbye", "retry_ms": retry_ms})
            await self.sockets[-1].close(code=WSCloseCode.GOING_AWAY)
        self._do(leave())

    def forget(self, count):
        """Loses the oldest messages that are kept for the newest session."""
        del self.sessions[-1].kept[:count]

    # The server.

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _start(self):
        app = web.Application()
        app.router.add_get("/v1/socket", self._socket)
        app.router.add_get("/v1/services", self._services)
        app.router.add_get("/v1/services/{service}", self._raw)
        app.router.add_post("/v1/services/{service}", self._post)
        app.router.add_get("/{path:.*}", self._file)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"

    async def _file(self, request):
        name = request.match_info["path"] or "index.html"
        path = ROOT / "public" / name
        if name in self.unreachable:
            request.transport.abort()
        headers = {"Content-Security-Policy": POLICY}
        if name in ("blank", "healthz", "readyz", "metrics"):
            return web.Response(text="", content_type="text/html", headers=headers)
        if not path.is_file():
            return web.json_response({"code": "not_found"}, status=404)
        return web.Response(body=path.read_bytes(), content_type=TYPES[path.suffix], headers=headers)

    async def _services(self, _):
        names = {"echo": "Echoes each request.", "burst": "Many at once.", "hold": "Says nothing by itself."}
        return web.json_response({"services": [
            {"name": name, "description": text, "peer": "router", "body": "json", "ready": True}
            for name, text in names.items()]})

    async def _post(self, request):
        body = await request.read()
        if request.match_info["service"] == "hold":
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            await asyncio.Event().wait()
        end = json.dumps({"reason": "count", "ok": True, "replies": 1, "elapsed_ms": 1}).encode()
        if request.headers["Accept"] == "text/event-stream":
            events = b"data: " + body + b"\n\nevent: end\ndata: " + end + b"\n\n"
            return web.Response(body=events, content_type="text/event-stream")
        return web.Response(body=body + b'\n{"$end":' + end + b"}\n", content_type="application/x-ndjson")

    async def _open(self, request, protocols=()):
        self.opened += 1
        if self.is_blocked:
            return None
        socket = web.WebSocketResponse(protocols=protocols)
        await socket.prepare(request)
        self.sockets.append(socket)
        return socket

    async def _socket(self, request):
        socket = await self._open(request, ["zmq-gateway.v1"])
        if socket is None:
            return web.json_response({"code": "origin_refused"}, status=403)
        return await self._talk(socket)

    async def _raw(self, request):
        socket = await self._open(request)
        if socket is None:
            return web.json_response({"code": "origin_refused"}, status=403)
        if request.query.get("resume"):
            return await self._talk(socket)
        async for message in socket:
            self.received.append({"op": "raw", "body": message.data})
            await socket.send_str(message.data)
        return socket

    async def _talk(self, socket):
        if self.is_silent:
            await socket.receive()
            return socket
        session = Session(next(self._names))
        session.socket = socket
        self.sessions.append(session)
        await socket.send_json({"op": "hello", "request_id": str(session.name), **self._ticket(session)})
        async for message in socket:
            message = json.loads(message.data)
            if self.is_deaf:
                continue
            self.received.append(message)
            if message["op"] == "resume":
                session = await self._resume(session, message)
            elif message["op"] == "request":
                await self._request(session, message)
            elif message["op"] == "cancel" and message["id"] in session.open:
                await self._end(session, message["id"], "cancelled")
            elif message["op"] == "ping":
                await socket.send_json({"op": "pong"})
            elif message["op"] == "send":
                await self._numbered(session, {"op": "reply", "body": message["body"]})
            elif message["op"] == "ack":
                session.kept = [one for one in session.kept if one["seq"] > message["seq"]]
        return socket

    def _ticket(self, session):
        return {"token": session.token, "resume_ms": self.resume_ms} if self.can_resume else {}

    async def _resume(self, fresh, message):
        old = next((one for one in self.sessions if one.token == message["token"]), None)
        if self.refuses or old is None:
            await fresh.socket.send_json(
                {"op": "error", "problem": {"code": "resume_refused", "detail": "the session is not kept any more"}})
            return fresh
        self.sessions.remove(fresh)
        old.socket, old.token = fresh.socket, f"token-{old.name}-{len(self.sockets)}"
        kept = [one for one in old.kept if one["seq"] > message["seq"]]
        begin = kept[0]["seq"] - 1 if kept else old.seq
        await old.socket.send_json({"op": "resumed", "request_id": str(old.name), **self._ticket(old), "seq": begin,
                                    "missed": begin - message["seq"]})
        for one in kept:
            await old.socket.send_json(one)
        return old

    async def _request(self, session, message):
        id, service, body = message["id"], message["service"], message.get("body")
        if id in session.open:
            problem = {"code": "duplicate_id", "detail": "an exchange with this id is open"}
            await session.socket.send_json({"op": "error", "id": id, "problem": problem})
            return
        session.open[id] = {"replies": 0}
        if service == "echo":
            await self._numbered(session, {"op": "reply", "id": id, "body": body})
            await self._end(session, id, "count")
        elif service == "burst":
            for n in range(body["count"]):
                await self._numbered(session, {"op": "reply", "id": id, "body": {"n": n}})
            await self._end(session, id, "final")
        elif service != "hold":
            problem = {"code": "unknown_service", "status": 404, "detail": "no such service"}
            await self._end(session, id, "no_worker", problem)

    async def _end(self, session, id, reason, problem=None):
        replies = session.open.pop(id)["replies"]
        end = {"op": "end", "id": id, "reason": reason, "ok": problem is None, "replies": replies, "elapsed_ms": 12.0}
        await self._numbered(session, {**end, **({"problem": problem} if problem else {})})

    async def _numbered(self, session, message):
        session.seq += 1
        if message["op"] == "reply" and message.get("id") in session.open:
            session.open[message["id"]]["replies"] += 1
        message = {**message, "seq": session.seq}
        session.kept.append(message)
        if not session.socket.closed:
            try:
                await session.socket.send_json(message)
            except ConnectionError:
                pass  # it is kept
