"""The protections of the sandbox on a machine are found by trial, not assumed."""

import sys
from pathlib import Path

import pytest

from satark_files.sandbox import protections
from satark_files.sandbox.protections import NAMES, Protections, describe, find_protections


@pytest.mark.slow("a process")
def test_everything_holds_on_this_machine() -> None:
    assert find_protections() == Protections(**dict.fromkeys(NAMES, True))
    assert find_protections().missing == ()


def test_each_protection_has_a_name_for_operators() -> None:
    assert tuple(NAMES) == Protections.__struct_fields__ == Protections().missing
    assert describe(["network", "calls"]) == f"{NAMES['network']}; {NAMES['calls']}"


@pytest.mark.slow("a process")
@pytest.mark.parametrize("answer", ["", "no JSON", "exit"])
def test_a_failed_probe_reports_no_protection(answer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "python"
    broken.write_text(f"#!/bin/sh\n{'exit 1' if answer == 'exit' else f'echo {answer}'}\n")
    broken.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(broken))
    assert protections.find_protections.__wrapped__() == Protections()
