"""A child process: its lines as they come, what it costs, and its certain end."""

import os
import re
import shutil
import signal
import subprocess
import threading
import time

# Kills the child when we die ourselves, however that happens: util-linux's setpriv, which then becomes the child.
DIE_WITH_US = ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []
KEPT_LINES = 20_000


def eventually(condition, what, limit=5.0):
    """The first true value of condition(), or a failure that says what was waited for and what was seen last."""
    deadline = time.monotonic() + limit
    while True:
        seen = condition()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"after {limit} s still no {what}; last seen: {seen!r}")
        time.sleep(0.01)


class Process:
    """A running program. Standard output and error are read all the time, so it never blocks on us."""

    def __init__(self, arguments, environment=None):
        self.arguments = [str(argument) for argument in arguments]
        self.lines = []
        self._changed = threading.Condition()
        self._child = subprocess.Popen(
            DIE_WITH_US + self.arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})})
        self._readers = [threading.Thread(target=self._read, args=(stream,), daemon=True)
                         for stream in (self._child.stdout, self._child.stderr)]
        for reader in self._readers:
            reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    @property
    def pid(self):
        return self._child.pid

    def wait_for(self, condition, what, limit=10.0):
        """The first true value of condition(lines)."""
        deadline = time.monotonic() + limit
        with self._changed:
            while True:
                found = condition(self.lines)
                if found:
                    return found
                over = not any(reader.is_alive() for reader in self._readers)
                if over or time.monotonic() > deadline:
                    said = "\n".join(self.lines[-30:])
                    raise AssertionError(f"{self.arguments[0]} never gave {what}; it {'ended' if over else 'runs'}:\n{said}")
                self._changed.wait(0.1)

    def wait_for_line(self, pattern, limit=10.0):
        """The match of the first line that holds the pattern."""
        def found(lines):
            return next((match for line in lines if (match := re.search(pattern, line))), None)
        return self.wait_for(found, f"a line like {pattern!r}", limit)

    def signal(self, number):
        self._child.send_signal(number)

    def wait(self, limit=10.0):
        """The exit status, once it is over."""
        status = self._child.wait(limit)
        for reader in self._readers:
            reader.join(limit)
        return status

    def is_running(self):
        return self._child.poll() is None

    def terminate(self, limit=20.0):
        """SIGTERM and the exit status."""
        self.signal(signal.SIGTERM)
        return self.wait(limit)

    def kill(self):
        """SIGKILL, if it is still there."""
        if self.is_running():
            self._child.kill()
        self.wait()
        self._child.stdout.close()
        self._child.stderr.close()

    def memory_kib(self):
        """Resident memory."""
        with open(f"/proc/{self.pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def cpu_seconds(self):
        """User and system time of all its threads so far."""
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _read(self, stream):
        for line in stream:
            with self._changed:
                if len(self.lines) < KEPT_LINES:
                    self.lines.append(line.decode(errors="replace").rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()
