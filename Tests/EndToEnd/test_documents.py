"""The documents are easy to read: lines wrap, links lead somewhere, the README's picture is small, and some words are gone."""
import re
import struct

import pytest

from harness import ROOT

PAGES = sorted(
    path.relative_to(ROOT)
    for path in [*ROOT.glob("docs/*.md"), *(ROOT / name for name in (
        "README.md", "SECURITY.md", "CONTRIBUTING.md", "examples/README.md"))])
OTHERS = ["CHANGELOG.md", "examples/zmq-gateway.yaml", "openapi/openapi.json", "openapi/asyncapi.json"]
WORDS = re.compile(
    r"\b(nobody|somebody|whoever|(?:is|are|was|were) told|of which|where that can be|has not an?|may be had)\b",
    re.IGNORECASE)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_page_wraps_uses_plain_words_and_links_to_what_exists(page):
    text = (ROOT / page).read_text()
    prose = re.sub(r"^```[^`]*^```$|^    [^\n]*$", "", text, flags=re.MULTILINE)
    assert [line for line in prose.split("\n") if len(line) > 120 and not line.startswith("|")] == []
    assert WORDS.findall(" ".join(prose.split())) == []
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", prose) if "://" not in link]
    assert [link for link in links if link and not (ROOT / page).parent.joinpath(link).exists()] == []


@pytest.mark.parametrize("page", OTHERS)
def test_other_texts_use_plain_words(page):
    assert WORDS.findall(" ".join((ROOT / page).read_text().split())) == []


def test_the_picture_of_the_console_is_small():
    picture = (ROOT / "docs/console.png").read_bytes()
    width, = struct.unpack(">I", picture[16:20])
    assert width <= 1200 and len(picture) <= 200 * 1024
