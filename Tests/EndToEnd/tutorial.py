"""Reads docs/tutorial.md: the files it names, the commands it shows and what they print.

A block of `python`, `yaml`, `html` or `js` is a file; the last `name` in the sentence before it is its path. A block of
`console` is a terminal: `$ ` begins a command, `> ` continues it, and all other lines are its output. A block of `text`
is what a browser shows.
"""
import os
import queue
import re
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field

FILES = ("python", "yaml", "html", "js")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# "..." may stand for an id, a time, or the port of the worker's side of a connection, and for nothing else.
PLACEHOLDER = re.compile(r'("request_id": ?"|"elapsed_ms": ?|^|worker 127\.0\.0\.1:)\.\.\.')


@dataclass
class File:
    path: str
    text: str


@dataclass
class Command:
    text: str
    output: list = field(default_factory=list)


@dataclass
class Shown:
    lines: list


def steps(page):
    """The page's files, commands and pictures of a browser, in order."""
    end = 0
    for block in BLOCK.finditer(page):
        language, text, before = block[1], block[2], page[end:block.start()]
        end = block.end()
        if language in FILES:
            yield File(re.findall(r"`([^`]+)`", before)[-1], text)
        elif language == "console":
            yield from commands(text)
        elif language == "text":
            yield Shown(text.splitlines())
        else:
            raise AssertionError(f"a block of {language}: what is it?")


def commands(text):
    found = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append(Command(line[2:]))
        elif line.startswith("> ") and found[-1].text.endswith("\\"):
            found[-1].text += "\n" + line[2:]
        else:
            found[-1].output.append(line)
    return found


def matches(shown, printed):
    return len(shown) == len(printed) and all(map(re.fullmatch, map(pattern, shown), printed))


def pattern(line):
    """A regular expression for a shown line."""
    marked = PLACEHOLDER.sub("\\1\0", line)
    assert "..." not in marked, f"only ids and times may be left out: {line}"
    return re.escape(marked).replace("\0", r'[^",\s]+')


class Terminal:
    """One bash, which keeps its folder, its variables and its jobs from command to command."""
    MARK = "--- done "

    def __init__(self, folder, errors, **variables):
        self.errors = errors
        self.process = subprocess.Popen(
            ["bash", "--norc", "--noprofile"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.errors.open("w"), text=True, start_new_session=True, env={**os.environ, **variables})
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))

    def run(self, command, timeout=30):
        """(exit status, the lines it printed)"""
        self.process.stdin.write(f"{command}\nprintf '\\n{self.MARK}%s\\n' $?\n")
        self.process.stdin.flush()
        deadline, printed = time.monotonic() + timeout, []
        while True:
            line = self.lines.get(timeout=max(0.01, deadline - time.monotonic()))
            if line.startswith(self.MARK):
                break
            printed.append(line)
        if printed[-1] == "":
            printed.pop()  # the end of the last line, or the one before the mark
        return int(line.removeprefix(self.MARK)), printed

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
