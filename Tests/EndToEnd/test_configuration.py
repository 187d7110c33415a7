"""What the command says about a configuration: mistakes, warnings, and where they go."""
import json
import subprocess

import pytest
from harness import BINARY

UNENDED = {"services": {"jobs": {"peer": "dealer", "bind": "tcp://127.0.0.1:*"}}}


def check(tmp_path, configuration):
    """The exit status of `check` and what it printed, standard error included."""
    path = tmp_path / "check.yaml"
    path.write_text(configuration if isinstance(configuration, str) else json.dumps(configuration))
    run = subprocess.run([BINARY, "check", "--config", path], capture_output=True, text=True, timeout=20)
    return run.returncode, run.stdout + run.stderr


def test_check_prints_warnings_and_exits_with_0(tmp_path):
    status, output = check(tmp_path, UNENDED)
    assert status == 0
    assert "warning: " in output and "services.jobs: names no end" in output and "good: " in output


def test_check_prints_warnings_beside_mistakes(tmp_path):
    status, output = check(tmp_path, {**UNENDED, "reactors": 99})
    assert status == 78
    assert "services.jobs: names no end" in output and "reactors: 99 is out of bounds" in output


def test_the_start_logs_warnings(start, tmp_path):
    gateway = start.gateway(UNENDED["services"], tmp_path, log={"format": "json"})
    gateway.until(lambda: any("services.jobs: names no end" in line for line in gateway.errors))
    line = next(json.loads(line) for line in gateway.errors if "names no end" in line)
    assert line["level"] == "warning"


@pytest.mark.parametrize("arguments", [["serve", "--hosts", "a.example"], ["check", "--hosts=a.example"]])
def test_a_flag_of_an_earlier_version_is_answered_with_the_new_key(arguments):
    run = subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=20)
    assert (run.returncode, run.stdout) == (78, "")
    assert run.stderr == "command line: --hosts: hosts is now allowed_hosts; write it into the configuration file\n"


def test_a_file_of_an_earlier_version_is_answered_with_line_and_new_key(tmp_path):
    status, output = check(tmp_path, "reactors: 1\nhosts: [a.example]\n")
    assert status == 78 and "check.yaml:2:1: hosts: hosts is now allowed_hosts\n" in output
