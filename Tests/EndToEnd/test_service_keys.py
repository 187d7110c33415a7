"""Keys of a service that end to end only shows: its own bound for bodies, a name with a dot, a broker's own services."""
import json

import pytest
import zmq
from scripted import echo
from test_sessions import V1, said, session

BOUNDS = {"of the gateway": ({"max_body_bytes": 1000}, {}, 1000, "limits.max_body_bytes"),
          "a smaller one of the service": ({}, {"max_body_bytes": 500}, 500, "services.s.max_body_bytes"),
          "a larger one of the service": ({"max_body_bytes": 100}, {"max_body_bytes": 2000}, 2000, "services.s.max_body_bytes")}


@pytest.mark.parametrize("bound", BOUNDS)
def test_the_problem_of_a_large_body_names_the_limit(start, endpoint, tmp_path, scripted, bound):
    limits, service, most, key = BOUNDS[bound]
    there = endpoint()
    gateway = start.gateway(
        {"s": {"peer": "dealer", "bind": there, "body": "text", "replies": {"count": 1}, **service}}, tmp_path, limits=limits)
    scripted(zmq.DEALER, echo, connect=there)
    gateway.ready("s")
    fits, large = "x" * most, "x" * (most + 1)
    assert gateway.post("s", fits).text == fits
    pieces = iter([b"x" * most, b"x"])  # chunked: no length says so before
    for answer in (gateway.post("s", large), gateway.get("/v1/services/s?request=" + large),
                   __import__("requests").post(gateway.url + "/v1/services/s", data=pieces, timeout=10)):
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
        assert key in answer.json()["detail"] and str(most) in answer.json()["detail"]


def test_the_limit_applies_to_session_messages(start, endpoint, tmp_path, scripted):
    there = endpoint()
    gateway = start.gateway(
        {"s": {"peer": "dealer", "bind": there, "replies": {"count": 1}, "max_body_bytes": 10}}, tmp_path)
    scripted(zmq.DEALER, echo, connect=there)
    gateway.ready("s")
    with session(gateway, "/v1/socket", **V1) as client:
        said(client)
        for name, body in (("a", "x" * 8), ("b", "x" * 9)):
            client.send(json.dumps({"op": "request", "id": name, "service": "s", "body": body}))
        messages = [said(client) for _ in range(3)]
    assert [m["body"] for m in messages if m["op"] == "reply"] == ["x" * 8]
    assert {m["id"]: m.get("problem", {}).get("code") for m in messages if m["op"] == "end"} == {"a": None, "b": "body_too_large"}
    with session(gateway, "/v1/services/s") as client:
        client.send(json.dumps("x" * 8))
        assert said(client) == "x" * 8
        client.send(json.dumps("x" * 9))
        with pytest.raises(Exception) as closed:
            client.recv(5)
        assert closed.value.rcvd.code == 1009 and "services.s.max_body_bytes" in closed.value.rcvd.reason


def test_a_name_with_a_dot_works_everywhere(start, endpoint, tmp_path, scripted):
    there = endpoint()
    gateway = start.gateway(
        {"math.add": {"peer": "dealer", "bind": there, "replies": {"count": 1}}}, tmp_path,
        routes=[{"match": "POST /add", "service": "math.add", "request": "body"}])
    scripted(zmq.DEALER, echo, connect=there)
    gateway.ready("math.add")
    assert gateway.post("math.add", 1).json() == 1
    assert gateway.get("/v1/services/math.add").json()["name"] == "math.add"
    with session(gateway, "/v1/services/math.add") as client:
        client.send("2")
        assert client.recv(5) == "2"
    with session(gateway, "/v1/socket", **V1) as client:
        said(client)
        client.send(json.dumps({"op": "request", "id": "a", "service": "math.add", "body": 3}))
        assert said(client)["body"] == 3
    assert "/v1/services/math.add" in gateway.get("/openapi.json").json()["paths"]
    assert 'service="math.add"' in gateway.get("/metrics").text
    assert gateway.get("/readyz?service=math.add").status_code == 200


@pytest.mark.parametrize("reactors", [1, 2])
def test_a_brokers_own_services_can_be_requested(start, endpoint, tmp_path, scripted, reactors):
    there = endpoint()

    def guide(frames, send):
        """What the guide's mdbroker does with `mmi.`: it knows the names of its workers, and mmi.service is none."""
        if frames[3] == b"mmi.service":
            send([*frames[:-1], b"200" if frames[-1] == b"echo" else b"404"])
    scripted(zmq.ROUTER, guide, bind=there)
    gateway = start.gateway(
        {"names": {"peer": "majordomo", "connect": there, "service": "mmi.service", "body": "text"},
         "absent": {"peer": "majordomo", "connect": there}}, tmp_path, reactors=reactors)
    gateway.ready("names")
    assert [gateway.post("names", name).text for name in ("echo", "mmi.service", "none")] == ["200", "404", "404"]
    assert not gateway.get("/readyz").json()["services"]["absent"]["ready"]


def test_our_own_broker_serves_them_too(start, endpoint, tmp_path, scripted):
    there = endpoint()
    gateway = start.gateway(
        {"hub": {"peer": "majordomo", "bind": there},
         "names": {"peer": "majordomo", "connect": there, "service": "mmi.service", "body": "text"}}, tmp_path)
    scripted(zmq.DEALER, lambda f, send: None, connect=there).send([b"", b"MDPW01", b"\x01", b"echo"])
    gateway.until(lambda: gateway.get("/readyz?service=echo").status_code == 200)
    gateway.ready("names")
    assert [gateway.post("names", name).text for name in ("echo", "none")] == ["200", "404"]
