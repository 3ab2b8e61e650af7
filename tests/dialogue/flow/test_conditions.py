"""Conditions compare and do nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satark.dialogue.flow.conditions import ConditionError, parse_condition

VALUES = {
    "category": "POLCOR",
    "count": 3,
    "place": {"district": "varanasi"},
    "what": {"voice": "1"},
    "many": ["a", "b"],
}


@pytest.mark.parametrize(
    ("source", "holds"),
    [
        ("category == 'POLCOR'", True),
        ("category != 'POLCOR'", False),
        ("category in ('COW', 'POLCOR')", True),
        ("category not in ['COW']", True),
        ("'a' in many", True),
        ("count >= 3 and count < 4", True),
        ("count > 3 or count <= 2", False),
        ("not (count == 3)", False),
        ("not missing", True),
        ("missing == ''", True),
        ("place.district == 'varanasi'", True),
        ("place.station == ''", True),
        ("what == 'x'", False),
        ("what.voice == '1'", True),
        ("category.field == ''", True),
        ("category > 3", False),
        ("3 in count", False),
        ("category", True),
        ("True", True),
        ("category == missing", False),
        ("count == 1 or count == 2 or count == 3", True),
    ],
)
def test_conditions_that_hold(source: str, *, holds: bool) -> None:
    assert parse_condition(source).holds(VALUES) is holds


@pytest.mark.parametrize(
    "source",
    [
        "__import__('os')", "category.__class__", "category._x", "a.b.c", "f(x)", "category[0]", "x + 1", "-1 == x",
        "lambda: 1", "[x for x in y]", "x if y else z", "a == b == c", "x is y", "x is not y", "{'a': 1}", "f'{x}'",
        "b'x' == x", "None == x", "(y := 1)", "x; y", "", "==", "a ==", "x in (y,)", "~x", "(" * 300 + "x" + ")" * 300,
        "x" * 2000, "...", "1j == x", "\x00", "await x", "*x", "x in {1, 2}", "__debug__",
    ],
)  # fmt: skip
def test_a_condition_that_does_more_than_compare_is_refused(source: str) -> None:
    with pytest.raises(ConditionError):
        parse_condition(source)


@pytest.mark.slow("many examples")
@given(st.text(max_size=40))
def test_any_text_is_parsed_or_refused(source: str) -> None:
    try:
        condition = parse_condition(source)
    except ConditionError:
        return
    assert condition.holds(VALUES) in {True, False}


@pytest.mark.slow("a property")
@given(
    st.dictionaries(
        st.sampled_from(["category", "count", "place"]),
        st.one_of(st.none(), st.integers(), st.text(), st.lists(st.text())),
    )
)
def test_any_values_are_compared_without_raising(values: dict[str, Any]) -> None:
    for source in ("category in ('a', 'b') and count > 3", "not place.station or 'x' in category", "count <= category"):
        assert parse_condition(source).holds(values) in {True, False}


def test_names_and_constants_are_collected() -> None:
    condition = parse_condition("category in ('a', 'b') and place.station == '' or not what")
    assert condition.names == {"category", "place.station", "what"}
    assert condition.constants["category"] == {"a", "b"}
