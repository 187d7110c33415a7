"""Starts gateways and workers for the tests, and reads what they say. Everything that is started ends with the test."""
import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
# Taken out of the environment: the gateway refuses variables that begin like its own and are none.
BINARY = os.environ.pop("ZMQ_GATEWAY_BIN", str(ROOT / ".build/debug/zmq-gateway"))
PYTHON = sys.executable


class Process:
    """A child whose standard output is read line by line."""

    def __init__(self, arguments, environment=None):
        self.process = subprocess.Popen(
            [str(argument) for argument in arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
            env={**os.environ, **(environment or {})}, start_new_session=True)
        self.lines, self.errors = queue.Queue(), []
        self.readers = [
            threading.Thread(target=self._read, args=(self.process.stdout, self.lines.put), daemon=True),
            threading.Thread(target=self._read, args=(self.process.stderr, self.errors.append), daemon=True)]
        for reader in self.readers:
            reader.start()

    @staticmethod
    def _read(stream, take):
        for line in stream:
            take(line.rstrip("\n"))

    def line(self, beginning, timeout=20):
        """The next line that begins so; what came before it is passed over."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                line = self.lines.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no line {beginning!r}; stderr: {self.errors[-20:]}") from None
            if line.startswith(beginning):
                return line

    @property
    def pid(self):
        return self.process.pid

    def kill(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def cpu_seconds(self):
        """User and system time of all its threads so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """Resident bytes."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def free_tcp_endpoint():
    """A TCP endpoint whose port is free at the moment, for configurations that need a fixed one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


class Gateway(Process):
    """A running gateway and its address."""

    def __init__(self, arguments, environment=None, descriptors=None):
        """`descriptors`: its `ulimit -n`."""
        limit = ["prlimit", f"--nofile={descriptors}:{descriptors}"] if descriptors else []
        super().__init__([*limit, BINARY, *arguments], environment)
        self.url = self.line("listening on http").removeprefix("listening on ")
        self.port = int(self.url.rsplit(":", 1)[1])

    def post(self, service, body, timeout=30, query="", **headers):
        data = body if isinstance(body, (bytes, str)) else json.dumps(body)
        return requests.post(
            f"{self.url}/v1/services/{service}{query}", data=data, timeout=timeout,
            headers={name.replace("_", "-"): value for name, value in headers.items()})

    def get(self, path, **headers):
        return requests.get(self.url + path, timeout=10, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def metrics(self):
        """{name: {labels: value}} of /metrics; labels as they stand between the braces."""
        result = {}
        for line in self.get("/metrics").text.splitlines():
            match = re.match(r"^([a-z_]+)(?:\{(.*)\})? (\S+)$", line)
            if match:
                result.setdefault(match[1], {})[match[2] or ""] = float(match[3])
        return result

    def metric(self, name, labels=""):
        return self.metrics().get(name, {}).get(labels, 0)

    def dropped(self, reason, service="s"):
        """How many replies the gateway has dropped for this reason."""
        return self.metric("zmq_gateway_replies_dropped_total", f'service="{service}",reason="{reason}"')

    def until(self, what, timeout=10):
        """Waits until `what()` is true, looking often."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if what():
                return
            time.sleep(0.01)
        raise AssertionError(f"did not come true in {timeout} s; stderr: {self.errors[-10:]}")

    def ready(self, service, is_ready=True):
        self.until(lambda: self.get("/readyz").json()["services"][service]["ready"] == is_ready)


def curl(*arguments, data=None, timeout=30):
    """(exit code, output) of curl."""
    command = ["curl", "-sN", *arguments] + (["-d", data] if data is not None else [])
    run = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    return run.returncode, run.stdout


def events(text):
    """The events of an SSE body as dictionaries."""
    result = []
    for block in text.strip().split("\n\n"):
        event = {}
        for line in block.split("\n"):
            name, _, value = line.partition(": ")
            if name:
                event[name] = value
        if event:
            result.append(event)
    return result
