"""A REP worker: one request, one reply, in lock step. Without --answer it echoes.

Goes with `peer: rep`. As one of many workers that connect to the gateway:

    echo: { peer: rep, bind: tcp://127.0.0.1:5560 }

As a server that the gateway connects to (--bind tcp://127.0.0.1:5555):

    echo: { peer: rep, connect: tcp://127.0.0.1:5555 }

Behind proxy.py: --connect to its workers' side, and the gateway connects to its clients' side.
"""

import time

import zmq

import worker


def main():
    parser = worker.arguments(__doc__, connect="tcp://127.0.0.1:5560")
    parser.add_argument("--answer", metavar="TEXT", help="instead of an echo")
    parser.add_argument("--work-ms", type=int, default=0)
    options = parser.parse_args()

    socket = zmq.Context().socket(zmq.REP)
    worker.attach(socket, options)
    while True:
        request = socket.recv()
        time.sleep(options.work_ms / 1000)  # Do some 'work'
        socket.send(request if options.answer is None else options.answer.encode())


if __name__ == "__main__":
    main()
