"""A worker whose answers a test writes itself: a ZeroMQ socket on a thread of this process."""

import collections
import contextlib
import threading
import uuid

import zmq


class ScriptedWorker:
    """`answer(frames, send)` gets each message as a list of frames and may call `send(frames)` as often as it likes.

    `seen` holds all messages so far, `log` these and what was sent, in order, as ("seen" or "sent", frames).
    `send` and `die` are for the test's own thread. A script that fails fails the test.
    """

    def __init__(self, kind, answer, bind=None, connect=None, identity=None):
        self.seen, self.log = [], []
        self.failure = None
        self.kind = kind
        self._answer = answer
        self._bind, self._connect, self._identity = bind, connect, identity
        self._changed = threading.Condition()
        self._context = zmq.Context()
        name = f"inproc://{uuid.uuid4()}"
        self._inbox = self._context.socket(zmq.PAIR)
        self._inbox.bind(name)
        self._outbox = self._context.socket(zmq.PAIR)
        self._outbox.connect(name)
        self._orders = collections.deque()
        self._socket = None
        self._open()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def send(self, frames):
        self._order(lambda: self._say(frames))

    def die(self):
        """Closes the socket without a word."""
        self._order(self._die)

    def wait_for(self, condition, what, timeout=10):
        """Until condition(seen) is true; returns what it returned."""
        with self._changed:
            held = self._changed.wait_for(lambda: self.failure or condition(self.seen), timeout)
            assert held and not self.failure, f"the worker never saw {what}, but {self.seen[-5:]}; it failed by {self.failure!r}"
            return condition(self.seen)

    def wait_for_count(self, count):
        """The messages, once there are so many."""
        return self.wait_for(lambda seen: list(seen) if len(seen) >= count else None, f"{count} messages")

    def identities(self):
        """The identity of each message so far, for a ROUTER."""
        return [frames[0] for frames in self.seen]

    def close(self):
        if self._thread.is_alive():
            self._order(None)
            self._thread.join(10)
        self._context.destroy(linger=0)

    # What a kind of worker may do otherwise: all of it on the worker's own thread.

    def _begin(self):
        """Says the first word."""

    def _tick(self):
        """Does what is due, and returns the milliseconds until it wants to be called again, or None."""

    def _take(self, frames):
        self._record("seen", frames)
        self._answer(frames, self._say)

    def _open(self):
        """A new socket in the place of the one before."""
        self._die()
        self._socket = self._context.socket(self.kind)
        self._socket.linger = 0
        if self._identity is not None:
            self._socket.identity = self._identity
        if self._bind:
            self._socket.bind(self._bind)
        else:
            self._socket.connect(self._connect)

    def _die(self):
        if self._socket is not None:
            self._socket.close(0)
            self._socket = None

    def _say(self, frames):
        self._record("sent", frames)
        self._socket.send_multipart(frames)

    def _record(self, direction, frames):
        with self._changed:
            self.log.append((direction, frames))
            if direction == "seen":
                self.seen.append(frames)
            self._changed.notify_all()

    def _order(self, order):
        self._orders.append(order)
        self._outbox.send(b"")

    def _run(self):
        try:
            self._begin()
            while self._round():
                pass
        except zmq.ContextTerminated:
            pass
        except Exception as error:  # Told to the test when the worker is closed.
            self.failure = error
            with self._changed:
                self._changed.notify_all()
        finally:
            with contextlib.suppress(zmq.ZMQError):
                self._die()

    def _round(self):
        """Waits and does once what there is to do; false once there is no more."""
        wait = self._tick()
        poller = zmq.Poller()
        for socket in (self._inbox, self._socket):
            if socket is not None:
                poller.register(socket, zmq.POLLIN)
        ready = dict(poller.poll(wait))
        if self._inbox in ready:
            self._inbox.recv()
            order = self._orders.popleft()
            if order is None:
                return False
            order()
        elif self._socket in ready:
            self._take(self._socket.recv_multipart())
        return True


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
