"""Fixtures: a gateway from a configuration, workers, the demo."""
import json
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from harness import BINARY, PYTHON, ROOT, Gateway, Process  # noqa: E402
from scripted import ScriptedWorker  # noqa: E402


@pytest.fixture
def start():
    """Starts things and ends them after the test."""
    running = []

    class Start:
        @staticmethod
        def gateway(services, tmp_path, environment=None, descriptors=None, **settings):
            path = tmp_path / "gateway.yaml"
            configuration = {"listen": "127.0.0.1:0", "public": "off", "services": services, **settings}
            path.write_text(json.dumps(configuration).replace('"off"', 'off'))  # a word of YAML, not a text
            running.append(Gateway(["serve", "--config", path], environment, descriptors))
            return running[-1]

        @staticmethod
        def example(name, *arguments):
            program = ROOT / "out/examples" / name
            running.append(Process([program, *arguments]))
            return running[-1], running[-1].line("bound ").split(" ", 1)[1]

        @staticmethod
        def python(name, *arguments):
            running.append(Process([PYTHON, ROOT / "examples/python" / name, *arguments]))
            return running[-1], running[-1].line("bound ").split(" ", 1)[1]

    yield Start
    for process in reversed(running):
        process.kill()


@pytest.fixture
def threaded():
    """threaded(PirateWorker, connect=...) starts a worker or a client that runs on a thread of this process."""
    running = []

    def start(what, /, *arguments, **named):
        running.append(what(*arguments, **named))
        return running[-1]
    yield start
    for one in reversed(running):
        one.close()
        assert one.failure is None, f"its script failed: {one.failure!r}"


@pytest.fixture
def scripted(threaded):
    """scripted(zmq.DEALER, answer, connect=...) starts a worker with the test's own answer."""
    return lambda kind, answer, **where: threaded(ScriptedWorker, kind, answer, **where)


@pytest.fixture
def endpoint(tmp_path):
    """Unique endpoint names."""
    counter = iter(range(1000))
    return lambda: f"ipc://{tmp_path}/{next(counter)}"


@pytest.fixture
def bare(tmp_path):
    """bare(settings, **Popen's) starts a gateway whose standard error is the test's own affair; (process, url)."""
    running = []

    def start(settings=None, **how):
        path = tmp_path / "gateway.yaml"
        configuration = {"listen": "127.0.0.1:0", "reactors": 1, **(settings or {})}
        path.write_text(json.dumps(configuration))
        process = subprocess.Popen(
            [BINARY, "serve", "--config", path, "--public", "off"], stdout=subprocess.PIPE, text=True, cwd=ROOT, **how)
        running.append(process)
        return process, process.stdout.readline().removeprefix("listening on ").strip()
    yield start
    for process in running:
        process.kill()
        process.wait(10)


@pytest.fixture(scope="session")
def demo_gateway():
    gateway = Gateway(["demo", "--listen", "127.0.0.1:0", "--public", str(ROOT / "public")])
    gateway.until(lambda: gateway.get("/readyz").status_code == 200)
    yield gateway.url
    gateway.kill()


@pytest.fixture(scope="module")
def driver():
    """A browser, for the tests of one file."""
    from browser import chromium
    with chromium() as driver:
        yield driver


@pytest.fixture
def mock():
    """What looks like a gateway and does as the test says."""
    from mock_gateway import MockGateway
    gateway = MockGateway()
    yield gateway
    gateway.close()
