"""The process from which services are forked has a clock that can be shifted, and Satark with its plugins."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow("a process")

TESTS = Path(__file__).parents[2]
SCRIPT = """
import json, sys, time
real = time.time
from support.processes import preload
preload.shift(3600)
modules = ("satark.cli.serve", "satark_desk.web.app", "satark_whatsapp.plugin")
print(json.dumps([time.time() - real(), [name for name in modules if name not in sys.modules]]))
"""


def test_preloading_shifts_the_clock_and_imports_everything() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True, cwd=TESTS)
    off, missing = json.loads(done.stdout)
    assert round(off) == 3600
    assert missing == []
