"""The harness and the example workers without a gateway: what the other tests stand on."""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
import zmq

from harness import metrics
from harness.client import PARTIAL_FILE, EventReader, curl, sse
from harness.process import Process, eventually
from harness.workers import ANY_PORT, ScriptedWorker, bound_endpoint, bound_endpoints, echo

LIMIT_MS = 5000


@pytest.fixture
def client(started):
    """client(zmq.REQ, endpoint) is a connected socket that gives up after five seconds."""
    def connect(kind, endpoint, bind=False):
        peer = started(zmq.Context().socket(kind))
        peer.linger, peer.rcvtimeo, peer.sndtimeo = 0, LIMIT_MS, LIMIT_MS
        (peer.bind if bind else peer.connect)(endpoint)
        return peer
    return connect


def test_the_event_reader_takes_any_split():
    text = "id: 1\ndata: {\"a\":1}\n\n:\n\nevent: end\ndata: two\ndata: lines ü\n\n".encode()
    whole = sse(text)
    assert [(e.type, e.id, e.data) for e in whole] == [("message", "1", '{"a":1}'), ("end", "1", "two\nlines ü")]
    for cut in range(len(text)):
        reader = EventReader()
        assert reader.feed(text[:cut]) + reader.feed(text[cut:]) == whole


def test_metrics_are_summed_over_the_labels_that_are_not_asked_for():
    page = metrics.parse('# HELP x y\nx{a="1",b="q\\"r"} 2\nx{a="1",b="s"} 3\ny 1e3\nz_bucket{le="+Inf"} 4\n')
    assert page.value("x") == 5
    assert page.value("x", b="s") == 3
    assert page.value("x", b="absent") == 0
    assert page.value("y") == 1000
    with pytest.raises(AssertionError):
        metrics.parse("what is this\n")


def serve_once(answer):
    """A server for one connection that sends these bytes and closes; returns its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        with listener, listener.accept()[0] as peer:
            peer.recv(65536)
            peer.sendall(answer)
    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\nX-A: 2\r\n\r\n8\r\n{\"a\":1}\n\r\n"


@pytest.mark.parametrize("tail, exit_status", [(b"0\r\n\r\n", 0), (b"", PARTIAL_FILE)])
def test_curl_tells_a_complete_stream_from_a_cut_one(tail, exit_status):
    answer = curl(f"http://127.0.0.1:{serve_once(CHUNKED + tail)}/")
    assert (answer.exit, answer.status, answer.lines()) == (exit_status, 200, [{"a": 1}])
    assert answer.headers["x-a"] == ["1", "2"]


def test_a_process_tells_its_lines_its_costs_and_its_end():
    with Process(["bash", "-c", "trap 'exit 7' TERM; echo one; echo two >&2; while :; do sleep 0.01; done"]) as child:
        child.wait_for_line("^one$")
        child.wait_for_line("^two$")
        assert child.memory_kib() > 100
        assert child.descriptors() >= 3
        assert child.terminate() == 7
    with Process(["sleep", "60"]) as child:
        with pytest.raises(AssertionError, match="never gave"):
            child.wait_for_line("anything", limit=0.2)
        pid = child.pid
    assert not os.path.exists(f"/proc/{pid}")


def test_a_process_dies_with_whoever_started_it():
    script = ("import sys; sys.path.insert(0, sys.argv[1])\n"
              "from harness.process import Process\n"
              "print('child', Process(['sleep', '60']).pid, flush=True); sys.stdin.read()")
    parent = subprocess.Popen([sys.executable, "-c", script, str(pathlib.Path(__file__).parent)],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    child = int(parent.stdout.readline().split()[1])
    parent.send_signal(signal.SIGKILL)
    parent.communicate(timeout=5)

    def is_gone():
        try:
            with open(f"/proc/{child}/stat") as file:
                return file.read().rpartition(")")[2].split()[0] == "Z"
        except (FileNotFoundError, ProcessLookupError):
            return True
    eventually(is_gone, "end of the child")


def test_a_scripted_worker_answers_records_and_speaks_up(client):
    with ScriptedWorker(zmq.ROUTER, echo, bind=ANY_PORT) as worker:
        peer = client(zmq.DEALER, worker.endpoint)
        peer.send(b"a")
        assert peer.recv() == b"a"
        seen = worker.wait_for(lambda seen: seen, "a request")
        worker.send([seen[0][0], b"late"])
        assert peer.recv() == b"late"
        assert worker.bodies() == [b"a"]


def test_a_scripted_worker_that_fails_fails_the_test(client):
    with pytest.raises(AssertionError, match="script failed"):
        with ScriptedWorker(zmq.REP, lambda frames, send: 1 / 0, bind=ANY_PORT) as worker:
            client(zmq.REQ, worker.endpoint).send(b"a")
            eventually(lambda: worker.failure, "the failure")


@pytest.mark.parametrize("server", ["async_server", "async_server.py"])
def test_the_asynchronous_server_answers_none_to_four_times_and_mixes(worker, client, server):
    endpoint = bound_endpoint(worker(server, "--bind", ANY_PORT, "--max-delay-ms", "2"))
    peer = client(zmq.DEALER, endpoint)
    for number in range(200):
        peer.send(b"%d" % number)
    peer.rcvtimeo = 500
    answers = {}
    try:
        while True:
            body = peer.recv()
            answers[body] = answers.get(body, 0) + 1
    except zmq.Again:
        pass
    assert set(answers.values()) <= {1, 2, 3, 4}
    assert 120 < len(answers) < 195, "about one in five gets no answer"


@pytest.mark.parametrize("kind, frames", [
    ("router", [b"body"]), ("router", [b"", b"body"]), ("dealer", [b"id", b"body"]), ("rep", [b"id", b"", b"body"])])
def test_the_echo_worker_answers_frame_by_frame(worker, client, kind, frames):
    peer = client(zmq.DEALER, bound_endpoint(worker("echo_worker", kind, "--bind", ANY_PORT)))
    peer.send_multipart(frames)
    assert peer.recv_multipart() == frames


@pytest.mark.parametrize("program", ["dealer_worker", "dealer_worker.py"])
def test_the_dealer_worker_connects_and_keeps_the_identity(worker, client, program, folder):
    peer = client(zmq.DEALER, f"ipc://{folder}/jobs", bind=True)
    worker(program, "--connect", f"ipc://{folder}/jobs", "--replies", "3", "--max-delay-ms", "1")
    peer.send_multipart([b"T1", b"{}"])
    assert [peer.recv_multipart() for _ in range(3)] == [[b"T1", b"{}"]] * 3


@pytest.mark.parametrize("program, answer", [("rep_worker", b"World"), ("rep_worker.py", b"Hello")])
def test_the_rep_worker_answers_once(worker, client, program, answer):
    peer = client(zmq.REQ, bound_endpoint(worker(program, "--bind", ANY_PORT)))
    peer.send(b"Hello")
    assert peer.recv() == answer


def test_the_proxy_brings_clients_and_rep_workers_together(worker, client):
    clients, workers = bound_endpoints(worker("proxy.py", "--clients", ANY_PORT, "--workers", ANY_PORT), 2)
    worker("rep_worker.py", "--connect", workers)
    peer = client(zmq.DEALER, clients)
    peer.send_multipart([b"T1", b"", b"x"])
    assert peer.recv_multipart() == [b"T1", b"", b"x"]


def test_the_ticker_streams_ends_and_can_be_cancelled(worker, client, folder):
    peer = client(zmq.DEALER, f"ipc://{folder}/ticks", bind=True)
    ticker = worker("ticker_worker.py", "--connect", f"ipc://{folder}/ticks", "--interval-ms", "20")
    peer.send_multipart([b"A", b'{"count":2}'])
    assert [peer.recv_multipart()[1] for _ in range(3)] == [
        b'{"tick": 1, "of": 2}', b'{"tick": 2, "of": 2}', b'{"done": true}']
    peer.send_multipart([b"B", b"[]"])
    assert b"error" in peer.recv_multipart()[1]
    peer.send_multipart([b"C", b'{"count":1000}'])
    peer.recv_multipart()
    peer.send_multipart([b"C", b'{"cancel":true}'])
    ticker.wait_for_line("^cancelled$")


@pytest.mark.parametrize("kind", ["router", "dealer"])
def test_the_stream_worker_sends_all_of_it(worker, client, kind):
    peer = client(zmq.DEALER, bound_endpoint(worker("stream_worker", kind, "--bind", ANY_PORT)))
    peer.send_multipart([b"T", b'{"count":5000}'] if kind == "dealer" else [b'{"count":5000}'])
    bodies = [peer.recv_multipart()[-1] for _ in range(5001)]
    assert bodies == [b'{"i":%d}' % i for i in range(5000)] + [b'{"done":true}']


def test_the_file_worker_ends_with_an_empty_frame(worker, client, folder):
    (folder / "file").write_bytes(os.urandom(300_000))
    peer = client(zmq.DEALER, bound_endpoint(worker("file_worker.py", "--bind", ANY_PORT, "--file", folder / "file")))
    peer.send(b"fetch")
    chunks = []
    while chunk := peer.recv():
        chunks.append(chunk)
    assert b"".join(chunks) == (folder / "file").read_bytes()
    assert len(chunks) == 5


def test_eventually_says_what_it_waited_for():
    started = time.monotonic()
    with pytest.raises(AssertionError, match="no moon; last seen: 0"):
        eventually(lambda: 0, "moon", limit=0.1)
    assert time.monotonic() - started < 2
