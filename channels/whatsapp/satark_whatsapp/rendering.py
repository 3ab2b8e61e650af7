"""Render a prompt as reply buttons, a list, a location request or plain text.

Source of the limits: Meta, WhatsApp Business Platform, "Messages > Interactive messages" and Meta's OpenAPI document
v23.0. Lengths are characters (code points). Satark never sends `request_contact_info`: that asks for a phone number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from satark.api import Address, Call, Capabilities, Choice, Prompt
from satark_whatsapp.addresses import recipient
from satark_whatsapp.text_splitting import split_text

MESSAGES = "messages"
"""The method of a call that sends a message."""

CAPABILITIES = Capabilities(
    kind="chat",
    text=4096,
    body=1024,
    buttons=3,
    button_label=20,
    rows=10,
    row_label=24,
    row_description=72,
    menu_label=20,
    token=200,
    unit="characters",
    pin=True,
)

_MENU = "☰"


def render(prompt: Prompt, account: str, to: Address, form: Mapping[str, Any] | None = None) -> list[Call]:
    """Render a prompt as calls: one, unless the text is longer than a message may be. `form` opens the form."""
    control, text_limit = (form, CAPABILITIES.body) if form else _control(prompt)
    *before, last = split_text(prompt.text, CAPABILITIES.text, text_limit)
    nodes = [_plain(text) for text in before]
    nodes.append(_interactive(control, last) if control else _plain(_numbered(last, prompt.choices)))
    return [_call(node, account, to) for node in nodes]


def template(name: str, language: str, to: Address) -> bytes:
    """Return the body that sends an approved template without parameters, for a closed reply window."""
    code = language.replace("-", "_")
    node = {"type": "template", "template": {"name": name, "language": {"code": code}}}
    return _body(node, to)


def _control(prompt: Prompt) -> tuple[Mapping[str, Any] | None, int]:
    """Choose the control, and return it with the limit of the text above it."""
    offered = (*prompt.choices, *prompt.actions)
    if not prompt.choices and prompt.wants == "pin":
        control: Mapping[str, Any] | None = _location_request()
    elif offered and _fit_buttons(prompt):
        control = _buttons(offered[: CAPABILITIES.buttons])
    elif offered and _fit_rows(prompt):
        control = _list(offered[: CAPABILITIES.rows], prompt.menu_label)
    else:
        control = None
    return control, CAPABILITIES.body if control else CAPABILITIES.text


def _fit_buttons(prompt: Prompt) -> bool:
    if len(prompt.choices) > CAPABILITIES.buttons or any(choice.description for choice in prompt.choices):
        return False
    shown = (*prompt.choices, *prompt.actions)[: CAPABILITIES.buttons]
    labels = {choice.label for choice in shown}
    return len(labels) == len(shown) and _fit(shown, CAPABILITIES.button_label)


def _fit_rows(prompt: Prompt) -> bool:
    shown = (*prompt.choices, *prompt.actions)[: CAPABILITIES.rows]
    described = all(len(choice.description) <= CAPABILITIES.row_description for choice in shown)
    room = len(prompt.choices) <= CAPABILITIES.rows
    return room and described and _fit(shown, CAPABILITIES.row_label)


def _fit(choices: Sequence[Choice], label: int) -> bool:
    return all(
        0 < len(choice.label) <= label and len(choice.token.encode()) <= CAPABILITIES.token for choice in choices
    )


def _buttons(choices: Sequence[Choice]) -> dict[str, Any]:
    buttons = [{"type": "reply", "reply": {"id": c.token, "title": c.label}} for c in choices]
    return {"type": "button", "action": {"buttons": buttons}}


def _list(choices: Sequence[Choice], menu_label: str) -> dict[str, Any]:
    button = menu_label if 0 < len(menu_label) <= CAPABILITIES.menu_label else _MENU
    return {"type": "list", "action": {"button": button, "sections": [{"rows": [_row(c) for c in choices]}]}}


def _row(choice: Choice) -> dict[str, str]:
    row = {"id": choice.token, "title": choice.label}
    if choice.description:
        row["description"] = choice.description
    return row


def _location_request() -> dict[str, Any]:
    return {"type": "location_request_message", "action": {"name": "send_location"}}


def _interactive(control: Mapping[str, Any], text: str) -> dict[str, Any]:
    return {"type": "interactive", "interactive": {**control, "body": {"text": text}}}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "text", "text": {"body": text, "preview_url": False}}


def _numbered(text: str, choices: Sequence[Choice]) -> str:
    """Append choices that fit no control as numbered lines, to be answered by typing."""
    if not choices:
        return text
    lines = (f"{number}. {choice.label}" for number, choice in enumerate(choices, 1))
    return "\n".join((text, "", *lines))


def _call(node: Mapping[str, Any], account: str, to: Address) -> Call:
    return Call(account=account, method=MESSAGES, body=_body(node, to))


def _body(node: Mapping[str, Any], to: Address) -> bytes:
    return msgspec.json.encode(
        {"messaging_product": "whatsapp", "recipient_type": "individual", **recipient(to), **node}
    )
