"""Where a request ends, as real clients and a careless proxy say it."""
import json
import shutil
import socket
import subprocess

import pytest
import requests

SMUGGLED = b"POST /v1/services/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n\"smuggled\""


def speak(url, *pieces):
    """What comes back, until the gateway closes."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        for piece in pieces:
            client.sendall(piece)
        answer = b""
        while data := client.recv(65536):
            answer += data
    return answer


@pytest.mark.parametrize("last", [b"0\n\r\n", b"0\r\n\r\n", b"0;x\n\n"])
def test_nothing_after_a_chunked_request_is_parsed_as_a_request(demo_gateway, last):
    head = b"POST /v1/services/echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = speak(demo_gateway, head + b"1\r\n7\r\n" + last + SMUGGLED)
    assert answer.startswith(b"HTTP/1.1 200 ") and answer.count(b"HTTP/1.1 ") == 1
    assert b"\r\nConnection: close\r\n" in answer and answer.endswith(b"\r\n\r\n7")


@pytest.mark.parametrize("length", ["x", "-1", "1x", "1 1", "", "99999999999999999999"])
def test_a_bad_length_gets_one_answer(demo_gateway, length):
    head = f"POST /v1/services/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n".encode()
    for pieces in ([head + b"1"], [head[:60], head[60:] + b"1"]):
        answer = speak(demo_gateway, *pieces)
        assert answer.startswith(b"HTTP/1.1 400 ") and answer.count(b"HTTP/1.1 ") == 1, answer
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "malformed_request"


def test_white_space_after_a_length_is_legal(demo_gateway):
    answer = speak(demo_gateway, b"POST /v1/services/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5 \r\nConnection: close\r\n\r\n[1,2]")
    assert answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"[1,2]")


def test_uploads_in_chunks_of_curl_and_python_work(demo_gateway):
    text = json.dumps(["x" * 1000] * 500)
    run = subprocess.run(
        ["curl", "-s", "-T", "-", "-X", "POST", demo_gateway + "/v1/services/echo", demo_gateway + "/v1/services/echo"],
        input=text, capture_output=True, text=True, timeout=30)
    assert run.returncode == 0 and run.stdout.startswith(text)
    with requests.Session() as session:
        for _ in range(3):
            reply = session.post(demo_gateway + "/v1/services/echo", data=iter([b"[1,", b"2]"]))
            assert (reply.status_code, reply.text) == (200, "[1,2]")


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_a_streaming_fetch_works(demo_gateway):
    script = """
        for (let turn = 0; turn < 3; turn++) {
            const body = new ReadableStream({ start(c) { for (const p of ["[1,", "2]"]) c.enqueue(new TextEncoder().encode(p)); c.close(); } });
            const reply = await fetch(process.argv[1] + "/v1/services/echo", { method: "POST", body, duplex: "half" });
            console.log(reply.status, await reply.text());
        }"""
    run = subprocess.run(
        ["node", "--input-type=module", "-e", script, demo_gateway], capture_output=True, text=True, timeout=30)
    assert run.stdout == "200 [1,2]\n" * 3, run.stderr


def test_options_asterisk_asks_for_the_server_as_a_whole(demo_gateway):
    answer = speak(demo_gateway, b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 204 ")
    assert b"\r\nAllow: GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS\r\n" in answer
    assert speak(demo_gateway, b"GET * HTTP/1.1\r\nHost: localhost\r\n\r\n").startswith(b"HTTP/1.1 400 ")
