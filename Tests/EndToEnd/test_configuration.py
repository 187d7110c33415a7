"""What the command says about a configuration: mistakes, warnings, and where they go."""
import json
import re
import subprocess
from pathlib import Path

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
    assert "warning: " in output and "services.jobs: has no end rule" in output and "good: " in output


def test_check_prints_warnings_beside_mistakes(tmp_path):
    status, output = check(tmp_path, {**UNENDED, "reactors": 99})
    assert status == 78
    assert "services.jobs: has no end rule" in output and "reactors: 99 is out of bounds" in output


def test_the_start_logs_warnings(start, tmp_path):
    gateway = start.gateway(UNENDED["services"], tmp_path, log={"format": "json"})
    gateway.until(lambda: any("services.jobs: has no end rule" in line for line in gateway.errors))
    line = next(json.loads(line) for line in gateway.errors if "has no end rule" in line)
    assert line["level"] == "warning"


@pytest.mark.parametrize("arguments", [["serve", "--hosts", "a.example"], ["check", "--hosts=a.example"]])
def test_a_flag_of_an_earlier_version_is_answered_with_the_new_key(arguments):
    run = subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=20)
    assert (run.returncode, run.stdout) == (78, "")
    assert run.stderr == "command line: --hosts: hosts is now allowed_hosts; write it into the configuration file\n"


def test_a_file_of_an_earlier_version_is_answered_with_line_and_new_key(tmp_path):
    status, output = check(tmp_path, "reactors: 1\nhosts: [a.example]\n")
    assert status == 78 and "check.yaml:2:1: hosts: hosts is now allowed_hosts\n" in output


def test_all_duplicate_keys_and_where_a_file_is_no_yaml(tmp_path):
    status, output = check(tmp_path, "reactors: 1\nlog: {level: info, level: debug}\nreactors: 2\n")
    assert status == 78
    assert "check.yaml:2:20: log.level: is set twice, first in line 2; keep one of the two\n" in output
    assert "check.yaml:3:1: reactors: is set twice, first in line 1; keep one of the two\n" in output
    status, output = check(tmp_path, "log:\n  level: debug\n format: text\n")
    assert status == 78 and output.endswith(
        "check.yaml:3:2: is not YAML: while parsing a block mapping did not find expected key (it began in line 1)\n")


def test_a_running_gateway_loads_neither_foundation_nor_its_icu(start, tmp_path):
    """They would be a quarter of its resident memory, and two thirds of a static binary."""
    gateway = start.gateway(UNENDED["services"], tmp_path)
    libraries = set(re.findall(r"/lib(\w+)[.-]", Path(f"/proc/{gateway.pid}/maps").read_text()))
    assert {"yaml", "zmq"} <= libraries
    assert not libraries & {"Foundation", "FoundationInternationalization", "_FoundationICU"}
