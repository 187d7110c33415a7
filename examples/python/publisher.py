"""Publishes prices ten times a second, in two frames: the topic and a JSON body.

    publisher.py bind tcp://127.0.0.1:5556 [messages a second]

services: { prices: { peer: publisher, connect: tcp://127.0.0.1:5556, cache: 100 } }

    curl -N 'http://127.0.0.1:8080/v1/services/prices?topic=nasdaq.'
"""
import json
import random
import sys
import time

import zmq

PRICES = {"nasdaq.AAPL": 190.0, "nasdaq.MSFT": 410.0, "nyse.IBM": 180.0}


def main():
    verb, endpoint = sys.argv[1:3]
    rate = float(sys.argv[3]) if len(sys.argv) > 3 else 10
    socket = zmq.Context().socket(zmq.PUB)
    getattr(socket, verb)(endpoint)
    print("bound", socket.last_endpoint.decode(), flush=True)
    while True:
        topic = random.choice(list(PRICES))
        PRICES[topic] = round(PRICES[topic] + random.uniform(-0.5, 0.5), 2)
        socket.send_multipart([topic.encode(), json.dumps({"bid": PRICES[topic], "at": time.time()}).encode()])
        time.sleep(1 / rate)


main()
