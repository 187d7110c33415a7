"""A file server: any request gets the file in chunks, and then an empty frame.

Goes with `peer: router`; the empty frame is the end, so a client knows that it has the whole file:

    file:
      peer: router
      connect: tcp://127.0.0.1:6000
      body: binary
      replies: { final: { empty: true }, deadline: 60s }

It serves the one file that it was started with, whatever is asked. A ROUTER drops what a slow reader has no room for
unless it is told not to; then a full queue is an error to wait on.

    file_worker.py --file FILE [--chunk-bytes N] [--bind ENDPOINT]
"""

import time

import zmq

import worker


def send(socket, identity, chunk):
    """True once the chunk is on its way; False if the client is gone."""
    while True:
        try:
            socket.send_multipart([identity, chunk], zmq.DONTWAIT)
            return True
        except zmq.Again:
            time.sleep(0.001)  # The client's queue is full.
        except zmq.ZMQError as error:
            if error.errno == zmq.EHOSTUNREACH:
                return False
            raise


def main():
    parser = worker.arguments(__doc__, bind="tcp://127.0.0.1:6000")
    parser.add_argument("--file", required=True)
    parser.add_argument("--chunk-bytes", type=int, default=65536)
    options = parser.parse_args()

    socket = zmq.Context().socket(zmq.ROUTER)
    socket.router_mandatory = True
    worker.attach(socket, options)
    while True:
        identity, *_ = socket.recv_multipart()
        with open(options.file, "rb") as file:
            chunk = file.read(options.chunk_bytes)
            while chunk and send(socket, identity, chunk):
                chunk = file.read(options.chunk_bytes)
        if not chunk:
            send(socket, identity, b"")


if __name__ == "__main__":
    main()
