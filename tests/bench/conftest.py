"""The trials as people start them."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

COMMAND = [sys.executable, "-c", "import motorpool; motorpool.main()", "bench"]


@pytest.fixture
def bench() -> Callable[..., Any]:
    """Run `motorpool bench … --json`; its answer."""

    def run(*arguments: str) -> Any:
        command = [*COMMAND, *arguments, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
