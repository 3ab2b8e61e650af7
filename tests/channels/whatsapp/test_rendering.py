"""A prompt gets the right control, and Meta's limits hold for every one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satark.api.inbound import Address
from satark.api.prompt import Choice, Prompt
from satark_testing.whatsapp.limits import check_message
from satark_whatsapp.rendering import CALL_BUTTON, render, split_text

ACCOUNT = "whatsapp:106540352242922"
TO = Address("919876543210")


def prompt(text: str = "क्या हुआ?", **parts: Any) -> Prompt:
    return Prompt(text=text, language="hi", **parts)


def choices(count: int, label: str = "विकल्प", description: str = "") -> tuple[Choice, ...]:
    return tuple(Choice(f"step.{n}.1", f"{label} {n}", description) for n in range(count))


def shown(asked: Prompt, to: Address = TO) -> list[dict[str, Any]]:
    bodies = [json.loads(call.body) for call in render(asked, ACCOUNT, to)]
    for body in bodies:
        check_message(body)
    return bodies


def control(asked: Prompt) -> dict[str, Any]:
    (body,) = shown(asked)
    interactive: dict[str, Any] = body["interactive"]
    return interactive


def test_a_text_is_a_text_without_preview() -> None:
    assert shown(prompt()) == [
        {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": "919876543210",
            "type": "text",
            "text": {"body": "क्या हुआ?", "preview_url": False},
        }
    ]


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("919876543210", "to"),
        ("IN.13491208655302741918", "recipient"),
        ("US.ENT.1234abc", "recipient"),
        ("in.1234", "to"),
    ],
)
def test_a_bsuid_is_sent_as_recipient_and_any_other_address_as_to(address: str, field: str) -> None:
    (call,) = render(prompt(), ACCOUNT, Address(address))
    body = json.loads(call.body)
    assert body[field] == address
    assert len({"to", "recipient"} & body.keys()) == 1
    assert address not in repr(call)


def test_three_short_choices_are_buttons() -> None:
    found = control(prompt(choices=choices(3), wants="choice"))
    assert found["type"] == "button"
    assert [b["reply"] for b in found["action"]["buttons"]] == [
        {"id": f"step.{n}.1", "title": f"विकल्प {n}"} for n in range(3)
    ]


def test_actions_are_buttons_if_there_is_room() -> None:
    back, skip = Choice("back", "Back"), Choice("skip", "Skip")
    found = control(prompt(choices=choices(2), actions=(skip, back)))
    assert [b["reply"]["id"] for b in found["action"]["buttons"]] == ["step.0.1", "step.1.1", "skip"]
    found = control(prompt(actions=(skip, back), wants="media"))
    assert [b["reply"]["id"] for b in found["action"]["buttons"]] == ["skip", "back"]


@pytest.mark.parametrize(
    "asked",
    [
        prompt(choices=choices(4), menu_label="चुनिए"),
        prompt(choices=choices(2, label="x" * 20), menu_label="चुनिए"),
        prompt(choices=choices(2, description="what it means"), menu_label="चुनिए"),
        prompt(choices=(Choice("a", "same"), Choice("b", "same")), menu_label="चुनिए"),
        prompt(choices=choices(9), actions=choices(1), menu_label="चुनिए"),
    ],
    ids=["many", "long", "described", "alike", "with actions"],
)
def test_more_or_longer_choices_are_a_list(asked: Prompt) -> None:
    unique = tuple(Choice(f"{n}", c.label, c.description) for n, c in enumerate((*asked.choices, *asked.actions)))
    found = control(Prompt(text="?", language="hi", choices=unique, menu_label=asked.menu_label))
    assert (found["type"], found["action"]["button"]) == ("list", "चुनिए")
    assert [row["id"] for row in found["action"]["sections"][0]["rows"]] == [c.token for c in unique]


def test_a_list_holds_ten_rows_with_the_choices_first() -> None:
    back = Choice("back", "Back")
    rows = control(prompt(choices=choices(10), actions=(back,)))["action"]["sections"][0]["rows"]
    assert [row["id"] for row in rows] == [f"step.{n}.1" for n in range(10)]
    assert all("description" not in row for row in rows)


@pytest.mark.parametrize("menu", ["", "x" * 21])
def test_a_list_whose_label_is_too_long_has_a_symbol_on_its_button(menu: str) -> None:
    assert control(prompt(choices=choices(5), menu_label=menu))["action"]["button"] == "☰"


TOO_LARGE = {
    "too many": choices(11),
    "too long": choices(3, label="x" * 25),
    "a token too long": (Choice("t" * 201, "x"),),
    "a description too long": choices(3, description="d" * 73),
}


@pytest.mark.parametrize("asked", TOO_LARGE.values(), ids=TOO_LARGE)
def test_choices_that_fit_no_control_are_numbered_lines(asked: tuple[Choice, ...]) -> None:
    (body,) = shown(prompt(choices=asked))
    lines = body["text"]["body"].split("\n")
    assert lines[:3] == ["क्या हुआ?", "", f"1. {asked[0].label}"]
    assert len(lines) == len(asked) + 2


def test_a_place_is_requested_only_with_whatsapps_location_control() -> None:
    found = control(prompt(wants="pin", actions=choices(2)))
    assert found == {
        "type": "location_request_message",
        "body": {"text": "क्या हुआ?"},
        "action": {"name": "send_location"},
    }
    assert control(prompt(wants="pin", choices=choices(2)))["type"] == "button"


def test_a_phone_number_is_never_requested() -> None:
    for wants in ("nothing", "choice", "text", "pin", "media"):
        for asked in (prompt(wants=wants), prompt(wants=wants, choices=choices(5))):
            assert all(b"request_contact" not in call.body for call in render(asked, ACCOUNT, TO))


def test_a_long_text_is_sent_before_the_message_with_the_buttons() -> None:
    review = "\n".join(f"line {n} " + "क" * 40 for n in range(40))
    *texts, last = shown(prompt(f"{review}\n\nSend it?", choices=choices(3)))
    assert last["interactive"]["body"]["text"] == "Send it?"
    assert "\n".join(body["text"]["body"] for body in texts) == review
    assert len(texts) == 1


def test_a_letter_is_not_separated_from_its_combining_marks() -> None:
    for limit in range(5, 12):
        parts = split_text("क्षीं" * 20, limit)
        assert "".join(parts) == "क्षीं" * 20
        assert len(parts[1]) <= limit
        assert parts[1].startswith("क")


def test_a_long_run_of_combining_marks_is_cut() -> None:
    parts = split_text("\u0301" * 300, 100)
    assert "".join(parts) == "\u0301" * 300


@settings(deadline=None)
@given(st.text(min_size=1, max_size=300), st.integers(5, 60))
def test_the_last_part_fits_and_only_white_space_is_lost(text: str, limit: int) -> None:
    parts = split_text(text, limit)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert len(parts[-1]) <= limit or not text.strip()
    assert len(parts) == 1 or all(part.strip() for part in parts)


def test_the_call_button_is_below_numbered_choices() -> None:
    shown_control = control(prompt(choices=choices(2), call="कॉल करके बताएँ"))
    parameters = {"display_text": "कॉल करके बताएँ", "ttl_minutes": 1440, "payload": CALL_BUTTON}
    assert shown_control == {
        "type": "voice_call",
        "action": {"name": "voice_call", "parameters": parameters},
        "body": {"text": "क्या हुआ?\n\n1. विकल्प 0\n2. विकल्प 1"},
    }
