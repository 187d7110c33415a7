"""The clients: curl as a program, and readers for the two stream formats."""

import dataclasses
import json
import subprocess
import tempfile

from .process import Process

# What curl says when a transfer ended before the server said that it was over (curl(1), "EXIT CODES").
PARTIAL_FILE = 18


@dataclasses.dataclass
class Answer:
    """What curl got."""
    exit: int
    status: int
    headers: dict  # lower-case name -> list of values
    body: bytes

    def header(self, name):
        values = self.headers.get(name.lower(), [])
        assert len(values) <= 1, f"{name} came {len(values)} times"
        return values[0] if values else None

    def json(self):
        return json.loads(self.body)

    def lines(self):
        """The values of an NDJSON body; each line must be one."""
        return ndjson(self.body)

    def events(self):
        return sse(self.body)


def ndjson(body):
    assert body == b"" or body.endswith(b"\n"), f"the last line is cut: {body[-80:]!r}"
    return [json.loads(line) for line in body.split(b"\n")[:-1]]


def curl(url, *arguments, limit=20):
    """Runs curl and waits for it. `arguments` are curl's own, such as "-d", "{}"."""
    with tempfile.NamedTemporaryFile() as head, tempfile.NamedTemporaryFile() as body:
        run = subprocess.run(
            ["curl", "-sS", "--noproxy", "*", "--max-time", str(limit), "-D", head.name, "-o", body.name,
             "-w", "%{http_code}", *arguments, url], capture_output=True, text=True, timeout=limit + 10)
        return Answer(run.returncode, int(run.stdout or 0), _headers(head.read()), body.read())


def curl_in_background(url, *arguments):
    """Starts curl; its lines are what it receives."""
    return Process(["curl", "-sSN", "--noproxy", "*", *arguments, url])


def _headers(text):
    """The fields of the last header block: curl writes one for `100 Continue` too."""
    blocks = [block for block in text.decode("latin-1").split("\r\n\r\n") if block]
    headers = {}
    for line in (blocks[-1].split("\r\n")[1:] if blocks else []):
        name, _, value = line.partition(":")
        headers.setdefault(name.lower(), []).append(value.strip())
    return headers


@dataclasses.dataclass
class Event:
    """One server-sent event."""
    type: str
    id: str
    data: str

    def json(self):
        return json.loads(self.data)


class EventReader:
    """The parser of HTML's "server-sent events", fed with bytes in any split."""

    def __init__(self):
        self._rest = b""
        self._type, self._data, self._id = "", [], ""

    def feed(self, data):
        """The events that are complete now. Comments and unknown fields are passed over."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [event for line in lines if (event := self._line(line.decode()))]

    def _line(self, line):
        if line == "":
            return self._dispatch()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._type = value
        elif name == "data":
            self._data.append(value)
        elif name == "id":
            self._id = value
        return None

    def _dispatch(self):
        event = Event(self._type or "message", self._id, "\n".join(self._data)) if self._data else None
        self._type, self._data = "", []
        return event


def sse(body):
    """All events of a whole body."""
    return EventReader().feed(body)
