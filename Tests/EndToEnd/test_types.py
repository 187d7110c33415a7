"""The client module's types hold what they promise, under a compiler that is as strict as it can be."""
import shutil
import subprocess
from pathlib import Path

import pytest

USE = Path(__file__).parent / "types/use.ts"


@pytest.mark.skipif(shutil.which("tsc") is None, reason="no TypeScript compiler is installed")
def test_the_types_of_the_client_module_compile_where_they_are_used():
    ran = subprocess.run(
        ["tsc", "--noEmit", "--strict", "--target", "es2022", "--lib", "es2022,dom,dom.iterable", "--module", "es2022",
         "--moduleResolution", "node", str(USE)], capture_output=True, text=True, timeout=120)
    assert (ran.returncode, ran.stdout) == (0, "")
