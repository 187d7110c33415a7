"""A worker that sees the HTTP request and sets the HTTP response: a tiny store of orders.

Goes with `peer: dealer` (or `rep`, `router`) and routes with envelopes. The request frame is one JSON object with
method, path, params, query, headers, body and request_id; the reply frame is {"status", "headers", "body"}.

    services:
      orders: { peer: dealer, bind: tcp://127.0.0.1:5578, reply: envelope, replies: { count: 1 } }
    routes:
      - { match: "* /orders/{id}", service: orders, request: envelope, headers: [if-match] }

    curl -i -X PUT -d '{"item":"tea"}' http://127.0.0.1:8080/orders/7     201 Created, with a Location
    curl -i http://127.0.0.1:8080/orders/7                                200, with an ETag
    curl -i http://127.0.0.1:8080/orders/8                                404
"""

import json

import zmq

import worker


def answer(orders, request):
    """The reply envelope for a request envelope."""
    number = request["params"]["id"]
    method = request["method"]
    if method == "PUT":
        status = 200 if number in orders else 201
        version = orders[number][0] + 1 if number in orders else 1
        orders[number] = (version, request["body"])
        return {"status": status, "headers": {"location": f"/orders/{number}", "etag": f'"{version}"'},
                "body": request["body"]}
    if method not in ("GET", "DELETE"):
        return {"status": 405, "headers": {"allow": "GET, PUT, DELETE"}, "body": {"error": f"no {method} here"}}
    if number not in orders:
        return {"status": 404, "body": {"error": f"there is no order {number}"}}
    version, order = orders[number]
    asked = request["headers"].get("if-match")
    if method == "DELETE" and asked not in (None, f'"{version}"'):
        return {"status": 412, "body": {"error": f"the order is at version {version}"}}
    if method == "DELETE":
        del orders[number]
    return {"status": 200, "headers": {"etag": f'"{version}"'}, "body": order}


def main():
    options = worker.arguments(__doc__, connect="tcp://127.0.0.1:5578").parse_args()
    socket = zmq.Context().socket(zmq.DEALER)
    worker.attach(socket, options)
    orders = {}
    while True:
        *envelope, body = socket.recv_multipart()
        socket.send_multipart([*envelope, json.dumps(answer(orders, json.loads(body))).encode()])


if __name__ == "__main__":
    main()
