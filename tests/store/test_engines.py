"""Engines: what an error of theirs tells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from satark.store.engines import for_reading, make_engine

WORDS = "a truck behind the temple"


@pytest.fixture
def engine(databases: Any) -> Iterator[Engine]:
    made = make_engine(databases.main)
    yield made
    made.dispose()


def test_all_that_is_read_together_is_of_one_moment(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE word (said VARCHAR(20))"))
    with for_reading(engine).connect() as reading:
        query = text("SELECT count(*) FROM word")
        before = reading.execute(query).scalar()
        with engine.begin() as writing:
            writing.execute(text("INSERT INTO word VALUES ('meanwhile')"))
        assert (before, reading.execute(query).scalar()) == (0, 0)
    with for_reading(engine).connect() as reading:
        assert reading.execute(query).scalar() == 1


def test_an_error_does_not_quote_what_was_written(engine: Engine) -> None:
    with pytest.raises(DBAPIError) as failure, engine.begin() as connection:
        connection.execute(text("INSERT INTO nowhere VALUES (:words)"), {"words": WORDS})
    assert "nowhere" in str(failure.value)
    assert WORDS not in f"{failure.value!s} {failure.value!r}"
