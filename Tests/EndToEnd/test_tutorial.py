"""Every step of docs/tutorial.md, run as it stands on the page. Three things are of this run: the two ports, the home folder
and the build. `make build` is looked at and not run, because the suite runs on a build."""
import os
import socket
import sys
import time
from pathlib import Path

import pytest

from browser import CHROMIUM, chromium, wait_for
from harness import BINARY, ROOT
from tutorial import Command, File, Shown, Terminal, matches, pattern, steps

PAGE = (ROOT / "docs/tutorial.md").read_text()


@pytest.fixture
def worker_port():
    """A port that is ours while the test runs: it is bound, and libzmq (SO_REUSEADDR) may listen on it all the same."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture
def terminal(tmp_path):
    folders = [str(Path(sys.executable).parent), str(Path(BINARY).parent), os.environ["PATH"]]
    terminal = Terminal(ROOT, tmp_path / "errors", HOME=str(tmp_path), PATH=":".join(folders), MAKEFLAGS="n")
    yield terminal
    terminal.kill()


class Reader:
    """Follows the page: writes the files, types the commands, opens the page in a browser."""

    def __init__(self, terminal, home, worker_port):
        self.terminal, self.folder, self.worker_port, self.port = terminal, home / "tutorial", worker_port, 0
        self.has_worker = False

    def here(self, text):
        """The text with the ports and the build of this run."""
        return (text.replace("$PWD/.build/debug", str(Path(BINARY).parent))
                .replace(":5571", f":{self.worker_port}").replace(":8080", f":{self.port}"))

    def write(self, file):
        # The system chooses the gateway's port at each start: here it is 0 while no gateway runs.
        text = file.text.replace(":8080", ":0").replace(":5571", f":{self.worker_port}")
        (self.folder / file.path).write_text(text)

    def type(self, command):
        if "serve" in command.text:
            (self.folder / "gateway.log").unlink(missing_ok=True)
        status, printed = self.terminal.run(self.here(command.text))
        shown = [self.here(line) for line in command.output]
        if shown:
            assert matches(shown, printed), f"{command.text}\nshown:   {shown}\nprinted: {printed}"
        assert status == 0, (command.text, status, self.terminal.errors.read_text())
        self.wait_for_job(command.text)

    def wait_for_job(self, command):
        """What a reader needs a second for: the gateway listens, the worker is connected."""
        if "serve" in command:
            self.until(lambda log: "listening on http://" in log)
            line = next(one for one in self.log().splitlines() if one.startswith("listening on "))
            self.port = int(line.rpartition(":")[2])
        self.has_worker |= command == "python3 worker.py &"
        if self.has_worker and command.endswith("&"):
            self.until(lambda log: log.rfind("; 1 there") > log.rfind("; 0 left"))

    def log(self):
        path = self.folder / "gateway.log"
        return path.read_text() if path.exists() else ""

    def until(self, is_true, timeout=20):
        deadline = time.monotonic() + timeout
        while not is_true(self.log()):
            assert time.monotonic() < deadline, (self.log(), self.terminal.errors.read_text())
            time.sleep(0.01)

    def look(self, shown):
        with chromium() as driver:
            driver.get(f"http://127.0.0.1:{self.port}/")
            driver.execute_script("document.querySelector('button').click()")
            lines = "return [...document.querySelectorAll('li')].map((line) => line.textContent)"
            wait_for(driver, lambda: driver.execute_script(lines)[-1:] == shown.lines[-1:], "the end of the stream")
            assert driver.execute_script(lines) == shown.lines


def test_every_step_of_the_tutorial_does_what_the_page_shows(terminal, tmp_path, worker_port):
    reader = Reader(terminal, tmp_path, worker_port)
    for step in steps(PAGE):
        match step:
            case File():
                reader.write(step)
            case Command():
                reader.type(step)
            case Shown():
                if CHROMIUM:  # without one, the page's stream is still run by curl
                    reader.look(step)
    assert reader.has_worker and reader.port


def test_the_worker_has_ten_lines_and_the_configuration_six():
    lengths = {step.path: len(step.text.splitlines()) for step in steps(PAGE) if isinstance(step, File)}
    assert (lengths["worker.py"], lengths["gateway.yaml"]) == (10, 6)


def test_only_ids_and_times_may_be_left_out_of_what_the_page_shows():
    assert matches(['{"request_id": "..."}', "a (1)"], ['{"request_id": "0-1"}', "a (1)"])
    assert not matches(["a 1"], ["a 2"])
    assert not matches(["a 1"], [])
    with pytest.raises(AssertionError, match="only ids and times"):
        pattern('{"detail": "..."}')
