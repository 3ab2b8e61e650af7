"""Which configured destinations get a tip."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from satark.api.routing import DestinationRule
from satark.api.tip import Accused, Tip
from satark.routing.destinations import decode_rules, encode_rules, matching_rules


def tip(category: str = "ARMS", district: str = "varanasi", station: str = "lanka") -> Tip:
    return Tip(
        number="N", revision=1, flow="", language="hi", channel="chat", category=category, received="", answers={},
        district=district, station=station,
    )  # fmt: skip


def rule(**fields: Any) -> DestinationRule:
    return DestinationRule(**{"to": "email:cell", "desk": "sp", **fields})


def test_only_destinations_of_the_tips_desks_match_even_if_they_are_added() -> None:
    destination_rules = [rule(to="email:a"), rule(to="email:b", desk="dig"), rule(to="email:c", categories=("COW",))]
    assert [one.to for one in matching_rules(destination_rules, tip(), "normal", desks={"sp"})] == ["email:a"]
    added = matching_rules(destination_rules, tip(), "normal", desks={"sp"}, added={"email:b", "email:c"})
    assert [one.to for one in added] == ["email:a", "email:c"]
    assert matching_rules(destination_rules, tip(), "normal", desks={"sp"}, excluded={"email:a"}) == ()


def test_a_destination_without_a_desk_gets_no_tip_that_is_kept_from_anybody() -> None:
    nobodys = [rule(desk="")]
    assert matching_rules(nobodys, tip(), "normal", desks={"sp", "dig"})
    assert not matching_rules(nobodys, tip(), "normal", desks={"dig"}, excluded={"sp"})
    complaint = msgspec.structs.replace(tip(), accused=Accused(level="unknown"))
    assert not matching_rules(nobodys, complaint, "normal", desks={"sp", "dig"}, added={"email:cell"})


def test_an_office_gets_the_rules_of_desks_without_the_paths_of_their_keys(tmp_path: Path) -> None:
    key = tmp_path / "cell.key"
    own = rule(identity_file=key, categories=("ARMS",), priority="high")
    nobodys = rule(to="email:other", desk="", identity_file=key)
    encoded = encode_rules([own, nobodys])
    assert str(tmp_path).encode() not in encoded
    assert decode_rules(encoded) == (own.model_copy(update={"identity_file": None}),)
    with pytest.raises(ValueError, match="JSON"):
        decode_rules(b"no rules")
