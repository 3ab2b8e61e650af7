"""`satark plugin rules`: every rule of the kit, for people and for programs."""

from __future__ import annotations

import json

from satark_testing.commands import run


def test_the_rules_are_listed() -> None:
    listed = run("plugin", "rules").stdout.splitlines()
    assert len(listed) >= 40
    assert "C07 a forged request changes nothing: `verify` returns False" in listed
    first = json.loads(run("plugin", "rules", "--json").stdout.splitlines()[0])
    assert set(first) == {"id", "title", "expected"}
