"""Decode a webhook's body, name the alarms of the account, and count the items that can't be decoded.

Nearly every webhook decodes as a whole. One that doesn't is decoded item by item, so that one malformed item loses
only itself. If the sender of a malformed message is readable, they are told that it was not understood.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, TypeVar

import msgspec

from satark.api import Malformed
from satark_files.decoding import DECODING_ERRORS
from satark_whatsapp import payload
from satark_whatsapp.errors import GraphError

WHATSAPP_OBJECT = "whatsapp_business_account"
UNREADABLE = "unreadable"
"""The type given to a message of which only the id and the sender can be decoded."""

ALARMS: Final[Mapping[str, Mapping[str, str]]] = {
    "message_template_status_update": {
        "REJECTED": "template-rejected",
        "PAUSED": "template-paused",
        "DISABLED": "template-disabled",
        "FLAGGED": "template-flagged",
    },
    "phone_number_quality_update": {"FLAGGED": "quality-flagged", "DOWNGRADE": "quality-limit-lowered"},
    "account_update": {
        "ACCOUNT_VIOLATION": "account-violation",
        "ACCOUNT_RESTRICTION": "account-restricted",
        "DISABLED_UPDATE": "account-disabled",
        "ACCOUNT_DELETED": "account-deleted",
        "PARTNER_REMOVED": "app-not-subscribed",
    },
}
"""Field → its events that an operator must know of → code of the alarm (Meta, "Webhooks for WhatsApp", fields)."""

T = TypeVar("T")


class DecodedWebhook(msgspec.Struct):
    """The values about messages in a webhook, and the number of all other items."""

    values: list[payload.Value] = []
    ignored: int = 0
    alarms: list[str] = []
    """Codes of what happened to the account."""


def decode_webhook(body: bytes) -> DecodedWebhook:
    """Decode a webhook's body.

    Raises:
        Malformed: the body is not JSON, or not a WhatsApp webhook.
    """
    with suppress(*DECODING_ERRORS):  # an error raised from within would keep msgspec's, which quotes the body
        return _decoded(payload.decode(body))
    return decode_items(_lenient_json(body))


def _decoded(webhook: payload.Webhook) -> DecodedWebhook:
    decoded = DecodedWebhook()
    for entry in webhook.entry:
        for change in entry.changes:
            _add(decoded, webhook.object, change.field, change.value)
    return decoded


def _add(decoded: DecodedWebhook, kind: str, field: object, value: payload.Value) -> None:
    if kind == WHATSAPP_OBJECT and field == "messages" and value.metadata is not None:
        decoded.values.append(value)
        return
    events = ALARMS.get(field, {}) if kind == WHATSAPP_OBJECT and isinstance(field, str) else {}
    if alarm := events.get(value.event or ""):
        decoded.alarms.append(alarm)
    else:
        decoded.ignored += 1


def _lenient_json(body: bytes) -> Any:
    """Decode JSON that msgspec rejects. Python's decoder accepts half a surrogate pair, such as a truncated emoji."""
    try:
        return json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise Malformed("not JSON") from None


def decode_items(data: Any) -> DecodedWebhook:
    """Convert a webhook, given as plain JSON values, item by item.

    Raises:
        Malformed: it is not a WhatsApp webhook.
    """
    entries = data.get("entry") if isinstance(data, dict) else None
    if not isinstance(entries, list) or not isinstance(data.get("object"), str):
        raise Malformed("not a webhook")
    decoded = DecodedWebhook()
    for entry in entries:
        changes = entry.get("changes") if isinstance(entry, dict) else None
        for change in changes if isinstance(changes, list) else (None,):
            _decode_change(decoded, data["object"], change)
    return decoded


def _decode_change(decoded: DecodedWebhook, kind: str, change: Any) -> None:
    value = change.get("value") if isinstance(change, dict) else None
    if not isinstance(value, dict):
        decoded.ignored += 1
        return
    converted = payload.Value(
        metadata=_convert(value.get("metadata"), payload.Metadata),
        contacts=_convert_each(value.get("contacts"), _converter(payload.Contact), DecodedWebhook()),
        messages=_convert_each(value.get("messages"), _message, decoded),
        statuses=_convert_each(value.get("statuses"), _converter(payload.Status), decoded),
        errors=_convert_each(value.get("errors"), _converter(GraphError), decoded),
    )
    _add(decoded, kind, change.get("field"), converted)


def _convert_each(items: Any, convert: Callable[[Any], T | None], decoded: DecodedWebhook) -> list[T] | None:
    if not isinstance(items, list):
        decoded.ignored += items is not None
        return None
    found = [item for item in map(convert, items) if item is not None]
    decoded.ignored += len(items) - len(found)
    return found


def _converter(kind: type[T]) -> Callable[[Any], T | None]:
    return lambda item: _convert(item, kind)


def _message(item: Any) -> payload.Message | None:
    message = _convert(item, payload.Message)
    if message is not None:
        return message
    header = _convert(item, payload.MessageHeader)
    if header is None:
        return None
    return payload.Message(
        id=header.id, type=UNREADABLE, wa_id=header.wa_id, user_id=header.user_id, group_id=header.group_id
    )


def _convert(item: Any, kind: type[T]) -> T | None:
    """Convert an item; a number may be given as a string. None: it has another shape."""
    try:
        return msgspec.convert(_without_lone_surrogates(item), kind, strict=False)
    except (*DECODING_ERRORS, OverflowError):
        return None


def _without_lone_surrogates(item: Any) -> Any:
    """Replace lone surrogates, which can't be encoded, in every string of an item."""
    if isinstance(item, str):
        return item.encode("utf-8", "replace").decode()
    if isinstance(item, list):
        return [_without_lone_surrogates(part) for part in item]
    if isinstance(item, dict):
        return {key: _without_lone_surrogates(part) for key, part in item.items()}
    return item
