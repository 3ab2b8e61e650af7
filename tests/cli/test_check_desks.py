"""`satark check` warns of desks that one lost passphrase would close, and of missing desks."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from satark.api.routing import LEVELS
from satark.cli.check_desks import desk_warnings


def state(level: str = "range", **roles: str) -> Any:
    officers = {name: SimpleNamespace(name=name, role=role, temporary=False) for name, role in roles.items()}
    heads = [name for name, role in roles.items() if role == "head"]
    desk = SimpleNamespace(officers=officers, heads=heads, rank=LEVELS.index(level))
    return SimpleNamespace(desks={"sp": desk}, known_keys=set[str](), new_desks=set[str]())


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
    found = desk_warnings(state(**roles), is_office=False)
    assert (words in found[0]) if words else found == []


def test_officers_whose_passphrase_somebody_else_knows_are_named_and_not_the_one_in_the_safe() -> None:
    desks = state(asha="head", ravi="officer", recovery="head")
    for name in ("ravi", "recovery"):
        desks.desks["sp"].officers[name].temporary = True
    (found,) = desk_warnings(desks, is_office=False)
    assert "know these officers' passphrases: ravi (sp);" in found.replace("knows", "know")


def test_desks_whose_key_somebody_else_may_know_are_named() -> None:
    desks = state(asha="head", recovery="head")
    desks.known_keys.add("sp")
    (found,) = desk_warnings(desks, is_office=False)
    assert "may know the keys of desks: sp; each changes when a head of it next signs in" in found
    desks.new_desks.add("sp")
    assert desk_warnings(desks, is_office=False)[1] == "until then the desks above have the tips of: sp"


@pytest.mark.parametrize(
    ("level", "is_office", "warns"), [("district", False, 1), ("district", True, 0), ("range", False, 0)]
)
def test_a_host_without_a_desk_above_the_districts_is_told_how_to_add_one(
    level: str, *, is_office: bool, warns: int
) -> None:
    found = desk_warnings(state(level, asha="head", recovery="head"), is_office=is_office)
    assert len(found) == warns
    assert all("satark desk add dig --level range" in one for one in found)
