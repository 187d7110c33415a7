"""What signals do, also while nothing reads the log."""
import fcntl
import json
import os
import signal
import subprocess
import threading
import time

import pytest
import requests
import zmq
from scripted import silent


def full_pipe():
    """A pipe that is not read and takes no more, as (read end, write end)."""
    read, write = os.pipe()
    flags = fcntl.fcntl(write, fcntl.F_GETFL)
    fcntl.fcntl(write, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    try:
        while True:
            os.write(write, b"x" * 65536)
    except BlockingIOError:
        fcntl.fcntl(write, fcntl.F_SETFL, flags)
    return read, write


def test_sigterm_ends_a_gateway_whose_log_is_not_read(bare):
    read, write = full_pipe()
    process, url = bare(stderr=write)
    assert requests.get(url + "/healthz", timeout=5).status_code == 200
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert time.monotonic() - begun < 5
    os.close(read), os.close(write)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once_although_the_log_is_not_read(bare, endpoint, scripted, number):
    read, write = full_pipe()
    there = endpoint()
    services = {"s": {"peer": "dealer", "bind": there, "replies": {"count": 1, "deadline": "60s"}, "overrides": {"deadline": "60s"}}}
    process, url = bare({"services": services, "timeouts": {"drain": "60s"}}, stderr=write)
    worker = scripted(zmq.DEALER, silent, connect=there)
    answers = []
    client = threading.Thread(target=lambda: answers.append(requests.post(url + "/v1/services/s", data="1", timeout=30)))
    deadline = time.monotonic() + 10
    while requests.get(url + "/readyz", timeout=5).status_code != 200 and time.monotonic() < deadline:
        time.sleep(0.01)
    client.start()
    worker.wait_for_count(1)
    process.send_signal(number)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.3)
    begun = time.monotonic()
    process.send_signal(number)
    assert process.wait(10) == 128 + number
    assert time.monotonic() - begun < 3
    client.join(10)
    assert (answers[0].status_code, answers[0].json()["code"]) == (503, "shutdown")
    os.close(read), os.close(write)


def test_sighup_only_logs_that_nothing_is_reloaded(start, tmp_path):
    gateway = start.gateway({}, tmp_path)
    gateway.process.send_signal(signal.SIGHUP)
    gateway.until(lambda: any("SIGHUP" in line and "not read again" in line for line in gateway.errors))
    assert gateway.get("/healthz").status_code == 200
    gateway.process.send_signal(signal.SIGTERM)
    assert gateway.process.wait(10) == 0
