"""A filled-in form becomes answers: options by their codes, words as they are; anything else is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from satark.api.inbound import FormPage, Tap, Text, Unsupported
from satark_testing.whatsapp.graph_api import GraphPeer, Sender
from satark_whatsapp.channel import WhatsAppChannel
from satark_whatsapp.forms.reply import read_form

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
