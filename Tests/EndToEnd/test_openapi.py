"""The description and what is described are one: the committed document, the tables, and the running demo."""
import json
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from harness import BINARY, ROOT


def test_the_committed_document_is_the_one_that_is_served(demo_gateway):
    served = requests.get(demo_gateway + "/openapi.json")
    committed = (ROOT / "openapi/openapi.json").read_text()
    assert served.text == committed, "run `make openapi`"
    assert subprocess.run([BINARY, "openapi"], capture_output=True, text=True, timeout=20).stdout == committed


def test_every_path_and_problem_of_the_document_is_real(demo_gateway):
    document = json.loads((ROOT / "openapi/openapi.json").read_text())
    assert document["openapi"] == "3.1.0"
    for path, operations in document["paths"].items():
        allowed = requests.options(demo_gateway + path).headers["allow"].split(", ")
        assert {method.upper() for method in operations} == set(allowed) - {"HEAD", "OPTIONS"}
    codes = document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]
    assert requests.get(demo_gateway + "/nowhere").json()["code"] in codes
    assert len(codes) == len(set(codes)) and {"no_worker", "deadline", "bad_json"} <= set(codes)


@pytest.mark.timeout(300)
def test_schemathesis_finds_nothing_that_the_document_does_not_say(demo_gateway, tmp_path):
    document = json.loads((ROOT / "openapi/openapi.json").read_text())
    # Only what answers at once: the others would wait for their workers.
    keep = ("/healthz", "/readyz", "/metrics", "/openapi.json", "/v1/services", "/v1/services/echo")
    document["paths"] = {path: value for path, value in document["paths"].items() if path in keep}
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document))
    run = subprocess.run(
        [str(Path(sys.executable).parent / "schemathesis"), "run", str(path), "--base-url", demo_gateway, "--experimental",
         "openapi-3.1", "--checks", "not_a_server_error,status_code_conformance,content_type_conformance",
         "--hypothesis-max-examples", "40", "--hypothesis-seed", "7", "--exclude-checks", "not_a_server_error",
         "--request-timeout", "5000"],
        capture_output=True, text=True, timeout=280)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
