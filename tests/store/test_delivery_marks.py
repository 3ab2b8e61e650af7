"""A delivery's mark holds for its own row and kind alone: who alters a row, or moves a mark, gets nothing by it."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from satark.store.delivery_marks import Kind, is_cover, is_given, kind_of, mark_of
from support.store import fresh_services

KINDS: tuple[Kind, ...] = ("cover", "release", "tip")
PARTS = ("id", "tip", "destination", "revision")
ROWS = st.fixed_dictionaries({
    "id": st.binary(min_size=16, max_size=16),
    "tip": st.text("0123456789abcdef", min_size=32, max_size=32),
    "destination": st.sampled_from(("email:sp", "list:sp", "desk:dig", "police_system:main", "release 1")),
    "revision": st.integers(min_value=0, max_value=99),
})  # fmt: skip


def row(parts: dict[str, Any], mark: bytes = b"") -> SimpleNamespace:
    return SimpleNamespace(**parts, mark=mark)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    services = fresh_services(tmp_path_factory.mktemp("marks"))
    yield services.keys
    services.close()


@given(parts=ROWS, others=ROWS, kind=st.sampled_from(KINDS))
def test_a_mark_holds_for_the_row_and_the_kind_that_it_was_made_for_alone(
    keys: Engine, parts: dict[str, Any], others: dict[str, Any], kind: Kind
) -> None:
    made = mark_of(keys, row(parts), kind)
    assert kind_of(keys, row(parts, made)) == kind
    for part in PARTS:
        altered = {**parts, part: others[part]}
        assert kind_of(keys, row(altered, made)) == (kind if altered == parts else None)


@given(parts=ROWS, mark=st.binary(max_size=16))
def test_a_row_with_a_mark_that_nobody_made_gives_nothing_and_covers_nothing(
    keys: Engine, parts: dict[str, Any], mark: bytes
) -> None:
    assert not is_given(keys, row(parts, mark))
    assert not is_cover(keys, row(parts, mark))
