"""The other end: example workers as processes, and workers whose answers a test writes itself."""

import contextlib
import pathlib
import sys
import threading
import uuid

import zmq

from .process import Process

PROJECT = pathlib.Path(__file__).resolve().parents[3]
ANY_PORT = "tcp://127.0.0.1:*"


def example(name, *arguments):
    """One of examples/: `name.py` runs in this Python, anything else is a program in out/examples."""
    if name.endswith(".py"):
        command = [sys.executable, PROJECT / "examples/python" / name]
    else:
        command = [PROJECT / "out/examples" / name]
    return Process([*command, *arguments])


def bound_endpoints(worker, count=1):
    """What a worker said it bound, `count` endpoints in its order."""
    def found(lines):
        endpoints = [line.removeprefix("bound ") for line in lines if line.startswith("bound ")]
        return endpoints if len(endpoints) >= count else None
    return worker.wait_for(found, f"{count} bound endpoint(s)")


def bound_endpoint(worker):
    return bound_endpoints(worker)[0]


class ScriptedWorker:
    """A ZeroMQ socket on a thread of its own, with an answer that the test wrote.

    `answer(frames, send)` gets each message as a list of frames and may call `send(frames)` as often as it likes, now
    or later from the same thread. `seen` holds all messages that came. Everything else may ask for it at any time.
    """

    def __init__(self, kind, answer, bind=None, connect=None, options=None):
        self._context = zmq.Context()
        self._answer = answer
        self.seen = []
        self._changed = threading.Condition()
        self._socket = self._context.socket(kind)
        self._socket.linger = 0
        for name, value in (options or {}).items():
            setattr(self._socket, name, value)
        if bind:
            self._socket.bind(bind)
            self.endpoint = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)
        else:
            self._socket.connect(connect)
            self.endpoint = connect
        name = f"inproc://{uuid.uuid4()}"
        self._inbox = self._context.socket(zmq.PAIR)
        self._inbox.bind(name)
        self._outbox = self._context.socket(zmq.PAIR)
        self._outbox.connect(name)
        self.failure = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
        assert self.failure is None, f"the worker's script failed: {self.failure!r}"

    def send(self, frames):
        """Sends from the test's thread."""
        self._outbox.send_multipart([b"send", *frames])

    def bodies(self):
        """The last frames of all messages so far."""
        return [frames[-1] for frames in self.seen]

    def wait_for(self, condition, what, limit=5.0):
        """Until condition(seen) holds; returns what it returned."""
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self.seen), limit), \
                f"the worker never saw {what}, but {self.seen[-5:]!r}"
            return condition(self.seen)

    def close(self):
        if self._thread.is_alive():
            self._outbox.send(b"stop")
            self._thread.join(10)
        self._context.destroy(linger=0)

    def _run(self):
        poller = zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        poller.register(self._inbox, zmq.POLLIN)
        try:
            while True:
                ready = dict(poller.poll())
                if self._inbox in ready:
                    order, *frames = self._inbox.recv_multipart()
                    if order == b"stop":
                        return
                    self._socket.send_multipart(frames)
                if self._socket in ready:
                    frames = self._socket.recv_multipart()
                    with self._changed:
                        self.seen.append(frames)
                        self._changed.notify_all()
                    self._answer(frames, self._socket.send_multipart)
        except zmq.ContextTerminated:
            pass
        except Exception as error:  # Told to the test by __exit__.
            self.failure = error
        finally:
            with contextlib.suppress(zmq.ZMQError):
                self._socket.close()


def silent(frames, send):
    """Answers nothing."""


def echo(frames, send):
    """Answers with the request."""
    send(frames)


def replies(*bodies):
    """Answers each request with these bodies."""
    def answer(frames, send):
        for body in bodies:
            send([*frames[:-1], body])
    return answer
