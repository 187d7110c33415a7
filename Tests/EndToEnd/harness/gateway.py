"""The gateway under test, with a configuration made for one test."""

import json
import os
import pathlib

import requests

from . import metrics
from .process import Process, eventually

PROJECT = pathlib.Path(__file__).resolve().parents[3]


def program():
    """The binary: ZMQ_GATEWAY_BIN, else the debug build."""
    return os.environ.get("ZMQ_GATEWAY_BIN") or str(PROJECT / ".build/debug/zmq-gateway")


class Gateway(Process):
    """A gateway that listens. The configuration is a dict; JSON is YAML."""

    def __init__(self, configuration, directory, arguments=()):
        configuration = {"listen": "127.0.0.1:0", "public": "off", **configuration}
        self.file = pathlib.Path(directory) / "gateway.yaml"
        self.file.write_text(json.dumps(configuration, indent=2))
        super().__init__([program(), "serve", "--config", self.file, *arguments])
        try:
            self.url = self.wait_for_line(r"^listening on (http://\S+)").group(1)
        except BaseException:
            self.kill()
            raise
        self.host, _, port = self.url.removeprefix("http://").rpartition(":")
        self.port = int(port)
        self.services = list(configuration.get("services", {}))
        self.web = requests.Session()
        self.web.trust_env = False

    def kill(self):
        if hasattr(self, "web"):
            self.web.close()
        super().kill()

    def service(self, name):
        return f"{self.url}/v1/services/{name}"

    def get(self, path, **options):
        return self.web.get(self.url + path, timeout=20, **options)

    def post(self, name, body, path=None, **options):
        """One request to a service; a body that is no bytes goes out as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.web.post(self.url + path if path else self.service(name), data=data, timeout=20, **options)

    def metrics(self):
        answer = self.get("/metrics")
        assert answer.status_code == 200
        return metrics.parse(answer.text)

    def state(self, name):
        """What /readyz says of a service."""
        return self.get("/readyz").json()["services"][name]

    def wait_for_workers(self, *names, limit=10.0):
        """Until each of the services (all of them, if none is named) has a worker."""
        for name in names or self.services:
            eventually(lambda: self.state(name)["ready"], f"worker of {name}", limit)

    def wait_for_no_workers(self, *names, limit=10.0):
        for name in names:
            eventually(lambda: not self.state(name)["ready"], f"loss of the worker of {name}", limit)

    def wait_until_idle(self, limit=10.0):
        """Until no exchange is open."""
        eventually(lambda: self.metrics().value("zmq_gateway_exchanges_open") == 0, "end of all exchanges", limit)
