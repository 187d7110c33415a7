"""What the tests are given. Each fixture ends what it started, also when the test fails."""

import contextlib
import pathlib
import shutil
import tempfile

import pytest

from harness.gateway import Gateway, program
from harness.process import Process
from harness.workers import ScriptedWorker, example


@pytest.fixture
def folder():
    """An empty folder with a short path: ipc endpoints end at 107 bytes."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="zg-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def started():
    """Enters context managers and leaves them all at the end, the last first."""
    with contextlib.ExitStack() as stack:
        yield stack.enter_context


@pytest.fixture
def gateway(started, folder):
    """gateway(services, routes=[...], limits={...}) starts a gateway that listens."""
    def start(services, arguments=(), **settings):
        return started(Gateway({"services": services, **settings}, folder, arguments))
    return start


@pytest.fixture
def worker(started):
    """worker("echo_worker", "rep", "--bind", ...) starts an example."""
    return lambda name, *arguments: started(example(name, *arguments))


@pytest.fixture
def scripted(started):
    """scripted(zmq.DEALER, answer, connect=...) starts a worker with a test's own answer."""
    return lambda kind, answer, **where: started(ScriptedWorker(kind, answer, **where))


@pytest.fixture(scope="session")
def demo_gateway():
    """The base URL of a running `zmq-gateway demo`."""
    with Process([program(), "demo", "--listen", "127.0.0.1:0"]) as demo:
        yield demo.wait_for_line(r"^listening on (http://\S+)").group(1)
