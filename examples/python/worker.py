"""Workers in a few lines each; the command line chooses one.

    worker.py rep connect ENDPOINT         REP: one reply, the request itself
    worker.py dealer connect ENDPOINT      DEALER: [ticket][body]; one reply, the request itself
    worker.py ticker connect ENDPOINT      DEALER: n replies to {"count":n}, the last has "done":true; {"cancel":true} stops it
    worker.py delimited bind ENDPOINT      ROUTER written for REQ clients: [identity][""][body]
    worker.py envelope connect ENDPOINT    DEALER: reads a request envelope, replies with status, headers and body
    worker.py chunks bind ENDPOINT         ROUTER: three chunks, then an empty frame
    worker.py proxy bind ENDPOINT ENDPOINT zmq_proxy: ROUTER for the gateway, DEALER for REP workers
"""
import json
import sys
import time

import zmq


def rep(socket):
    socket.send(socket.recv())


def dealer(socket):
    socket.send_multipart(socket.recv_multipart())


def ticker(socket):
    ticket, body = socket.recv_multipart()
    request = json.loads(body)
    if "cancel" in request:
        print("cancelled", ticket.decode(), flush=True)
        return
    count = request.get("count", 3)
    for tick in range(1, count + 1):
        time.sleep(request.get("interval_ms", 5) / 1000)
        socket.send_multipart([ticket, json.dumps({"tick": tick, "done": tick == count, "echo": request}).encode()])


def envelope(socket):
    ticket, body = socket.recv_multipart()
    request = json.loads(body)
    reply = {"status": 201, "headers": {"location": "/orders/7", "x-worker": "yes"}, "body": request}
    socket.send_multipart([ticket, json.dumps(reply).encode()])


def chunks(socket):
    identity, body = socket.recv_multipart()
    for chunk in (b"one", b"two", b"three", b""):
        socket.send_multipart([identity, chunk])


KINDS = {
    "rep": (zmq.REP, rep), "dealer": (zmq.DEALER, dealer), "ticker": (zmq.DEALER, ticker),
    "delimited": (zmq.ROUTER, dealer), "envelope": (zmq.DEALER, envelope), "chunks": (zmq.ROUTER, chunks),
}


def main():
    kind, verb, endpoint = sys.argv[1:4]
    context = zmq.Context()
    if kind == "proxy":
        front, back = context.socket(zmq.ROUTER), context.socket(zmq.DEALER)
        front.bind(endpoint)
        back.bind(sys.argv[4])
        print("bound", front.last_endpoint.decode(), back.last_endpoint.decode(), flush=True)
        zmq.proxy(front, back)
    socket_type, work = KINDS[kind]
    socket = context.socket(socket_type)
    getattr(socket, verb)(endpoint)
    print("bound", socket.last_endpoint.decode(), flush=True)
    while True:
        work(socket)


main()
