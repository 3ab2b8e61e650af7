"""A questionnaire becomes a form that Meta takes, with the questions that a form can ask."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from satark.dialogue.flow.builder import FlowDocument, build_flow
from satark.dialogue.flow.definition import Flow, FlowSource
from satark.dialogue.flow.loader import default_flow, load_flow
from satark_whatsapp.forms.flow_json import FIRST_SCREEN, UntranslatableError, WhatsAppForm, make_form, translate
from satark_words.catalogues import Catalogue
from satark_words.geography.geography import Geography
from support.flow_json import validation_errors

LANGUAGES = tuple(sorted(set(default_flow().catalogues.languages)))
LONG = ", ".join(f"o{number}" for number in range(30))
OWN = f"""
name: own
languages: [en]
accuses: nobody
steps:
  - {{id: what, type: text}}
  - {{id: kinds, type: choices, options: [a, b]}}
  - {{id: often, type: choice, options: [a, b], when: kinds == 'a'}}
  - {{id: sure, type: confirm}}
  - {{id: count, type: number, when: sure == 'yes'}}
  - {{id: day, type: date, skip: true}}
  - {{id: long, type: choice, options: [{LONG}]}}
  - {{id: many, type: choice, from: districts}}
  - {{id: review, type: review}}
  - {{id: send, type: submit}}
"""
"""One step of every type that a form has an input for."""


def form(language: str = "en", source: FlowSource | None = None) -> WhatsAppForm:
    source = source or default_flow(LANGUAGES)
    return make_form(load_flow(source), source.catalogues[language], Geography.sample())


def own_form() -> WhatsAppForm:
    steps = ("what", "kinds", "often", "sure", "count", "day", "long", "many")
    texts = {f"{step}.{what}": step for step in steps for what in ("ask", "name")}
    texts |= {f"option.{option}": option for option in ("a", "b", *LONG.split(", "))}
    catalogue = Catalogue("en", texts).over(default_flow().catalogues["en"])
    return make_form(_without_texts(OWN), catalogue, Geography.sample())


def _without_texts(text: str) -> Flow:
    return build_flow(msgspec.yaml.decode(text.encode(), type=FlowDocument), (), {})


def fields(made: WhatsAppForm) -> dict[str, dict[str, Any]]:
    """Name → the input."""
    found: dict[str, dict[str, Any]] = {}
    for screen in made.document["screens"]:
        for node in screen["layout"]["children"]:
            for one in node.get("then", [node]):
                found |= {one["name"]: one} if "name" in one else {}
    return found


def conditions(made: WhatsAppForm) -> dict[str, str]:
    """Name of an input → the condition that it stands under."""
    nodes = [node for screen in made.document["screens"] for node in screen["layout"]["children"]]
    return {node["then"][1]["name"]: node["condition"] for node in nodes if node["type"] == "If"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_meta_accepts_the_form_in_every_language(language: str) -> None:
    assert validation_errors(msgspec.json.encode(form(language).document)) == []


def test_a_form_of_custom_questions_is_accepted() -> None:
    made = own_form()
    assert validation_errors(msgspec.json.encode(made.document)) == []
    assert {name: one["type"] for name, one in fields(made).items()} == {
        "what": "TextArea",
        "kinds": "CheckboxGroup",
        "sure": "RadioButtonsGroup",
        "count": "TextInput",
        "day": "DatePicker",
        "long": "Dropdown",
        "many": "RadioButtonsGroup",
    }
    assert made.in_chat == ("often",)


def test_files_and_questions_that_depend_on_the_place_stay_in_the_chat() -> None:
    made = form()
    assert made.steps[:7] == ("category", "what", "now", "place", "police", "police_unit", "police_who")
    by_place = ("district", "station", "police_district", "police_station")
    assert made.in_chat == (*by_place, "evidence", "whose_voice", "film_sound")


def test_a_question_that_depends_on_an_answer_is_shown_only_then() -> None:
    shown = conditions(form())
    assert set(shown) == {"now", "police", "police_unit", "police_who", "when_date"}
    assert "${form.category} == 'category:TRAFF:0'" in shown["now"]
    assert shown["police"] == "(${screen.PAGE_A.form.category} != 'category:POLCOR:0')"


def test_only_mandatory_answers_are_required() -> None:
    required = {name for name, one in fields(form()).items() if one.get("required")}
    assert required == {"category", "what", "now", "police", "police_unit"}


def test_the_place_may_be_left_blank_for_a_pin_in_the_chat() -> None:
    assert fields(form())["place"]["required"] is False


def test_every_answer_is_masked_on_the_phone() -> None:
    made = form()
    masked = [name for screen in made.document["screens"] for name in screen["sensitive"]]
    assert tuple(masked) == made.steps


def test_the_last_screen_sends_every_answer_under_the_name_of_its_step() -> None:
    made = form()
    first, *_, last = made.document["screens"]
    action = last["layout"]["children"][-1]["on-click-action"]
    assert (first["id"], action["name"], tuple(action["payload"])) == (FIRST_SCREEN, "complete", made.steps)
    assert action["payload"]["category"] == "${screen.PAGE_A.form.category}"


def test_a_questionnaire_without_a_question_for_a_form_is_refused() -> None:
    flow = _without_texts(
        "{name: own, languages: [en], accuses: nobody, steps: [{id: files, type: media}, {id: send, type: submit}]}"
    )
    with pytest.raises(ValueError, match="no question"):
        make_form(flow, default_flow().catalogues["en"], Geography.sample())


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
