"""What workers and clients see of the gateway is what they see of the guide's own brokers: compared with the captures, byte for byte."""
import json
import re
from pathlib import Path

import pytest
import zmq
from guide_peers import AddressedWorker, BareWorker, MajordomoClient, MajordomoWorker, PirateWorker
from scripted import ScriptedWorker

CAPTURES = Path(__file__).parent / "captures"
PLACEHOLDER = re.compile(r"\{[a-z]+ \d+\}")
LANGUAGES = ["c", "cpp", "py"]
TEXT = {"Content_Type": "text/plain"}


def frame(text):
    """The bytes of a captured frame; a placeholder for an identity stays text."""
    if PLACEHOLDER.fullmatch(text):
        return text
    return re.sub(rb"\\(x[0-9a-f]{2}|\\)", lambda match: b"\\" if match[1] == b"\\" else bytes([int(match[1][1:], 16)]), text.encode())


def captured(name, who):
    """What a connection of a capture said and saw, up to a broker's end: [("sent" or "seen", frames)], as a worker's log."""
    rows = json.loads((CAPTURES / f"{name}.json").read_text())["messages"]
    return [("sent" if row["from"] == who else "seen", [frame(text) for text in row["frames"]])
            for row in rows if "frames" in row and who in (row["from"], row["to"])]


def after(name, note):
    """The frames of the first request and of its answer after a note: [] where the broker said nothing before the next one."""
    rows = json.loads((CAPTURES / f"{name}.json").read_text())["messages"]
    start = next(index for index, row in enumerate(rows) if row.get("note") == note)
    found = []
    for row in rows[start + 1:]:
        if "frames" in row:
            found.append(("seen" if row["from"] == "broker" else "sent", [frame(text) for text in row["frames"]]))
        elif "connected" not in row["note"] and "closed" not in row["note"]:
            break
    return found


def assert_same(ours, original):
    """The same messages, and wherever the original has an identity, ours is printable, not empty, and the same in the reply."""
    assert len(ours) == len(original), (ours, original)
    known = {}
    for (direction, frames), (expected, pattern) in zip(ours, original):
        assert (direction, len(frames)) == (expected, len(pattern)), (frames, pattern)
        for one, other in zip(frames, pattern):
            if isinstance(other, str):
                assert one and all(32 < byte < 127 for byte in one), frames
                if direction == "seen":
                    known[other] = one
                assert one == known[other], (frames, pattern)
            else:
                assert one == other, (frames, pattern)


def without(log, *heartbeats):
    return [message for message in log if message[1] not in heartbeats]


def requests_of(log):
    """The bodies of the first requests in a worker's log, and the replies that the original gave."""
    pairs = [(seen[1][-1], sent[1][-1]) for seen, sent in zip(log, log[1:]) if seen[0] == "seen" and sent[0] == "sent"]
    return pairs[:3]


def drive(gateway, service, worker, original):
    """Asks as the original's clients did, and answers as its worker did; returns the worker's log, as long as the original's part."""
    pairs = requests_of(original)
    assert pairs
    for body, reply in pairs:
        answer = gateway.post(service, body, **TEXT)
        assert (answer.status_code, answer.content) == (200, reply)
    worker.wait_for(lambda _: len(worker.wire) >= 1 + 2 * len(pairs), "all requests")


def has_worker(gateway):
    gateway.until(lambda: gateway.get("/v1/services/s").json()["pool"]["ready"] == 1)


def answers_of(original):
    """An answer function that gives the original worker's replies one after the other."""
    replies = iter([reply for _, reply in requests_of(original)])
    return lambda body: next(replies)


@pytest.mark.parametrize("name", ["rtdealer-c", "rtdealer-cpp", "rtreq-c", "rtreq-cpp", "rtreq-py"])
def test_a_bare_worker_sees_what_the_guides_broker_sends(start, threaded, endpoint, tmp_path, name):
    original = captured(name, "worker 1")
    there = endpoint()
    gateway = start.gateway({"s": {"peer": "ready", "bind": there, "body": "text"}}, tmp_path)
    kind = zmq.DEALER if name.startswith("rtdealer") else zmq.REQ
    worker = threaded(BareWorker, there, kind=kind, hello=original[0][1][-1], answer=answers_of(original))
    has_worker(gateway)
    drive(gateway, "s", worker, original)
    assert_same(worker.wire, original[:len(worker.wire)])


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_addressed_worker_sees_what_the_guides_broker_sends(start, threaded, endpoint, tmp_path, language):
    original = captured(f"lbbroker-{language}", "worker 1")
    there = endpoint()
    gateway = start.gateway({"s": {"peer": "ready", "dialect": "addressed", "bind": there, "body": "text"}}, tmp_path)
    worker = threaded(AddressedWorker, there, answer=answers_of(original))
    has_worker(gateway)
    drive(gateway, "s", worker, original)
    assert_same(worker.wire, original[:len(worker.wire)])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pirate_worker_sees_what_the_guides_queue_sends(start, threaded, endpoint, tmp_path, language):
    words = language == "cpp"
    everything = captured(f"ppqueue-{language}", "worker 1")
    heartbeat = [b"HEARTBEAT" if words else b"\x02"]
    assert ("seen", heartbeat) in everything and ("sent", heartbeat) in everything
    original = without(everything, heartbeat)
    there = endpoint()
    service = {"peer": "ready", "dialect": "paranoid-pirate", "bind": there, "body": "text", "heartbeat": {"interval": "250ms", "liveness": 3}}
    gateway = start.gateway({"s": service}, tmp_path)
    worker = threaded(PirateWorker, there, words=words, interval=0.25)
    has_worker(gateway)
    drive(gateway, "s", worker, original)
    worker.wait_for(lambda seen: seen.count(heartbeat) >= 3, "three heartbeats")
    ours = without(worker.wire, heartbeat)
    assert_same(ours, original[:len(ours)])


def test_a_pirate_worker_of_a_queue_that_came_back_is_ready_by_its_heartbeat(start, threaded, endpoint, tmp_path):
    assert captured("ppqueue-c", "worker 2")[0] == ("sent", [b"\x02"])
    there = endpoint()
    service = {"peer": "ready", "dialect": "paranoid-pirate", "bind": there, "body": "text", "heartbeat": {"interval": "250ms", "liveness": 3}}
    gateway = start.gateway({"s": service}, tmp_path)

    class Unaware(PirateWorker):
        def hello(self):
            return self.heartbeat()
    threaded(Unaware, there, interval=0.25)
    has_worker(gateway)
    answer = gateway.post("s", "1", **TEXT)
    assert (answer.status_code, answer.text) == (200, "1")


@pytest.mark.parametrize("name", [f"{program}-{language}" for program in ("lbbroker", "ppqueue") for language in LANGUAGES])
def test_a_native_client_sees_what_the_guides_broker_sends(start, threaded, endpoint, tmp_path, name):
    original = captured(name, "client 1")[:2]
    assert [direction for direction, _ in original] == ["sent", "seen"]
    (_, question), (_, answer) = original
    there, front = endpoint(), endpoint()
    dialect = "addressed" if name.startswith("lbbroker") else "paranoid-pirate"
    service = {"peer": "ready", "dialect": dialect, "bind": there, "clients": front, "body": "text"}
    gateway = start.gateway({"s": service}, tmp_path)
    threaded(AddressedWorker if dialect == "addressed" else PirateWorker, there, answer=lambda body: answer[-1])
    has_worker(gateway)
    client = threaded(ScriptedWorker, zmq.DEALER, lambda frames, send: None, connect=front)
    client.send(question)
    assert client.wait_for_count(1) == [answer]


@pytest.fixture
def broker(start, endpoint, tmp_path):
    """A gateway that is a Majordomo broker, and where."""
    there = endpoint()
    service = {"peer": "majordomo", "bind": there, "body": "text", "heartbeat": {"interval": "250ms", "liveness": 5}}
    return start.gateway({"broker": service}, tmp_path), there


def registered(gateway, service):
    gateway.until(lambda: service in gateway.get("/v1/services").text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_majordomo_worker_sees_what_the_guides_broker_sends(broker, threaded, language):
    heartbeat = [b"", b"MDPW01", b"\x04"]
    everything = captured(f"mdbroker-{language}", "worker 1")
    assert ("seen", heartbeat) in everything and ("sent", heartbeat) in everything
    original = without(everything, heartbeat)
    gateway, there = broker
    worker = threaded(MajordomoWorker, there, interval=0.25)
    registered(gateway, "echo")
    drive(gateway, "echo", worker, original)
    worker.wait_for(lambda seen: seen.count(heartbeat) >= 3, "three heartbeats")
    ours = without(worker.wire, heartbeat)
    assert_same(ours, original[:len(ours)])


@pytest.mark.parametrize("empty", [False, True], ids=["as-rfc-18", "with-an-empty-frame"])
def test_a_worker_of_majordomo_2_sees_what_rfc_18_says(broker, threaded, empty):
    gateway, there = broker
    lead = [b""] if empty else []
    heartbeat = [*lead, b"MDPW02", b"\x05"]
    worker = threaded(MajordomoWorker, there, version="0.2", empty=empty, interval=0.25, answer=lambda body: [b"one", b"two", body])
    registered(gateway, "echo")
    answer = gateway.post("echo", "three", Accept="application/json", **TEXT)
    assert (answer.status_code, answer.json()) == (200, ["one", "two", "three"])
    worker.wait_for(lambda seen: seen.count(heartbeat) >= 3, "three heartbeats")
    expected = [
        ("sent", [*lead, b"MDPW02", b"\x01", b"echo"]),
        ("seen", [*lead, b"MDPW02", b"\x02", "{client 1}", b"", b"three"]),
        ("sent", [*lead, b"MDPW02", b"\x03", "{client 1}", b"", b"one"]),
        ("sent", [*lead, b"MDPW02", b"\x03", "{client 1}", b"", b"two"]),
        ("sent", [*lead, b"MDPW02", b"\x04", "{client 1}", b"", b"three"])]
    assert_same(without(worker.wire, heartbeat), expected)


class RawWorker(MajordomoWorker):
    """Sends a list of messages and answers nothing, not even DISCONNECT."""

    def __init__(self, connect, messages):
        self._messages = messages
        super().__init__(connect, interval=None)

    def _begin(self):
        for message in self._messages:
            self._say(message)

    def request(self, frames):
        return None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("fault", ["HEARTBEAT before READY", "REPLY before READY", "READY twice"])
def test_a_worker_that_breaks_the_protocol_sees_the_guides_disconnect(broker, threaded, fault, language):
    original = after(f"mdbroker-faults-{language}", f"own peer: {fault}")
    _, there = broker
    worker = threaded(RawWorker, there, [frames for direction, frames in original if direction == "sent"])
    heartbeat = [b"", b"MDPW01", b"\x04"]
    worker.wait_for(lambda seen: [one for one in seen if one != heartbeat], "DISCONNECT")
    assert [("seen", one) for one in worker.seen if one != heartbeat] == [one for one in original if one[0] == "seen"]


def test_a_worker_that_said_disconnect_sees_nothing_more(broker, threaded):
    original = after("mdbroker-faults-c", "own peer: READY, then DISCONNECT, watched for 6 s")
    gateway, there = broker
    said = [frames for direction, frames in original if direction == "sent"]
    heartbeat = [b"", b"MDPW01", b"\x04"]
    worker = threaded(RawWorker, there, said[:1])
    registered(gateway, "leaver")
    worker.wait_for(lambda seen: seen.count(heartbeat) >= 2, "two heartbeats")
    worker.send(said[1])
    gateway.until(lambda: gateway.post("leaver", "1", **TEXT).status_code in (404, 503))
    before = len(worker.seen)
    other = threaded(MajordomoWorker, there, service=b"other", interval=0.25)
    other.wait_for(lambda seen: seen.count(heartbeat) >= 5, "five heartbeats of another worker")
    assert worker.seen[before:] == []


@pytest.mark.parametrize("kind", [zmq.REQ, zmq.DEALER], ids=["req", "dealer"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_majordomo_client_sees_what_the_guides_broker_sends(broker, threaded, kind, language):
    gateway, there = broker
    threaded(MajordomoWorker, there, interval=0.25)
    registered(gateway, "echo")
    client = threaded(MajordomoClient, there, kind=kind)
    hidden = [b""] if kind == zmq.REQ else []
    conversations = [captured(f"mdbroker-{language}", f"client {number}") for number in range(1, 5)]
    assert [one[0][1][2] for one in conversations] == [b"mmi.service", b"mmi.service", b"mmi.other", b"echo"]
    for question, answer in [one[:2] for one in conversations]:
        client.ask(*question[1][2:])
        assert [(direction, hidden + frames) for direction, frames in client.log[-2:]] == [question, answer]


def test_a_client_of_majordomo_2_sees_what_rfc_18_says(broker, threaded):
    gateway, there = broker
    threaded(MajordomoWorker, there, version="0.2", interval=0.25, answer=lambda body: [b"one", b"two", body])
    registered(gateway, "echo")
    client = threaded(MajordomoClient, there, version="0.2")
    assert client.ask(b"echo", b"three") == [b"one", b"two", b"three"]
    assert client.seen == [
        [b"MDPC02", b"\x02", b"echo", b"one"], [b"MDPC02", b"\x02", b"echo", b"two"], [b"MDPC02", b"\x03", b"echo", b"three"]]


def test_an_asynchronous_client_sees_what_the_guides_broker_sends(broker, threaded):
    original = captured("mdclient2-c", "client 1")
    gateway, there = broker
    threaded(MajordomoWorker, there, interval=0.25)
    registered(gateway, "echo")
    client = threaded(MajordomoClient, there)
    for direction, frames in original:
        if direction == "sent":
            client.send(frames)
    expected = [frames for direction, frames in original if direction == "seen"]
    assert client.wait_for_count(len(expected)) == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_external_broker_sees_what_the_guides_client_sends(start, threaded, endpoint, tmp_path, language):
    asks, echoes = (captured(f"mdbroker-{language}", client)[:2] for client in ("client 1", "client 4"))
    answers = {tuple(question): answer for (_, question), (_, answer) in (asks, echoes)}
    there = endpoint()
    broker = threaded(ScriptedWorker, zmq.ROUTER, lambda frames, send: send(frames[:1] + answers[tuple(frames[1:])]), bind=there)
    gateway = start.gateway({"echo": {"peer": "majordomo", "connect": there, "body": "text"}}, tmp_path)
    gateway.ready("echo")
    body = echoes[0][1][-1]
    answer = gateway.post("echo", body, **TEXT)
    assert (answer.status_code, answer.content) == (200, body)
    assert {tuple(frames[1:]) for frames in broker.seen} == set(answers)
