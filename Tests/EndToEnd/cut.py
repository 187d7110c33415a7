"""A TCP proxy whose network can be cut: connections stay open, and not a byte passes any more, in either direction.

That is what a phone sees that leaves its network, or a laptop that wakes up elsewhere: no FIN, no RST, only silence.
"""
import selectors
import socket
import threading


class Cut:
    """Forwards to `port` of this machine. `url` is its own address."""

    def __init__(self, port):
        self.target = port
        self.is_cut = False
        self.accepted = 0
        self._peers = {}
        self._frozen = set()
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._wake, self._woken = socket.socketpair()
        for one in (self._listener, self._woken):
            self._selector.register(one, selectors.EVENT_READ)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._orders = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def cut(self):
        """Connections that exist are silent for ever; new ones are not accepted until `mend`."""
        self._do(self._cut)

    def mend(self):
        """New connections pass again; those that were cut stay silent."""
        self._do(self._mend)

    def close(self):
        self._do(None)
        self._thread.join(5)

    def _do(self, order):
        done = threading.Event()
        self._orders.append((order, done))
        self._wake.send(b"x")
        assert done.wait(10)

    def _run(self):
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._woken:
                    self._woken.recv(1)
                    order, done = self._orders.pop(0)
                    if order is None:
                        self._end()
                        return done.set()
                    order()
                    done.set()
                elif key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj in self._peers:
                    self._forward(key.fileobj)

    def _accept(self):
        client, _ = self._listener.accept()
        server = socket.create_connection(("127.0.0.1", self.target))
        self.accepted += 1
        for one, other in ((client, server), (server, client)):
            self._peers[one] = other
            self._selector.register(one, selectors.EVENT_READ)

    def _forward(self, source):
        target = self._peers[source]
        try:
            data = source.recv(65536)
            if data:
                return target.sendall(data)
        except OSError:
            pass
        for one in (source, target):
            self._selector.unregister(one)
            del self._peers[one]
            one.close()

    def _cut(self):
        self.is_cut = True
        for one in self._peers:
            self._selector.unregister(one)
        self._frozen.update(self._peers)
        self._peers = {}
        self._selector.unregister(self._listener)

    def _mend(self):
        self.is_cut = False
        self._selector.register(self._listener, selectors.EVENT_READ)

    def _end(self):
        for one in {*self._peers, *self._frozen, self._listener, self._wake, self._woken}:
            one.close()
        self._selector.close()
