"""The guide's asynchronous server: a ROUTER for the clients, a DEALER to five workers, 0 to 4 replies to each request.

    async_server.py tcp://127.0.0.1:5570 [max delay in ms]

services: { quotes: { peer: router, connect: tcp://127.0.0.1:5570, replies: { idle: 1500ms, idle_means: complete } } }
"""
import random
import sys
import threading
import time

import zmq


def work(context, max_delay):
    socket = context.socket(zmq.DEALER)
    socket.connect("inproc://workers")
    while True:
        identity, body = socket.recv_multipart()
        for _ in range(random.randint(0, 4)):
            time.sleep(random.randint(0, max_delay) / 1000)
            socket.send_multipart([identity, body])


def main():
    endpoint = sys.argv[1]
    max_delay = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    context = zmq.Context()
    frontend, backend = context.socket(zmq.ROUTER), context.socket(zmq.DEALER)
    frontend.bind(endpoint)
    backend.bind("inproc://workers")
    print("bound", frontend.last_endpoint.decode(), flush=True)
    for _ in range(5):
        threading.Thread(target=work, args=(context, max_delay), daemon=True).start()
    zmq.proxy(frontend, backend)


main()
