"""The image, without a Docker engine: what its files say is held against the command and the configuration."""
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from harness import BINARY, ROOT, Process

INSTRUCTION = re.compile(r"^([A-Z]+)\s+(.*)$")


def instructions():
    """(name, value) of the last stage."""
    lines = (ROOT / "docker/Dockerfile").read_text().replace("\\\n", " ").splitlines()
    read = [match.groups() for match in map(INSTRUCTION.match, lines) if match]
    first = max(i for i, (name, _) in enumerate(read) if name == "FROM")
    return read[first:]


def last(name):
    return [value for key, value in instructions() if key == name][-1]


def environment():
    return dict(value.split("=", 1) for name, value in instructions() if name == "ENV")


def in_the_image(path):
    """The file of this repository that the image has at this path."""
    copied = [value.split() for name, value in instructions() if name == "COPY" and "--from" not in value]
    return next(ROOT / source for source, target in copied if target == path)


def run(arguments, **more):
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=30, cwd=ROOT, env={**os.environ, **more})


def test_the_user_is_a_number_and_not_root():
    uid, gid = last("USER").split(":")
    assert int(uid) > 0 and int(gid) > 0


def test_the_configuration_in_the_image_is_valid():
    path = environment()["ZMQ_GATEWAY_CONFIG"]
    ran = run(["check"], ZMQ_GATEWAY_CONFIG=str(in_the_image(path)))
    assert ran.returncode == 0 and f"0.0.0.0:{last('EXPOSE')}" in ran.stdout, ran.stderr


def test_the_image_serves_and_its_check_asks_the_process(tmp_path):
    """Both commands as in the image; only the address is another, since ports are not ours to take."""
    binary, *command = json.loads(last("ENTRYPOINT")) + json.loads(last("CMD"))
    asks, *check = json.loads(last("HEALTHCHECK").split("CMD", 1)[1])
    assert asks == binary
    more = {"ZMQ_GATEWAY_CONFIG": str(in_the_image(environment()["ZMQ_GATEWAY_CONFIG"])), "ZMQ_GATEWAY_LISTEN": f"unix:{tmp_path}/s"}
    assert run(check, **more).returncode == 1
    gateway = Process([BINARY, *command], more)
    try:
        gateway.line("listening on unix:")
        assert run(check, **more).returncode == 0
    finally:
        gateway.kill()
    assert run(check, **more).returncode == 1


@pytest.mark.parametrize("service", yaml.safe_load((ROOT / "docker/compose.yaml").read_text())["services"].values(),
                         ids=lambda service: service.get("image", "gateway"))
def test_the_files_that_compose_mounts_exist_and_are_valid(service):
    for volume in service["volumes"]:
        source, target, *_ = volume.split(":")
        path = ROOT / "docker" / source
        assert path.is_file()
        if target == environment()["ZMQ_GATEWAY_CONFIG"]:
            ran = run(["check", "--config", str(path)])
            assert ran.returncode == 0, ran.stderr


def test_dockerignore_lets_in_everything_that_the_build_copies():
    let_in = {line[1:] for line in (ROOT / "docker/Dockerfile.dockerignore").read_text().split() if line.startswith("!")}
    dockerfile = (ROOT / "docker/Dockerfile").read_text()
    copied = {source for source in re.findall(r"^COPY (?!--from)(\S+)", dockerfile, re.MULTILINE)}
    assert copied == let_in
    assert all((ROOT / name).exists() for name in copied)


def packages(text):
    return set(re.findall(r"[a-z0-9][a-z0-9.+-]+", text))


def test_every_library_that_the_build_needs_is_installed_by_make_and_in_the_image():
    needed = set(re.findall(r'\.apt\(\["([^"]+)"\]\)', (ROOT / "Package.swift").read_text()))
    assert len(needed) > 5
    makefile = re.search(r"^PACKAGES := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE).group(1)
    build = (ROOT / "docker/Dockerfile").read_text().split("WORKDIR /src")[0]
    assert needed <= packages(makefile) and needed <= packages(build)


@pytest.mark.skipif("bookworm" not in Path("/etc/os-release").read_text(), reason="the image is Debian 12, this machine is not")
def test_the_image_has_every_library_that_the_command_loads():
    linked = subprocess.run(["ldd", BINARY], capture_output=True, text=True, timeout=30, check=True).stdout
    needed = {line.split()[1] for line in subprocess.run(
        ["objdump", "-p", BINARY], capture_output=True, text=True, timeout=30, check=True).stdout.splitlines() if "NEEDED" in line}
    system = re.findall(r"^\s+(\S+) => /(?:usr/)?lib/", linked, re.MULTILINE)
    owners = {subprocess.run(["dpkg-query", "-S", f"*/{name}"], capture_output=True, text=True, timeout=30, check=True)
              .stdout.split(":")[0] for name in system if name in needed}
    assert "libzmq5" in owners
    assert owners - {"libc6"} <= packages(next(value for name, value in instructions() if name == "RUN"))
