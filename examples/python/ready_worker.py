"""A worker for `peer: ready`. It says once that it is ready; each reply makes it ready again.

    ready_worker.py --connect tcp://127.0.0.1:5671 [--delay SECONDS]
"""
import argparse
import time

import zmq

parser = argparse.ArgumentParser()
parser.add_argument("--connect", required=True, help="where the gateway is bound")
parser.add_argument("--delay", type=float, default=0, help="seconds that a request takes")
arguments = parser.parse_args()

worker = zmq.Context().socket(zmq.REQ)
worker.connect(arguments.connect)
print("bound", arguments.connect, flush=True)
worker.send(b"ready")
while True:
    body = worker.recv()
    time.sleep(arguments.delay)
    worker.send(body)
