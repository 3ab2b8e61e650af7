"""Engines: what an error of theirs tells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from satark.store.engines import make_engine

WORDS = "a truck behind the temple"


@pytest.fixture
def engine(databases: Any) -> Iterator[Engine]:
    made = make_engine(databases.main)
    yield made
    made.dispose()


def test_an_error_does_not_quote_what_was_written(engine: Engine) -> None:
    with pytest.raises(DBAPIError) as failure, engine.begin() as connection:
        connection.execute(text("INSERT INTO nowhere VALUES (:words)"), {"words": WORDS})
    assert "nowhere" in str(failure.value)
    assert WORDS not in f"{failure.value!s} {failure.value!r}"
