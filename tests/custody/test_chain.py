"""The hash chain: every field of a row counts, and an erasure names its rule."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from satark.custody import chain
from satark.custody.chain import ChainRow, LogEntry

ROW = ChainRow(seq=1, file="1", day=20_000, entry=b"e" * 32, content=b"c" * 32)


@pytest.mark.parametrize(
    "change", [{"seq": 2}, {"file": "2"}, {"day": 20_001}, {"entry": b"x" * 32}, {"content": b"x" * 32}]
)
def test_a_change_of_any_field_changes_the_hash(change: dict[str, Any]) -> None:
    before = chain.tip_genesis("tip")
    assert chain.row_hash(before, msgspec.structs.replace(ROW, **change)) != chain.row_hash(before, ROW)
    assert chain.row_hash(chain.tip_genesis("other"), ROW) != chain.row_hash(before, ROW)


def test_a_link_hash_covers_its_position_and_the_hash_before() -> None:
    links = {chain.link_hash(before, at, b"h") for before in (chain.GENESIS, b"x") for at in (1, 2)}
    assert len(links) == 4


def test_equal_entries_have_different_hashes_because_of_their_salt() -> None:
    one, other = (LogEntry(action="viewed", salt=chain.new_salt()) for _ in range(2))
    assert chain.commitment(one) != chain.commitment(other)


@pytest.mark.parametrize("rule", chain.ERASURE_RULES)
def test_the_erasure_of_a_whole_tip_names_its_rule(rule: str) -> None:
    erased = ChainRow(seq=2, file="", day=1, entry=chain.erasure_commitment(rule), content=chain.content_hash(b""))
    assert chain.erasure_rule(erased) == rule
    assert chain.erasure_rule(msgspec.structs.replace(erased, file="1")) == ""
    assert chain.erasure_rule(ROW) == ""


def test_times_are_written_in_utc_to_the_second() -> None:
    assert chain.format_utc(1_800_000_000) == "2027-01-15T08:00:00Z"
