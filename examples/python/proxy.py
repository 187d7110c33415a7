"""A request-reply broker: ROUTER for the clients, DEALER for the workers, zmq_proxy between.

Clients are REQ or DEALER sockets with a delimiter, workers are REP. Goes with `peer: rep`, connected to the first
endpoint that it prints; the workers connect to the second:

    orders: { peer: rep, connect: tcp://127.0.0.1:5559 }

    proxy.py & rep_worker.py --connect tcp://127.0.0.1:5560 & rep_worker.py --connect tcp://127.0.0.1:5560
"""

import argparse

import zmq

import worker


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", metavar="ENDPOINT", default="tcp://127.0.0.1:5559")
    parser.add_argument("--workers", metavar="ENDPOINT", default="tcp://127.0.0.1:5560")
    options = parser.parse_args()

    context = zmq.Context()
    frontend = context.socket(zmq.ROUTER)
    backend = context.socket(zmq.DEALER)
    worker.bind(frontend, options.clients)
    worker.bind(backend, options.workers)
    zmq.proxy(frontend, backend)


if __name__ == "__main__":
    main()
