"""The conditions of a questionnaire, as Flow JSON says them."""

from __future__ import annotations

import pytest

from satark_whatsapp.forms.conditions import UntranslatableError, translate

FIELDS = {"category": "${form.category}", "police": "${P}"}


def said(source: str) -> str:
    return translate(source, FIELDS, lambda step, code: f"{step}:{code}:0")


@pytest.mark.parametrize(
    ("source", "expression"),
    [
        ("category == 'A'", "(${form.category} == 'category:A:0')"),
        ("'A' != category", "(${form.category} != 'category:A:0')"),
        ("category == ''", "(${form.category} == '')"),
        ("category", "(${form.category} != '')"),
        ("not police", "!(${P} != '')"),
        ("category in ('A',)", "(${form.category} == 'category:A:0')"),
        ("category in ('A', 'B')", "((${form.category} == 'category:A:0') || (${form.category} == 'category:B:0'))"),
        ("category not in ('A', '')", "((${form.category} != 'category:A:0') && (${form.category} != ''))"),
        (
            "(category == 'A' or police) and not category == 'B'",
            "(((${form.category} == 'category:A:0') || (${P} != '')) && !(${form.category} == 'category:B:0'))",
        ),
    ],
)
def test_a_condition_is_translated_to_flow_json(source: str, expression: str) -> None:
    assert said(source) == expression


@pytest.mark.parametrize(
    "source",
    [
        "unknown == 'A'",
        "place.district == ''",
        "category > 'A'",
        "category == 3",
        'category == "it\'s"',
        "category in ()",
        "category == police",
        "category in police",
        "'A' in category",
        "category == 'A' and place.voice == ''",
    ],
)
def test_a_condition_that_flow_json_lacks_is_refused(source: str) -> None:
    with pytest.raises(UntranslatableError):
        said(source)
