"""The version is the same everywhere."""
import json
import subprocess

from harness import BINARY, ROOT


def test_every_place_shows_the_same_version(start, tmp_path):
    version = subprocess.run([BINARY, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout.strip()
    gateway = start.gateway({}, tmp_path)
    assert gateway.get("/v1/services").json()["version"] == version
    assert gateway.get("/openapi.json").json()["info"]["version"] == version
    assert json.loads((ROOT / "openapi/asyncapi.json").read_text())["info"]["version"] == version
    assert f"## {version} - " in (ROOT / "CHANGELOG.md").read_text()
