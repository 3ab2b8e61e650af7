"""`satark check` warns of desks that nobody could open after one lost passphrase."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from satark.cli.check_desks import lone_officers


def state(**roles: str) -> Any:
    officers = {name: SimpleNamespace(name=name, role=role) for name, role in roles.items()}
    heads = [name for name, role in roles.items() if role == "head"]
    return SimpleNamespace(desks={"sp": SimpleNamespace(officers=officers, heads=heads)})


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ({"asha": "head"}, "desk sp has one officer: if asha loses the passphrase, all its tips are lost"),
        ({"asha": "head", "ravi": "auditor"}, "has one officer"),
        ({"asha": "head", "ravi": "officer"}, "desk sp has one head"),
        ({"asha": "head", "recovery": "head"}, ""),
        ({}, ""),
    ],
)
def test_a_desk_with_one_officer_or_one_head_is_named(roles: dict[str, str], words: str) -> None:
    found = lone_officers(state(**roles))
    assert (words in found[0]) if words else found == []
