"""Workers and clients that speak as those of the ZeroMQ guide do, written from the captures beside this file and from RFC 7 and 18.

Each runs on a thread of this process, keeps in `log` what it saw and sent, and ends with an AssertionError, that fails the test, where the
guide's own program would abort. `answer(body)` is called for each request and returns the reply, or one of the faults below.
"""
import time
from typing import NamedTuple

import zmq

from scripted import ScriptedWorker

DIE = "closes its socket in the middle of the request, without a word"
SILENT = "answers nothing any more and sends no heartbeats, but stays connected"


class Late(NamedTuple):
    """Answers after so long; a worker that works as the guide's do sends no heartbeat until then."""
    seconds: float
    reply: bytes
    works: bool = True


class Wrong(NamedTuple):
    """Sends just these frames in place of a reply."""
    frames: list


class GuideWorker(ScriptedWorker):
    """What the kinds have in common: the first word, requests and their answers, heartbeats both ways, a new start when the other side is silent."""

    liveness = 3

    def __init__(self, kind, connect, answer=lambda body: body, identity=None, interval=None):
        self._interval = interval  # seconds; None: no heartbeats
        self._silent, self._later = False, []
        self._heard = self._beaten = time.monotonic()
        super().__init__(kind, answer, connect=connect, identity=identity)

    @property
    def wire(self):
        """The log as it crosses the wire: with the empty frame that a REQ socket puts in front and takes off."""
        hidden = [b""] if self.kind == zmq.REQ else []
        return [(direction, hidden + frames) for direction, frames in list(self.log)]

    def silence(self):
        self._order(self._fall_silent)

    # A kind of worker is these four.

    def hello(self):
        raise NotImplementedError

    def heartbeat(self):
        raise NotImplementedError

    def request(self, frames):
        """(where the reply goes, body) of a request; None where there is nothing to answer."""
        raise NotImplementedError

    def reply(self, back, body):
        raise NotImplementedError

    def restart(self):
        """A new socket, and the first word again."""
        self._open()
        self._begin()

    def _begin(self):
        self._heard = self._beaten = time.monotonic()
        self._say(self.hello())

    def _take(self, frames):
        self._record("seen", frames)
        self._heard = time.monotonic()
        request = None if self._silent else self.request(frames)
        if request:
            self._serve(*request)

    def _serve(self, back, body):
        result = self._answer(body)
        if result is DIE:
            self._die()
        elif result is SILENT:
            self._fall_silent()
        elif isinstance(result, Wrong):
            self._say(result.frames)
        elif isinstance(result, Late) and result.works:
            time.sleep(result.seconds)  # The work itself.
            self._answered(back, result.reply)
        elif isinstance(result, Late):
            self._later.append((time.monotonic() + result.seconds, back, result.reply))
        else:
            self._answered(back, result)

    def _answered(self, back, result):
        self._say(self.reply(back, result))

    def _fall_silent(self):
        self._silent = True

    def _tick(self):
        if self._socket is None or self._silent:
            return None
        now = time.monotonic()
        for due in [one for one in self._later if one[0] <= now]:
            self._later.remove(due)
            self._answered(*due[1:])
        if self._interval and now >= self._beaten + self._interval:
            self._say(self.heartbeat())
            self._beaten = now
        if self._interval and now >= self._heard + self._interval * self.liveness:
            self.restart()
        times = [one[0] for one in self._later] + ([self._beaten + self._interval] if self._interval else [])
        return max(1, (min(times) - now) * 1000) if times else None


class BareWorker(GuideWorker):
    """rtdealer's and rtreq's: one request at a time, and whatever it says means that it is ready again."""

    def __init__(self, connect, kind=zmq.DEALER, hello=b"Hi Boss", **named):
        self._hello = hello
        super().__init__(kind, connect, **named)

    def hello(self):
        return self.reply(None, self._hello)

    def request(self, frames):
        if self.kind == zmq.DEALER:
            assert len(frames) == 2 and frames[0] == b"", frames
        else:
            assert len(frames) == 1, frames
        return None, frames[-1]

    def reply(self, back, body):
        return [b"", body] if self.kind == zmq.DEALER else [body]


class AddressedWorker(GuideWorker):
    """lbbroker's: a REQ socket that says READY once and then sends each reply back to the address that came with the request."""

    def __init__(self, connect, **named):
        super().__init__(zmq.REQ, connect, **named)

    def hello(self):
        return [b"READY"]

    def request(self, frames):
        assert len(frames) == 3 and frames[0] != b"" and frames[1] == b"", frames
        return frames[0], frames[2]

    def reply(self, back, body):
        return [back, b"", body]


class PirateWorker(GuideWorker):
    """ppworker: `words` as the C++ one says them, else the bytes of C and Python."""

    def __init__(self, connect, words=False, interval=1.0, **named):
        self._words = (b"READY", b"HEARTBEAT") if words else (b"\x01", b"\x02")
        super().__init__(zmq.DEALER, connect, interval=interval, **named)

    def hello(self):
        return [self._words[0]]

    def heartbeat(self):
        return [self._words[1]]

    def request(self, frames):
        if len(frames) == 3:
            assert frames[0] != b"" and frames[1] == b"", frames
            return frames[0], frames[2]
        assert frames == [self._words[1]], frames
        return None

    def reply(self, back, body):
        return [back, b"", body]


class MajordomoWorker(GuideWorker):
    """An MDP worker, RFC 7 ("0.1") or RFC 18 ("0.2"); in 0.2 an answer may be a list: all but the last are PARTIAL.

    A body is one frame or, where it came with several, a list of them. `empty` puts the empty frame of 0.1 before the commands of 0.2 as well.
    """

    def __init__(self, connect, service=b"echo", version="0.1", empty=None, interval=2.5, **named):
        self._service, self.version = service, version
        numbers = {"0.1": (1, 2, None, 3, 4, 5), "0.2": (1, 2, 3, 4, 5, 6)}[version]
        self._ready, self._request, self._partial, self._final, self._heartbeat, self._disconnect = numbers
        self._start = [b""] if (version == "0.1" if empty is None else empty) else []
        self._start.append({"0.1": b"MDPW01", "0.2": b"MDPW02"}[version])
        super().__init__(zmq.DEALER, connect, interval=interval, **named)

    def command(self, number, *frames):
        return [*self._start, bytes([number]), *frames]

    def hello(self):
        return self.command(self._ready, self._service)

    def heartbeat(self):
        return self.command(self._heartbeat)

    def request(self, frames):
        head = len(self._start)
        assert frames[:head] == self._start and len(frames) > head and len(frames[head]) == 1, frames
        number, rest = frames[head][0], frames[head + 1:]
        if number == self._request:
            assert len(rest) >= 3 and rest[0] != b"" and rest[1] == b"", frames
            return rest[0], rest[2] if len(rest) == 3 else rest[2:]
        assert number in (self._heartbeat, self._disconnect) and rest == [], frames
        if number == self._disconnect:
            self.restart()
        return None

    def reply(self, back, body, number=None):
        return self.command(number or self._final, back, b"", *(body if isinstance(body, list) else [body]))

    def _answered(self, back, result):
        if self.version == "0.2" and isinstance(result, list):
            for part in result[:-1]:
                self._say(self.reply(back, part, self._partial))
            result = result[-1]
        self._say(self.reply(back, result))


class MajordomoClient(ScriptedWorker):
    """An MDP client; `answer(command, service, body)` is called for each message. `kind` may be REQ in 0.1, as mdclient's is."""

    def __init__(self, connect, version="0.1", kind=zmq.DEALER, answer=lambda *message: None, identity=None):
        self.version = version
        header = [{"0.1": b"MDPC01", "0.2": b"MDPC02"}[version]]
        self._start = [b"", *header] if version == "0.1" and kind == zmq.DEALER else header
        super().__init__(kind, answer, connect=connect, identity=identity)

    def post(self, service, *body):
        """Sends a request and does not wait."""
        command = [b"\x01"] if self.version == "0.2" else []
        self.send([*self._start, *command, service, *body])

    def ask(self, service, *body):
        """Sends a request and returns the bodies of its replies up to the last one; for one request at a time."""
        before = len(self.seen)
        self.post(service, *body)

        def ended(seen):
            mine = [self.read(frames) for frames in seen[before:]]
            return [one[2] for one in mine] if mine and mine[-1][0] == "final" else None
        return self.wait_for(ended, "the end of its request")

    def read(self, frames):
        """("partial" or "final", service, body) of a message; an AssertionError where the guide's client would abort."""
        head = len(self._start)
        assert frames[:head] == self._start, frames
        rest, command = frames[head:], "final"
        if self.version == "0.2":
            assert rest[0] in (b"\x02", b"\x03"), frames
            command, rest = "partial" if rest[0] == b"\x02" else "final", rest[1:]
        assert len(rest) >= 2, frames
        return command, rest[0], rest[1] if len(rest) == 2 else rest[1:]

    def _take(self, frames):
        message = self.read(frames)
        self._record("seen", frames)
        self._answer(*message)
