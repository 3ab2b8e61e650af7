"""A question becomes the input of Flow JSON that fits its options, within Meta's limits."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from satark.api.flow import Step, View
from satark.api.inbound import FormPage, Tap, Text, Unsupported
from satark.dialogue.flow.builder import FlowDocument, build_flow
from satark_testing.whatsapp.graph_api import GraphPeer, Sender
from satark_whatsapp.channel import WhatsAppChannel
from satark_whatsapp.forms.questions import components, is_required, read_form
from satark_words.catalogues import Catalogue
from satark_words.geography.geography import Geography


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
