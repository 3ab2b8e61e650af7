"""Render a prompt as reply buttons, a list, a form, a location request or plain text; split what is too long.

Source of the limits: Meta, WhatsApp Business Platform, "Messages > Interactive messages" and Meta's OpenAPI document
v23.0, where messages of type `flow` open a form. Lengths are characters (code points). Satark never sends
`request_contact_info`, since it asks for a phone number.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from satark.api import Address, Call, Capabilities, Choice, Prompt
from satark_whatsapp.forms.flow_json import FIRST_SCREEN
from satark_whatsapp.payload import is_bsuid
from satark_words.graphemes import is_boundary

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

CALL_BUTTON = "satark"
"""The data that the call button returns with the call."""
_CALL_MINUTES = 1440
_MENU = "☰"


def render(prompt: Prompt, account: str, to: Address, form: Mapping[str, Any] | None = None) -> list[Call]:
    """Render a prompt as calls: one, unless its text is too long for a message. `form`: the control of a form."""
    control = form or _control(prompt)
    text = _numbered(prompt.text, prompt.choices) if prompt.call else prompt.text
    *before, last = split_text(text, CAPABILITIES.body) if control else [text]
    nodes = [_plain(text) for text in before]
    nodes.append(_interactive(control, last) if control else _plain(_numbered(last, prompt.choices)))
    return [Call(account=account, method=MESSAGES, body=_body(node, to)) for node in nodes]


def template(name: str, language: str, to: Address) -> bytes:
    """Return the body that sends an approved template without parameters. It is sent if the reply window is closed."""
    code = language.replace("-", "_")
    node = {"type": "template", "template": {"name": name, "language": {"code": code}}}
    return _body(node, to)


def form_control(prompt: Prompt, forms: Mapping[str, str], mode: str) -> dict[str, Any] | None:
    """Return the control that opens the form of a prompt. None: no form is in the prompt's language.

    Meta returns `flow_token` with the answers.

    `forms`: language → Meta's id of the form. `mode`: `published` or `draft`.
    """
    flow_id = forms.get(prompt.language)
    if flow_id is None:
        return None
    parameters = {
        "flow_message_version": "3",
        "flow_id": flow_id,
        "flow_token": prompt.form,
        "flow_cta": prompt.menu_label,
        "mode": mode,
        "flow_action": "navigate",
        "flow_action_payload": {"screen": FIRST_SCREEN},
    }
    return {"type": "flow", "action": {"name": "flow", "parameters": parameters}}


def _control(prompt: Prompt) -> Mapping[str, Any] | None:
    offered = (*prompt.choices, *prompt.actions)
    if prompt.call:
        parameters = {"display_text": prompt.call, "ttl_minutes": _CALL_MINUTES, "payload": CALL_BUTTON}
        return {"type": "voice_call", "action": {"name": "voice_call", "parameters": parameters}}
    if not prompt.choices and prompt.wants == "pin":
        return {"type": "location_request_message", "action": {"name": "send_location"}}
    if offered and _fit_buttons(prompt):
        return _buttons(offered[: CAPABILITIES.buttons])
    if offered and _fit_rows(prompt):
        return _list(offered[: CAPABILITIES.rows], prompt.menu_label)
    return None


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


def _interactive(control: Mapping[str, Any], text: str) -> dict[str, Any]:
    return {"type": "interactive", "interactive": {**control, "body": {"text": text}}}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "text", "text": {"body": text, "preview_url": False}}


def _numbered(text: str, choices: Sequence[Choice]) -> str:
    if not choices:
        return text
    lines = (f"{number}. {choice.label}" for number, choice in enumerate(choices, 1))
    return "\n".join((text, "", *lines))


def recipient(to: Address) -> dict[str, str]:
    """Return the field of an outgoing message that names its recipient."""
    address = to.reveal()
    return {"recipient" if is_bsuid(address) else "to": address}


def _body(node: Mapping[str, Any], to: Address) -> bytes:
    return msgspec.json.encode(
        {"messaging_product": "whatsapp", "recipient_type": "individual", **recipient(to), **node}
    )


def split_text(text: str, limit: int) -> list[str]:
    """Split a text that is too long for a control in two, the second of at most `limit` characters.

    Only white space at the cut is lost, and no letter is separated from its combining marks.
    """
    if len(text) <= limit:
        return [text]
    cut = _last_cut(text, limit)
    before = text[:cut].rstrip()
    return [*([before] if before else []), text[cut:].lstrip()]


def _last_cut(text: str, limit: int) -> int:
    """Find where the last part begins: at the last paragraph if that is short enough, else as early as possible.

    A letter with more than 64 combining marks, which no script needs, is cut.
    """
    paragraph = text.rstrip().rfind("\n\n") + 2
    if paragraph > 1 and len(text) - paragraph <= limit:
        return paragraph
    earliest = len(text) - limit
    for mark in ("\n", " "):
        at = text.find(mark, earliest)
        if at >= 0 and text[at:].strip():
            return at
    ends = range(earliest, min(earliest + 64, len(text)))
    return next((at for at in ends if is_boundary(text, at)), earliest)
