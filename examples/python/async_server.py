"""The asynchronous server of ZeroMQ's client/server pattern.

A ROUTER for the clients, a pool of DEALER workers behind it, a proxy between. Each request is echoed none to four
times, after random pauses; replies of different requests come mixed.

    clients -> ROUTER tcp://127.0.0.1:5570 -> proxy -> DEALER inproc://workers -> 5 x DEALER worker

Goes with `peer: router`. Nothing says which reply is the last, so a pause does:

    quotes:
      peer: router
      connect: tcp://127.0.0.1:5570
      replies: { idle: 2s, idle_means: complete, first: 10s, deadline: 30s }
"""

import random
import threading
import time

import zmq

import worker


def worker_task(context, max_delay):
    """One worker: takes a request, answers it none to four times."""
    socket = context.socket(zmq.DEALER)
    socket.connect("inproc://workers")
    while True:
        identity, body = socket.recv_multipart()
        for _ in range(random.randrange(5)):
            time.sleep(random.uniform(0, max_delay))
            socket.send_multipart([identity, body])


def main():
    parser = worker.arguments(__doc__, bind="tcp://127.0.0.1:5570")
    parser.add_argument("--max-delay-ms", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=5)
    options = parser.parse_args()

    context = zmq.Context()
    frontend = context.socket(zmq.ROUTER)
    backend = context.socket(zmq.DEALER)
    backend.bind("inproc://workers")
    for _ in range(options.workers):
        threading.Thread(target=worker_task, args=(context, options.max_delay_ms / 1000), daemon=True).start()
    worker.attach(frontend, options)
    zmq.proxy(frontend, backend)


if __name__ == "__main__":
    main()
