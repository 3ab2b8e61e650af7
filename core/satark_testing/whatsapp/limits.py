"""Checks whether Meta accepts a request to `POST /{phone_number_id}/messages`.

Source: Meta, WhatsApp Business Platform, "Messages" (text, interactive, template, location), "Mark messages as read",
and Meta's OpenAPI document v23.0. Lengths are characters. Where the two differ, the stricter one holds.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

MISSING: Final = 131008
INVALID: Final = 131009
PARAMETER: Final = 100

_is_bsuid = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[0-9A-Za-z]{1,128}").fullmatch
_is_phone = re.compile(r"\+?[0-9]{5,20}").fullmatch
_is_language = re.compile(r"[a-z]{2,3}(?:_[A-Z]{2})?").fullmatch
_is_template = re.compile(r"[a-z0-9_]{1,512}").fullmatch

TEXT: Final = 4096
BODY: Final = 1024
SHORT: Final = 60
"""Maximum number of characters in a header or a footer."""
BUTTONS: Final = 3
BUTTON_TITLE: Final = 20
BUTTON_ID: Final = 256
ROWS: Final = 10
ROW_TITLE: Final = 24
ROW_ID: Final = 200
ROW_DESCRIPTION: Final = 72
CALLBACK_DATA: Final = 512
FLOW_BUTTON: Final = 30
MEDIA_ID: Final = 64
UPLOADS: Final = {"audio/ogg": 16 * 1024 * 1024, "image/png": 5 * 1024 * 1024, "image/jpeg": 5 * 1024 * 1024}
"""MIME type of an uploaded file → maximum size in bytes. Source: Meta, "Media > Supported media types"."""


class RefusedError(Exception):
    """Meta would refuse this message; it holds Meta's `code` and the reason."""

    def __init__(self, code: int, details: str) -> None:
        super().__init__(f"({code}) {details}")
        self.code = code
        self.details = details


def check_message(message: Any) -> None:
    """Check a complete outgoing message.

    Raises:
        RefusedError: Meta would refuse it.
    """
    _need(isinstance(message, dict), PARAMETER, "the body must be a JSON object")
    _need(message.get("messaging_product") == "whatsapp", PARAMETER, "messaging_product must be whatsapp")
    _need(message.get("recipient_type", "individual") == "individual", PARAMETER, "recipient_type")
    _check_recipient(message)
    data = message.get("biz_opaque_callback_data")
    _need(data is None or (isinstance(data, str) and len(data) <= CALLBACK_DATA), PARAMETER, "callback data")
    kind = message.get("type", "text")
    check = _KINDS.get(kind) if isinstance(kind, str) else None
    if check is None:
        raise RefusedError(PARAMETER, "type is not one that a bot may send")
    check(_object(message, kind))


def check_receipt(receipt: Mapping[str, Any]) -> None:
    """Check a read receipt, with or without the typing indicator.

    Raises:
        RefusedError: Meta would refuse it.
    """
    _need(receipt.get("messaging_product") == "whatsapp", PARAMETER, "messaging_product must be whatsapp")
    _need(receipt.get("status") == "read", PARAMETER, "status must be read")
    message_id = receipt.get("message_id")
    _need(isinstance(message_id, str) and message_id.startswith("wamid."), PARAMETER, "message_id")
    typing = receipt.get("typing_indicator")
    _need(typing is None or typing == {"type": "text"}, PARAMETER, "typing_indicator")


def check_upload(mime: str, data: bytes) -> None:
    """Check an uploaded file's type and size.

    Raises:
        RefusedError: Meta would refuse it.
    """
    kind = mime.partition(";")[0]
    _need(kind in UPLOADS, PARAMETER, "type is not one that may be uploaded")
    _need(0 < len(data) <= UPLOADS[kind], PARAMETER, "the file is empty or too large")
    _need(kind != "audio/ogg" or b"OpusHead" in data[:64], PARAMETER, "audio/ogg must be Opus")


def _need(condition: bool, code: int, details: str) -> None:  # noqa: FBT001 - it reads as a sentence
    if not condition:
        raise RefusedError(code, details)


def _check_recipient(message: Mapping[str, Any]) -> None:
    to, recipient = message.get("to"), message.get("recipient")
    _need(to is not None or recipient is not None, MISSING, "to or recipient is required")
    _need(to is None or (isinstance(to, str) and bool(_is_phone(to))), INVALID, "to is not a phone number")
    known = recipient is None or (isinstance(recipient, str) and bool(_is_bsuid(recipient)))
    _need(known, INVALID, "recipient is not a business-scoped user id")


def _object(parent: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = parent.get(key)
    if not isinstance(value, dict):
        raise RefusedError(MISSING, f"{key} is required")
    return value


def _string(parent: Mapping[str, Any], key: str, most: int) -> str:
    value = parent.get(key)
    if not isinstance(value, str) or not value.strip():
        raise RefusedError(MISSING, f"{key} is required")
    _need(len(value) <= most, PARAMETER, f"{key} is longer than {most} characters")
    return value


def _list(parent: Mapping[str, Any], key: str, most: int) -> Sequence[Mapping[str, Any]]:
    value = parent.get(key)
    good = isinstance(value, list) and all(isinstance(item, dict) for item in value)
    if not isinstance(value, list) or not good:
        raise RefusedError(MISSING, f"{key} is required")
    _need(1 <= len(value) <= most, INVALID, f"{key} must hold 1 to {most}")
    return value


def _unique(values: Sequence[str], what: str) -> None:
    _need(len(set(values)) == len(values), INVALID, f"{what} must be unique")


def _check_text(node: Mapping[str, Any]) -> None:
    _string(node, "body", TEXT)
    _need(isinstance(node.get("preview_url", False), bool), PARAMETER, "preview_url must be a boolean")


def _check_interactive(node: Mapping[str, Any]) -> None:
    kind = node.get("type")
    check = _CONTROLS.get(kind) if isinstance(kind, str) else None
    if check is None:
        raise RefusedError(INVALID, "interactive.type is not one that a bot may send")
    _string(_object(node, "body"), "text", BODY)
    if "footer" in node:
        _string(_object(node, "footer"), "text", SHORT)
    if "header" in node:
        _check_header(_object(node, "header"))
    check(_object(node, "action"))


def _check_header(header: Mapping[str, Any]) -> None:
    if header.get("type") == "image":
        _string(_object(header, "image"), "id", MEDIA_ID)
    else:
        _string(header, "text", SHORT)


def _check_audio(node: Mapping[str, Any]) -> None:
    _string(node, "id", MEDIA_ID)
    _need(isinstance(node.get("voice", False), bool), PARAMETER, "voice must be a boolean")


def _check_buttons(action: Mapping[str, Any]) -> None:
    buttons = _list(action, "buttons", BUTTONS)
    replies = [_object(button, "reply") for button in buttons]
    _need(all(button.get("type") == "reply" for button in buttons), INVALID, "button type must be reply")
    _unique([_string(reply, "id", BUTTON_ID) for reply in replies], "button ids")
    _unique([_string(reply, "title", BUTTON_TITLE) for reply in replies], "button titles")


def _check_list(action: Mapping[str, Any]) -> None:
    _string(action, "button", BUTTON_TITLE)
    sections = _list(action, "sections", ROWS)
    for section in sections:
        if len(sections) > 1:
            _string(section, "title", ROW_TITLE)
    rows = [row for section in sections for row in _list(section, "rows", ROWS)]
    _need(len(rows) <= ROWS, INVALID, f"at most {ROWS} rows in all sections together")
    _unique([_string(row, "id", ROW_ID) for row in rows], "row ids")
    for row in rows:
        _string(row, "title", ROW_TITLE)
        if "description" in row:
            _string(row, "description", ROW_DESCRIPTION)


def _check_location_request(action: Mapping[str, Any]) -> None:
    _need(action == {"name": "send_location"}, INVALID, "action must be send_location and nothing else")


def _check_voice_call(action: Mapping[str, Any]) -> None:
    _need(action.get("name") == "voice_call", INVALID, "action.name must be voice_call")
    button = _object(action, "parameters")
    _string(button, "display_text", BUTTON_TITLE)
    _string(button, "payload", 512)
    _need(1 <= button.get("ttl_minutes", 1) <= 43_200, INVALID, "ttl_minutes")  # noqa: PLR2004 - Meta: 30 days


def _check_flow(action: Mapping[str, Any]) -> None:
    _need(action.get("name") == "flow", INVALID, "action.name must be flow")
    flow = _object(action, "parameters")
    _need(flow.get("flow_message_version") == "3", INVALID, "flow_message_version must be 3")
    _need(("flow_id" in flow) != ("flow_name" in flow), INVALID, "either flow_id or flow_name")
    _string(flow, "flow_cta", FLOW_BUTTON)
    _need(flow.get("mode", "published") in {"published", "draft"}, INVALID, "mode")
    _need(flow.get("flow_action", "navigate") == "navigate", INVALID, "there is no endpoint to exchange data with")
    _need(isinstance(flow.get("flow_token", ""), str), PARAMETER, "flow_token")
    payload = flow.get("flow_action_payload", {"screen": "FIRST_ENTRY_SCREEN"})
    _need(isinstance(payload, dict) and payload.get("data") != {}, INVALID, "data must be a non-empty object")


def _check_template(node: Mapping[str, Any]) -> None:
    _need(bool(_is_template(_string(node, "name", 512))), INVALID, "template name")
    _need(bool(_is_language(_string(_object(node, "language"), "code", 10))), INVALID, "language code")


_KINDS: Final[dict[str, Callable[[Mapping[str, Any]], None]]] = {
    "text": _check_text,
    "interactive": _check_interactive,
    "audio": _check_audio,
    "template": _check_template,
}
_CONTROLS: Final[dict[str, Callable[[Mapping[str, Any]], None]]] = {
    "button": _check_buttons,
    "list": _check_list,
    "location_request_message": _check_location_request,
    "flow": _check_flow,
    "voice_call": _check_voice_call,
}
