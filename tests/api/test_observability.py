"""Logs describe an error by the place where it was raised, and never by its text."""

from __future__ import annotations

import json

import pytest

from satark.api.observability import MEANINGS, Kind, Redacted, describe_error


class Hidden(Redacted, frozen=True):
    """A value with content."""

    words: str


def test_a_redacted_values_repr_shows_only_its_class() -> None:
    assert f"{Hidden('arms')} {[Hidden('arms')]}" == "Hidden(…) [Hidden(…)]"


def test_an_error_is_described_by_its_class_and_lines_of_code() -> None:
    with pytest.raises(ValueError, match="Expecting") as caught:
        json.loads("arms are sold")
    told = describe_error(caught.value)
    assert told["error"] == "JSONDecodeError"
    assert told["raised"].startswith("json.decoder:")
    assert "arms" not in str(told)


def test_an_exception_group_is_described_by_its_first_error() -> None:
    group = BaseExceptionGroup("several", [BaseExceptionGroup("inner", [KeyError("arms")]), ValueError("other")])
    assert describe_error(group)["error"] == "KeyError"


def test_every_lifecycle_event_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Kind.__args__)  # type: ignore[attr-defined] # an alias of literals
