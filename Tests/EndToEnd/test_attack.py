"""Everything that means no good at once, from several addresses, against a gateway with few descriptors and little memory: meanwhile
another client is served by every service, and afterwards memory and descriptors are where they were.

ATTACK_SECONDS=600 makes it ten minutes; ATTACK_P99_MS=50 and ATTACK_REPLY_BYTES=65536 ask for the promptness of a release build (`make attack`).
The defaults suit a debug build on a busy machine.
"""
import contextlib
import json
import os
import socket
import subprocess
from pathlib import Path

import pytest
from harness import PYTHON

SECONDS = float(os.environ.get("ATTACK_SECONDS", "12"))
P99_MS = float(os.environ.get("ATTACK_P99_MS", "5000"))
REPLY_BYTES = int(os.environ.get("ATTACK_REPLY_BYTES", "2048"))
ATTACKERS = Path(__file__).with_name("attackers.py")
SERVED = ["plain", "pool", "echo"]
BUDGET = 128 << 20
# What libzmq's bounded queues may hold, and what the allocator has not given back yet.
MARGIN = 192 << 20


@pytest.fixture
def program():
    """program(kind, seconds, ...) starts one of attackers.py; all of them end with the test."""
    with contextlib.ExitStack() as running:
        def start(kind, seconds, **arguments):
            process = subprocess.Popen(
                [PYTHON, ATTACKERS, kind, str(seconds), json.dumps(arguments)], stdout=subprocess.PIPE, text=True)
            running.callback(process.wait)
            running.callback(process.kill)
            return process
        yield start


@pytest.mark.timeout(SECONDS + 240)
def test_other_clients_are_served_during_an_attack_which_leaves_nothing_behind(start, program, tmp_path):
    ports = dict(zip(["plain", "pool", "natives", "hub", "flood", "quotes"], free_ports(6), strict=True))
    at = {name: f"tcp://127.0.0.1:{port}" for name, port in ports.items()}
    gateway = start.gateway(
        {"plain": {"peer": "dealer", "bind": at["plain"]},
         "pool": {"peer": "ready", "bind": at["pool"], "clients": at["natives"], "dialect": "addressed", "capacity": 8},
         "hub": {"peer": "majordomo", "bind": at["hub"]},
         "flood": {"peer": "dealer", "bind": at["flood"]},
         "quotes": {"peer": "router", "connect": at["quotes"]}},
        tmp_path, descriptors=2048, reactors=2, log={"access": "off"}, limits={"max_memory": f"{BUDGET >> 20}MiB"},
        timeouts={"header": "3s", "body": "5s", "idle": "5s"}, sessions={"resume": "3s"})
    start.example("echo_worker", "dealer", "connect", at["plain"])
    for kind, there in [("addressed", at["pool"]), ("majordomo", at["hub"])] * 2:
        start.example("ready_worker", kind, there, "0")
    program("generous", SECONDS + 200, connect=at["flood"])
    program("generous", SECONDS + 200, bind=at["quotes"])

    def answers(name):
        return gateway.post(name, {"count": 1, "size": 1}, Accept="application/json").status_code == 200
    for name in [*SERVED, "flood", "quotes"]:
        gateway.until(lambda name=name: answers(name), timeout=20)
    descriptors, memory = gateway.descriptors(), gateway.memory()

    attackers = [
        program("never_reads", SECONDS, port=gateway.port, service="flood", size=REPLY_BYTES),
        program("never_reads", SECONDS, port=gateway.port, service="quotes", size=REPLY_BYTES, address="127.0.0.7"),
        program("half_handshakes", SECONDS, port=gateway.port),
        program("unfinished_bodies", SECONDS, port=gateway.port, service="plain"),
        program("sessions_dropped", SECONDS, port=gateway.port),
        program("bare_connections", SECONDS, port=ports["plain"], joins=False),
        program("bare_connections", SECONDS, port=ports["hub"], joins=True, address="127.0.0.8"),
        program("native_flood", SECONDS, endpoint=at["natives"], head=[""]),
        program("native_flood", SECONDS, endpoint=at["hub"], head=["", "MDPC01", "echo"]),
        program("ready_flood", SECONDS, endpoint=at["hub"])]
    victim = program("victim", SECONDS, port=gateway.port, services=SERVED)
    most = 0
    while victim.poll() is None:
        assert gateway.process.poll() is None, f"the gateway died: {gateway.errors[-20:]}"
        most = max(most, gateway.memory())
        with contextlib.suppress(subprocess.TimeoutExpired):
            victim.wait(0.2)
    told = json.loads(victim.stdout.read())
    assert all(attacker.wait(60) == 0 for attacker in attackers)
    print(f"{told}, KiB {memory >> 10}, at most {most >> 10}")
    assert told["asked"] > SECONDS * 3 and not told["wrong"] and told["p99_ms"] < P99_MS, told
    assert most < memory + BUDGET + MARGIN, f"{most >> 20} MiB"
    # Spare identities may have come since: two descriptors each.
    gateway.until(lambda: gateway.descriptors() <= descriptors + 32, timeout=90)
    gateway.until(lambda: gateway.memory() <= memory + (32 << 20), timeout=60)
    for name in SERVED:
        assert gateway.post(name, {"n": 1}, Accept="application/json").json() == {"n": 1}


def free_ports(count):
    """Ports that are free now: both sides must know them before one of them is there."""
    with contextlib.ExitStack() as probes:
        sockets = [probes.enter_context(socket.socket()) for _ in range(count)]
        for probe in sockets:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in sockets]
