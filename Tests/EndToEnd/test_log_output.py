"""Where the log goes: a disk that is full, and standard descriptors that were closed."""
import json
import os
import socket
import subprocess
import time

import pytest
import requests
from harness import BINARY


def test_lines_lost_to_a_full_disk_are_counted(bare):
    with open("/dev/full", "w") as full:
        process, url = bare(stderr=full)
    for _ in range(3):
        assert requests.get(url + "/healthz", timeout=5).status_code == 200
    deadline = time.monotonic() + 10
    lost = 0
    while lost < 3 and time.monotonic() < deadline:
        text = requests.get(url + "/metrics", timeout=5).text
        lost = int(text.partition("\nzmq_gateway_log_lines_dropped_total ")[2].partition("\n")[0])
    assert lost >= 3


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
def test_a_socket_never_takes_the_place_of_a_closed_standard_descriptor(tmp_path, closed):
    path = tmp_path / "gateway.yaml"
    path.write_text(json.dumps({"listen": f"unix:{tmp_path}/http", "reactors": 1}))
    process = subprocess.Popen(
        ["sh", "-c", f"exec {BINARY} serve --public off --config {path} {closed}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True)
    try:
        assert process.stdout.readline().startswith("listening on")
        for descriptor in range(3 if "2" in closed else 1):
            if descriptor != 1:
                assert os.readlink(f"/proc/{process.pid}/fd/{descriptor}") == "/dev/null"
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(f"{tmp_path}/http")
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert client.makefile().read().startswith("HTTP/1.1 200")
    finally:
        process.kill()
        process.wait(10)
