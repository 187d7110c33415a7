"""The laws of identity: no exchange ever sees what belongs to another, and what comes late is counted, not delivered."""
import socket
import threading

import pytest
import zmq
from scripted import echo, replies, silent

DONE = {"pointer": "/done", "equals": True}


@pytest.fixture
def dealer(start, endpoint, tmp_path, scripted):
    def make(answer, **settings):
        there = endpoint()
        service = {"peer": "dealer", "bind": there, "replies": {"count": 1, "deadline": "500ms"}, **settings}
        gateway = start.gateway({"s": service}, tmp_path)
        worker = scripted(zmq.DEALER, answer, connect=there)
        gateway.ready("s")
        return gateway, worker
    return make


@pytest.fixture
def router(start, endpoint, tmp_path, scripted):
    def make(answer, rules, reactors=1, **settings):
        worker = scripted(zmq.ROUTER, answer, bind=(there := endpoint()))
        service = {"peer": "router", "connect": there, "replies": {"deadline": "2s", **rules}, **settings}
        gateway = start.gateway({"s": service}, tmp_path, reactors=reactors)
        gateway.ready("s")
        return gateway, worker
    return make


def test_a_late_reply_is_counted_and_dropped(dealer):
    gateway, worker = dealer(silent)
    assert gateway.post("s", 1).status_code == 504
    old = worker.seen[0]
    answers = []
    client = threading.Thread(target=lambda: answers.append(gateway.post("s", 2)))
    client.start()
    new = worker.wait_for_count(2)[1]
    worker.send([old[0], b'"late"'])
    worker.send([new[0], b'"mine"'])
    client.join(10)
    assert answers[0].json() == "mine" and gateway.dropped("late") == 1


def test_replies_beyond_the_count_are_late(dealer):
    gateway, _ = dealer(replies(b"1", b"2", b"3"))
    for _ in range(20):
        assert gateway.post("s", {}).json() == 1
    gateway.until(lambda: gateway.dropped("late") == 40)


@pytest.mark.parametrize("frames", [
    [b"nobody", b"1"], [b"", b"1"], [b"\x00\x01\x02\x03\x04", b"1"], [b"x" * 5000, b"1"], [b"alone"], [b""],
    [b"a", b"", b"", b"b"]], ids=repr)
def test_a_reply_without_an_exchange_is_dropped_and_counted(dealer, frames):
    gateway, worker = dealer(echo)
    worker.send(frames)
    assert gateway.post("s", 7).json() == 7
    assert sum(gateway.dropped(reason) for reason in ("unknown", "malformed")) == 1


def test_reading_a_services_state_loses_no_reply(dealer):
    """Asking a socket for its events eats the edge of its descriptor (zmq_getsockopt(3), ZMQ_FD): who asks must read."""
    gateway, worker = dealer(echo)
    for number in range(1, 201):
        worker.send([b"nobody", b"1"])
        gateway.get("/readyz")
        gateway.until(lambda: gateway.dropped("unknown") == number, timeout=2)


def test_a_reply_with_surplus_frames_ends_its_own_exchange_or_is_dropped(dealer):
    gateway, _ = dealer(lambda frames, send: send([*frames, b"more"]))
    answer = gateway.post("s", 1)
    assert (answer.status_code, answer.json()["code"]) in [(502, "bad_reply"), (504, "deadline")]
    assert gateway.post("s", 1).status_code == answer.status_code


def test_tickets_are_printable_and_never_reused(dealer):
    gateway, worker = dealer(echo)
    for number in range(500):
        gateway.post("s", number)
    tickets = worker.identities()
    assert len(set(tickets)) == 500
    assert all(0x21 <= byte <= 0x7E for ticket in tickets for byte in ticket)


@pytest.mark.parametrize("query, status", [("?count=1", 200), ("?deadline=100ms", 504)])
def test_an_identity_with_outstanding_replies_is_never_reused(router, query, status):
    late = []

    def answer(frames, send):
        for identity in late[-1:]:
            send([identity, b'"late"'])
        late.append(frames[0])
        if status == 200:
            send([frames[0], frames[1]])
    gateway, worker = router(answer, {"final": DONE}, identities={"reuse": True})
    for number in range(20):
        reply = gateway.post("s", number, query=query, Accept="application/json")
        assert reply.status_code == status
        if status == 200:
            assert reply.json() == number
    used = worker.identities()
    assert len(set(used)) == len(used) == 20


def test_a_client_that_left_leaves_its_identity_behind(router):
    gateway, worker = router(lambda frames, send: send([frames[0], b"1"]), {"final": DONE}, cancel="null")
    for _ in range(5):
        client = socket.create_connection(("127.0.0.1", gateway.port))
        client.sendall(b"POST /v1/services/s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n7")
        assert client.recv(100)
        client.close()
    gateway.until(lambda: gateway.metric("zmq_gateway_exchanges_total", 'service="s",reason="client_left"') == 5)
    requests = worker.wait_for(lambda seen: [f for f in seen if f[1] == b"7"] if len(seen) == 10 else None, "five cancels")
    cancels = [frames for frames in worker.seen if frames[1] == b"null"]
    assert sorted(frames[0] for frames in cancels) == sorted(frames[0] for frames in requests)
    assert len({frames[0] for frames in requests}) == 5


def test_identities_have_the_configured_prefix_and_stay_within_their_number(router):
    gateway, worker = router(silent, {"deadline": "3s"}, identities={"max": 4, "spare": 1, "prefix": "web-"})
    answers = []
    clients = [threading.Thread(target=lambda: answers.append(gateway.post("s", 1, Accept="application/json")))
               for _ in range(10)]
    for client in clients:
        client.start()
    gateway.until(lambda: len(answers) == 6)
    assert all((answer.status_code, answer.json()["code"]) == (503, "overloaded") for answer in answers)
    assert all(answer.headers["retry-after"] for answer in answers)
    worker.wait_for_count(4)
    assert all(identity.startswith(b"web-") for identity in worker.identities())
    for client in clients:
        client.join(10)
    assert sorted(answer.status_code for answer in answers) == [503] * 6 + [504] * 4


def test_many_at_once_through_all_reactors_get_their_own(dealer):
    """One socket with one home: replies find the way back to the reactor that asked."""
    gateway, _ = dealer(echo)
    wrong = []

    def ask(begin):
        for number in range(begin, begin + 200):
            answer = gateway.post("s", number)  # A new connection each: the kernel spreads them over the reactors.
            if answer.json() != number:
                wrong.append((number, answer.text))
    clients = [threading.Thread(target=ask, args=(1000 * index,)) for index in range(8)]
    for client in clients:
        client.start()
    for client in clients:
        client.join(60)
    assert wrong == []
    assert gateway.metric("zmq_gateway_replies_total", 'service="s"') == 1600


def test_nothing_is_lost_when_replies_come_in_bursts(dealer):
    """Edge-triggered sockets: all that came is read, also what came while we were busy sending."""
    burst = 3000

    def answer(frames, send):
        for number in range(burst):
            send([frames[0], b"%d" % number])
        send([frames[0], b'{"done":true}'])
    gateway, _ = dealer(answer, replies={"final": DONE, "deadline": "20s"})
    for _ in range(5):
        lines = gateway.post("s", {}, Accept="application/x-ndjson").text.splitlines()
        assert [int(line) for line in lines[:-1]] == list(range(burst))
