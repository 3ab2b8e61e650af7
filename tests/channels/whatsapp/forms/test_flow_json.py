"""A questionnaire becomes a form that Meta takes, with the questions that a form can ask."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from satark.api.flow import Step, View
from satark.api.inbound import FormPage, Tap, Text, Unsupported
from satark.dialogue.flow.builder import FlowDocument, build_flow
from satark.dialogue.flow.definition import Flow, FlowSource
from satark.dialogue.flow.loader import default_flow, load_flow
from satark_testing.whatsapp.graph_api import GraphPeer, Sender
from satark_whatsapp.channel import WhatsAppChannel
from satark_whatsapp.forms.flow_json import (
    FIRST_SCREEN,
    UntranslatableError,
    WhatsAppForm,
    components,
    is_required,
    make_form,
    read_form,
    translate,
)
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
    """Name → the input with this name."""
    found: dict[str, dict[str, Any]] = {}
    for screen in made.document["screens"]:
        for node in screen["layout"]["children"]:
            for one in node.get("then", [node]):
                found |= {one["name"]: one} if "name" in one else {}
    return found


def conditions(made: WhatsAppForm) -> dict[str, str]:
    """Name of an input → its condition."""
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


def step(source: str) -> Step:
    text = f"{{name: own, languages: [en], accuses: nobody, steps: [{source}, {{id: send, type: submit}}]}}"
    flow = build_flow(msgspec.yaml.decode(text.encode(), type=FlowDocument), (), {})
    return flow.steps[0]


def field(source: str) -> dict[str, Any] | None:
    texts = {"q.name": "A name of more than thirty characters", "q.ask": "Which?"}
    catalogue = Catalogue("en", texts | {f"option.o{number}": f"option {number} " + "x" * 40 for number in range(201)})
    view = View(catalogue=catalogue, geography=Geography.sample(), channel="whatsapp", now=0, values={})
    made = components(step(source), view)
    if made is None:
        return None
    assert made[0] == {"type": "TextBody", "text": "Which?"}
    return made[1]


def options(count: int) -> str:
    return ", ".join(f"o{number}" for number in range(count))


@pytest.mark.parametrize(
    ("kind", "count", "component"),
    [
        ("choice", 20, "RadioButtonsGroup"),
        ("choice", 21, "Dropdown"),
        ("choice", 200, "Dropdown"),
        ("choice", 201, None),
        ("choices", 20, "CheckboxGroup"),
        ("choices", 21, None),
    ],
)
def test_the_number_of_options_decides_the_input(kind: str, count: int, component: str | None) -> None:
    made = field(f"{{id: q, type: {kind}, options: [{options(count)}]}}")
    assert (made["type"] if made else None) == component


def test_labels_and_titles_are_cut_to_metas_limits() -> None:
    group = field("{id: q, type: choice, options: [o0, o1]}")
    assert group
    assert len(group["label"]) <= 30
    assert [len(option["title"]) <= 30 for option in group["data-source"]] == [True, True]
    assert [option["id"] for option in group["data-source"]] == ["q:o0:0", "q:o1:0"]
    words = field("{id: q, type: text}")
    assert words
    assert len(words["label"]) <= 20


def test_a_question_that_may_be_skipped_or_asks_for_a_place_is_not_required() -> None:
    assert is_required(step("{id: q, type: text}"))
    assert not is_required(step("{id: q, type: text, skip: true}"))
    assert not is_required(step("{id: q, type: place}"))


def test_files_are_asked_for_in_the_chat() -> None:
    assert field("{id: q, type: media}") is None


SENDER = Sender(wa_id="919876543210")


@pytest.mark.parametrize(
    ("fields", "answers"),
    [
        ({}, ()),
        ({"category": "category:COW:0"}, (("category", Tap("COW")),)),
        ({"what": " रात में 🎲 "}, (("what", Text(" रात में 🎲 ")),)),
        ({"who": ""}, (("who", Text("")),)),
        ({"kinds": ["kinds:a:0", "kinds:b:0"]}, (("kinds", Tap("a")), ("kinds", Tap("b")))),
        ({"kinds": []}, ()),
        ({"what": "category:COW:0"}, (("what", Text("category:COW:0")),)),
        ({"police": None}, ()),
        ({"count": 7, "sure": True}, (("count", Text("7")), ("sure", Text("True")))),
        ({"deep": {"a": 1}}, (("deep", Text("{'a': 1}")),)),
    ],
)
def test_fields_become_answers(fields: dict[str, Any], answers: Any) -> None:
    assert read_form(json.dumps({**fields, "flow_token": "t"})) == FormPage(answers, token="t")


@pytest.mark.parametrize(
    "response",
    [
        "",
        "{",
        "[]",
        '"x"',
        "{}",
        '{"what": "x"}',
        '{"flow_token": ""}',
        '{"flow_token": 5}',
        "[" * 100_000,
        json.dumps({"flow_token": "t", **{f"f{number}": "x" for number in range(201)}}),
    ],
)
def test_a_form_that_satark_did_not_make_is_refused(response: str) -> None:
    assert read_form(response) is None


def test_a_webhook_with_a_form_is_one_event(whatsapp: WhatsAppChannel, peer: GraphPeer, signed: Any) -> None:
    batch = whatsapp.parse(signed(peer.webhooks.form(SENDER, {"category": "category:COW:0"}, "t")))
    assert [one.event for one in batch.inbound] == [FormPage((("category", Tap("COW")),), token="t")]
    assert "COW" not in repr(batch)


@pytest.mark.parametrize("name", ["address_message", None])
def test_a_form_of_another_kind_is_answered_as_unsupported(
    name: str | None, whatsapp: WhatsAppChannel, peer: GraphPeer, signed: Any
) -> None:
    reply = {"name": name, "response_json": '{"flow_token": "t"}'}
    node = {"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": reply}}
    batch = whatsapp.parse(signed(peer.webhooks.message(SENDER, node)))
    assert [one.event for one in batch.inbound] == [Unsupported("nfm_reply")]
