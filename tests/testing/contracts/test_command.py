"""`satark plugin rules` lists every rule of the kit as text and as JSON."""

from __future__ import annotations

import json

from satark_testing.commands import run


def test_the_command_lists_every_rule() -> None:
    listed = run("plugin", "rules").stdout.splitlines()
    assert len(listed) >= 40
    assert "C07 `verify` refuses a forged request: `verify` returns False" in listed
    first = json.loads(run("plugin", "rules", "--json").stdout.splitlines()[0])
    assert set(first) == {"id", "title", "expected"}
