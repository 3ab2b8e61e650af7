"""The simulated Meta refuses the requests that Meta refuses."""

from __future__ import annotations

from typing import Any

import pytest

from satark_testing.whatsapp.limits import (
    INVALID,
    MISSING,
    PARAMETER,
    RefusedError,
    check_message,
    check_receipt,
    check_upload,
)

TEXT: dict[str, Any] = {"messaging_product": "whatsapp", "to": "919876543210", "text": {"body": "x"}}


def interactive(kind: str, action: dict[str, Any], **parts: Any) -> dict[str, Any]:
    node = {"type": kind, "body": {"text": "?"}, "action": action, **parts}
    return {**TEXT, "type": "interactive", "interactive": node}


def buttons(*replies: tuple[str, str], **parts: Any) -> dict[str, Any]:
    nodes = [{"type": "reply", "reply": {"id": i, "title": t}} for i, t in replies]
    return interactive("button", {"buttons": nodes}, **parts)


def rows(count: int, **row: Any) -> list[dict[str, Any]]:
    return [{"id": f"{n}", "title": "t", **row} for n in range(count)]


def a_call(**more: Any) -> dict[str, Any]:
    parameters = {"display_text": "b" * 20, "payload": "p", "ttl_minutes": 43_200, **more}
    return interactive("voice_call", {"name": "voice_call", "parameters": parameters})


def a_form(**more: Any) -> dict[str, Any]:
    good = {"flow_message_version": "3", "flow_id": "1", "flow_token": "t", "flow_cta": "b" * 30}
    return interactive("flow", {"name": "flow", "parameters": {**good, **more}})


def a_list(*sections: dict[str, Any], button: str = "Choose") -> dict[str, Any]:
    return interactive("list", {"button": button, "sections": list(sections)})


GOOD = {
    "a call button": a_call(),
    "a form": a_form(mode="draft", flow_action_payload={"screen": "PAGE_A"}),
    "text": {**TEXT, "text": {"body": "x" * 4096, "preview_url": False}},
    "bsuid": {"messaging_product": "whatsapp", "recipient": "IN.ENT.abc1", "text": {"body": "x"}},
    "both": {**TEXT, "recipient": "IN.abc1"},
    "buttons": buttons(*((f"{n}" * 256, f"{n}" * 20) for n in range(3)), footer={"text": "f" * 60}),
    "header": buttons(("a", "b"), header={"type": "text", "text": "h"}),
    "a picture above": buttons(("a", "b"), header={"type": "image", "image": {"id": "1"}}),
    "a voice note": {**TEXT, "type": "audio", "audio": {"id": "1", "voice": True}},
    "list": a_list({"rows": rows(10, description="d" * 72)}, button="b" * 20),
    "sections": a_list({"title": "a", "rows": rows(1)}, {"title": "b", "rows": [{"id": "x", "title": "t" * 24}]}),
    "location": interactive("location_request_message", {"name": "send_location"}),
    "template": {**TEXT, "type": "template", "template": {"name": "n_1", "language": {"code": "en_US"}}},
}

BAD: dict[str, tuple[Any, int]] = {
    "no object": ([], PARAMETER),
    "no product": ({"to": "919876543210", "text": {"body": "x"}}, PARAMETER),
    "a group": ({**TEXT, "recipient_type": "group"}, PARAMETER),
    "nobody": ({"messaging_product": "whatsapp", "text": {"body": "x"}}, MISSING),
    "an odd phone": ({**TEXT, "to": "IN.abc"}, INVALID),
    "an odd BSUID": ({**TEXT, "recipient": "919876543210"}, INVALID),
    "odd callback data": ({**TEXT, "biz_opaque_callback_data": "x" * 513}, PARAMETER),
    "an odd type": ({**TEXT, "type": "hologram"}, PARAMETER),
    "a picture without an id": (buttons(("a", "b"), header={"type": "image", "image": {}}), MISSING),
    "a voice note without an id": ({**TEXT, "type": "audio", "audio": {"link": "x"}}, MISSING),
    "an odd voice": ({**TEXT, "type": "audio", "audio": {"id": "1", "voice": "yes"}}, PARAMETER),
    "a type that is no word": ({**TEXT, "type": 5}, PARAMETER),
    "no text": ({**TEXT, "text": None}, MISSING),
    "empty": ({**TEXT, "text": {"body": " "}}, MISSING),
    "too long": ({**TEXT, "text": {"body": "x" * 4097}}, PARAMETER),
    "preview": ({**TEXT, "text": {"body": "x", "preview_url": "no"}}, PARAMETER),
    "contact request": (interactive("request_contact_info", {"name": "x"}), INVALID),
    "no kind": (interactive(5, {}), INVALID),  # type: ignore[arg-type]
    "long body": (buttons(("a", "b"), body={"text": "x" * 1025}), PARAMETER),
    "long footer": (buttons(("a", "b"), footer={"text": "x" * 61}), PARAMETER),
    "four buttons": (buttons(*((f"{n}", f"{n}") for n in range(4))), INVALID),
    "no buttons": (interactive("button", {}), MISSING),
    "same title": (buttons(("a", "t"), ("b", "t")), INVALID),
    "same id": (buttons(("a", "t"), ("a", "u")), INVALID),
    "long title": (buttons(("a", "t" * 21)), PARAMETER),
    "odd button": (interactive("button", {"buttons": [{"type": "x", "reply": {"id": "a", "title": "b"}}]}), INVALID),
    "eleven rows": (a_list({"rows": rows(11)}), INVALID),
    "eleven in all": (a_list({"title": "a", "rows": rows(6)}, {"title": "b", "rows": rows(5)}), INVALID),
    "untitled sections": (a_list({"rows": rows(1)}, {"rows": rows(1)}), MISSING),
    "same row": (a_list({"rows": [*rows(1), *rows(1)]}), INVALID),
    "long row": (a_list({"rows": rows(1, title="t" * 25)}), PARAMETER),
    "long row id": (a_list({"rows": [{"id": "i" * 201, "title": "t"}]}), PARAMETER),
    "long description": (a_list({"rows": rows(1, description="d" * 73)}), PARAMETER),
    "long menu": (a_list({"rows": rows(1)}, button="b" * 21), PARAMETER),
    "no menu": (a_list({"rows": rows(1)}, button=""), MISSING),
    "more than a location": (interactive("location_request_message", {"name": "send_location", "x": 1}), INVALID),
    "a form without a version": (a_form(flow_message_version="2"), INVALID),
    "a form by id and name": (a_form(flow_name="x"), INVALID),
    "a form without a button": (a_form(flow_cta=""), MISSING),
    "a form with a long button": (a_form(flow_cta="b" * 31), PARAMETER),
    "an odd mode of a form": (a_form(mode="test"), INVALID),
    "a form with an endpoint": (a_form(flow_action="data_exchange"), INVALID),
    "a form without data": (a_form(flow_action_payload={"screen": "A", "data": {}}), INVALID),
    "a call button that is too long": (a_call(display_text="b" * 21), PARAMETER),
    "a call button for longer than a month": (a_call(ttl_minutes=43_201), INVALID),
    "a call button of another name": (interactive("voice_call", {"name": "call"}), INVALID),
    "an odd token of a form": (a_form(flow_token=5), PARAMETER),
    "template name": (
        {**TEXT, "type": "template", "template": {"name": "No!", "language": {"code": "hi"}}},
        INVALID,
    ),
    "template language": (
        {**TEXT, "type": "template", "template": {"name": "n", "language": {"code": "hi-IN"}}},
        INVALID,
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_message_at_the_limit_is_accepted(name: str) -> None:
    check_message(GOOD[name])


@pytest.mark.parametrize("name", BAD)
def test_a_message_over_a_limit_is_refused_with_metas_code(name: str) -> None:
    message, code = BAD[name]
    with pytest.raises(RefusedError) as caught:
        check_message(message)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "spoil",
    [
        {"status": "delivered"},
        {"message_id": "1"},
        {"message_id": None},
        {"messaging_product": "x"},
        {"typing_indicator": {"type": "voice"}},
    ],
    ids=range(5),
)
def test_an_invalid_read_receipt_is_refused(spoil: dict[str, Any]) -> None:
    good = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.1"}
    check_receipt(good)
    with pytest.raises(RefusedError):
        check_receipt({**good, **spoil})


@pytest.mark.parametrize(
    ("mime", "data"), [("audio/wav", b"RIFF"), ("image/png", b""), ("audio/ogg; codecs=opus", b"OggS" + bytes(40))]
)
def test_an_upload_of_an_unsupported_type_is_refused(mime: str, data: bytes) -> None:
    with pytest.raises(RefusedError):
        check_upload(mime, data)
