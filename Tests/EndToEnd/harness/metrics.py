"""The Prometheus text format, as far as a test reads it."""

import re

LINE = re.compile(r'^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ([-+.\w]+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)",?')


class Metrics:
    """Samples: (name, {label: value}, number)."""

    def __init__(self, samples):
        self.samples = samples

    def value(self, name, **labels):
        """The sum of the samples of this name that have these labels; 0 if there is none."""
        return sum(number for sample, has, number in self.samples
                   if sample == name and all(has.get(label) == wanted for label, wanted in labels.items()))

    def names(self):
        return {name for name, _, _ in self.samples}


def parse(text):
    """Reads a page; a line that is neither a comment nor a sample is a failure."""
    samples = []
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        found = LINE.match(line)
        assert found, f"not a sample: {line!r}"
        name, labels, number = found.groups()
        samples.append((name, dict(LABEL.findall(labels or "")), float(number)))
    return Metrics(samples)
