"""An asynchronous worker: a DEALER that answers each request none to four times, after a pause each.

Goes with `peer: dealer`. It gets [identity][body] and sends [identity][reply] as often as it likes, whenever it likes.
The gateway binds, workers connect; start as many as you like:

    jobs:
      peer: dealer
      bind: tcp://127.0.0.1:5571
      replies: { idle: 2s, idle_means: complete, deadline: 30s }
"""

import random
import time

import zmq

import worker


def main():
    parser = worker.arguments(__doc__, connect="tcp://127.0.0.1:5571")
    parser.add_argument("--max-delay-ms", type=int, default=1000)
    parser.add_argument("--replies", type=int, help="this many instead of 0 to 4")
    options = parser.parse_args()

    socket = zmq.Context().socket(zmq.DEALER)
    worker.attach(socket, options)
    while True:
        identity, body = socket.recv_multipart()
        replies = random.randrange(5) if options.replies is None else options.replies
        for _ in range(replies):
            time.sleep(random.uniform(0, options.max_delay_ms / 1000))
            socket.send_multipart([identity, body])


if __name__ == "__main__":
    main()
