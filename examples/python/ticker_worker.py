"""A worker that streams: {"count": 5} gets five ticks and then {"done": true}.

Goes with `peer: dealer`, and shows three rules at once: which reply is the last, which one is an error, and what a
worker is told when nobody listens any more.

    ticks:
      peer: dealer
      bind: tcp://127.0.0.1:5577
      replies: { final: { pointer: /done, equals: true }, error: { pointer: /error, exists: true }, deadline: 60s }
      cancel: '{"cancel":true}'

    curl -N -H 'Accept: application/x-ndjson' -d '{"count":5}' http://127.0.0.1:8080/v1/services/ticks
"""

import json
import time

import zmq

import worker


class Ticker:
    """The streams that are open, by identity. One thread does them all, so none waits for another."""

    def __init__(self, socket, interval):
        self.socket = socket
        self.interval = interval
        self.streams = {}  # identity -> [ticks sent, ticks wanted, when the next is due]

    def send(self, identity, message):
        self.socket.send_multipart([identity, json.dumps(message).encode()])

    def take(self, identity, body):
        try:
            request = json.loads(body)
            if request.get("cancel"):
                print("cancelled" if self.streams.pop(identity, None) else "too late to cancel", flush=True)
            else:
                self.streams[identity] = [0, int(request["count"]), time.monotonic()]
        except (ValueError, TypeError, KeyError, AttributeError):
            self.send(identity, {"error": 'send {"count": N}'})

    def tick(self):
        """Sends what is due; returns the milliseconds until the next tick, or None if there is no stream."""
        for identity, stream in list(self.streams.items()):
            sent, wanted, due = stream
            if sent >= wanted:
                self.send(identity, {"done": True})
                del self.streams[identity]
            elif due <= time.monotonic():
                self.send(identity, {"tick": sent + 1, "of": wanted})
                self.streams[identity] = [sent + 1, wanted, due + self.interval]
        waits = [0 if sent >= wanted else due - time.monotonic() for sent, wanted, due in self.streams.values()]
        return max(0, int(min(waits) * 1000)) if waits else None


def main():
    parser = worker.arguments(__doc__, connect="tcp://127.0.0.1:5577")
    parser.add_argument("--interval-ms", type=int, default=200)
    options = parser.parse_args()

    socket = zmq.Context().socket(zmq.DEALER)
    worker.attach(socket, options)
    ticker = Ticker(socket, options.interval_ms / 1000)
    while True:
        if socket.poll(ticker.tick()):
            ticker.take(*socket.recv_multipart())


if __name__ == "__main__":
    main()
