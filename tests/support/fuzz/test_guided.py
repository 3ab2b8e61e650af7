"""The coverage-guided fuzzer finds a fault that needs two steps, and stores the input."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from support.fuzz.corpus import keep_fault, kept_inputs

pytestmark = [
    pytest.mark.skipif(find_spec("atheris") is None, reason="atheris has wheels for Linux alone"),
    pytest.mark.slow("damaged for a while"),
]

PARSER = """
def read(data):
    if data[:1] == b"S":
        if data[1:2] == b"P":
            if data[2:3] == b"!":
                raise LookupError
"""
RUN = """
import sys
from pathlib import Path
from support.fuzz.guided import instrumented, run_guided
with instrumented(["parser"]):
    import parser
class Target:
    words = ()
    seeds = close = lambda self: [b"S"]
    def try_one(self, data):
        parser.read(data)
def done(report):
    print(report.inputs, *(fault.data[:3].decode() for fault in report.faults.values()))
    return 1 if report.faults else 0
run_guided(Target(), [b"S"], Path(sys.argv[1]), seconds=20, done=done, until_fault=True)
"""


@pytest.mark.slow("a process")
def test_the_fuzzer_mutates_inputs_that_reach_new_code(tmp_path: Path) -> None:
    (tmp_path / "parser.py").write_text(PARSER)
    (tmp_path / "inputs").mkdir()
    command = [sys.executable, "-c", RUN, str(tmp_path / "inputs")]
    found = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}  # the package `support`
    done = subprocess.run(command, cwd=tmp_path, env=found, capture_output=True, text=True, check=False)
    assert done.stdout.split()[1:] == ["SP!"], done.stderr[-2000:]
    assert done.returncode == 1


def test_an_input_that_finds_a_fault_is_stored_for_the_tests(tmp_path: Path) -> None:
    keep_fault("whatsapp", "0123456789ab", b"{", tmp_path)
    assert list(kept_inputs("whatsapp", tmp_path)) == [b"{"]
    assert list(kept_inputs("telegram", tmp_path)) == []
