"""`satark plugins`: the list."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from satark_testing.commands import run


def test_plugins_are_listed(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_PLUGINS", '["whatsapp", "signal"]')
    result = run("plugins")
    assert "whatsapp             loaded" in result.stdout
    assert "desk                 installed, not loaded" in result.stdout
    assert "signal               named in the setting `plugins`, but not installed" in result.stderr
    listed = [json.loads(line) for line in run("plugins", "--json").stdout.splitlines()]
    assert {"name": "whatsapp", "loaded": True} in listed
