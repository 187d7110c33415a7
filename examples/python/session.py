"""WebSocket sessions from Python. Run: pip install websockets, then python session.py ws://127.0.0.1:8080

First a multiplexed session (`zmq-gateway.v1`) with two exchanges at a time, then a raw session with one service.
"""
import json
import sys

from websockets.sync.client import connect

url = sys.argv[1] if len(sys.argv) > 1 else "ws://127.0.0.1:8080"

with connect(f"{url}/v1/socket", subprotocols=["zmq-gateway.v1"]) as socket:
    socket.send(json.dumps({"op": "request", "id": "ticks", "service": "ticker", "body": {"count": 3}}))
    socket.send(json.dumps({"op": "request", "id": "hello", "service": "echo", "body": {"hello": "world"}}))
    open_exchanges = {"ticks", "hello"}
    while open_exchanges:
        message = json.loads(socket.recv())
        print(message)
        if message["op"] == "end":
            open_exchanges.remove(message["id"])

with connect(f"{url}/v1/services/echo") as socket:
    for number in range(3):
        socket.send(json.dumps({"number": number}))
    for number in range(3):
        print(socket.recv())
