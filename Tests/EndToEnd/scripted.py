"""A worker whose answers a test writes itself: a ZeroMQ socket on a thread of this process."""

import contextlib
import threading
import uuid

import zmq


class ScriptedWorker:
    """`answer(frames, send)` gets each message as a list of frames and may call `send(frames)` as often as it likes.

    `seen` holds all messages so far. `send` sends from the test's own thread. A script that fails fails the test.
    """

    def __init__(self, kind, answer, bind=None, connect=None):
        self.seen = []
        self.failure = None
        self._answer = answer
        self._changed = threading.Condition()
        self._context = zmq.Context()
        self._socket = self._context.socket(kind)
        self._socket.linger = 0
        if bind:
            self._socket.bind(bind)
        else:
            self._socket.connect(connect)
        name = f"inproc://{uuid.uuid4()}"
        self._inbox = self._context.socket(zmq.PAIR)
        self._inbox.bind(name)
        self._outbox = self._context.socket(zmq.PAIR)
        self._outbox.connect(name)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def send(self, frames):
        self._outbox.send_multipart([b"send", *frames])

    def wait_for(self, condition, what, timeout=10):
        """Until condition(seen) is true; returns what it returned."""
        with self._changed:
            held = self._changed.wait_for(lambda: condition(self.seen), timeout)
            assert held, f"the worker never saw {what}, but {self.seen[-5:]}"
            return condition(self.seen)

    def wait_for_count(self, count):
        """The messages, once there are so many."""
        return self.wait_for(lambda seen: list(seen) if len(seen) >= count else None, f"{count} messages")

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
                    self._take(self._socket.recv_multipart())
        except zmq.ContextTerminated:
            pass
        except Exception as error:  # Told to the test when the worker is closed.
            self.failure = error
        finally:
            with contextlib.suppress(zmq.ZMQError):
                self._socket.close()

    def _take(self, frames):
        with self._changed:
            self.seen.append(frames)
            self._changed.notify_all()
        self._answer(frames, self._socket.send_multipart)


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
