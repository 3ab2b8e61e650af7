"""Open a webhook's envelope: everything that can be read of it, and a count of what can't.

Nearly every webhook decodes in one go. One that doesn't is taken apart item by item, so that a single odd item costs
nothing but itself, and its sender, where there is one, is still told that the message was not understood.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from satark.channel import Malformed
from satark_whatsapp import wire
from satark_whatsapp.errors import Problem

OBJECT = "whatsapp_business_account"
UNREADABLE = "unreadable"
"""The type given to a message of which only the sender can be read."""

T = TypeVar("T")


class Opened(msgspec.Struct):
    """A webhook's values that are about messages, and how many other items there were."""

    values: list[wire.Value] = []
    ignored: int = 0


def open_envelope(body: bytes) -> Opened:
    """Read a webhook's body.

    Raises:
        Malformed: it is no JSON, or no envelope of Meta's WhatsApp webhooks.
    """
    try:
        envelope = wire.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return salvage(_any_json(body))
    opened = Opened()
    for entry in envelope.entry:
        for change in entry.changes:
            _file(opened, envelope.object, change.field, change.value)
    return opened


def _file(opened: Opened, kind: str, field: str, value: wire.Value) -> None:
    if kind == OBJECT and field == "messages" and value.metadata is not None:
        opened.values.append(value)
    else:
        opened.ignored += 1


def _any_json(body: bytes) -> Any:
    """Decode as leniently as can be: Python's decoder forgives half a surrogate pair (a cut emoji), msgspec doesn't."""
    try:
        return json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise Malformed("not JSON") from None


def salvage(data: Any) -> Opened:
    """Read a decoded webhook item by item.

    Raises:
        Malformed: it is no envelope.
    """
    entries = data.get("entry") if isinstance(data, dict) else None
    if not isinstance(entries, list) or not isinstance(data.get("object"), str):
        raise Malformed("not a webhook's envelope")
    opened = Opened()
    for entry in entries:
        changes = entry.get("changes") if isinstance(entry, dict) else None
        for change in changes if isinstance(changes, list) else (None,):
            _salvage_change(opened, data["object"], change)
    return opened


def _salvage_change(opened: Opened, kind: str, change: Any) -> None:
    value = change.get("value") if isinstance(change, dict) else None
    if not isinstance(value, dict):
        opened.ignored += 1
        return
    readable = wire.Value(
        metadata=_convert(value.get("metadata"), wire.Metadata),
        contacts=_each(value.get("contacts"), _reader(wire.Contact), Opened()),
        messages=_each(value.get("messages"), _message, opened),
        statuses=_each(value.get("statuses"), _reader(wire.Status), opened),
        errors=_each(value.get("errors"), _reader(Problem), opened),
    )
    _file(opened, kind, change.get("field"), readable)


def _each(items: Any, read: Callable[[Any], T | None], opened: Opened) -> list[T] | None:
    if not isinstance(items, list):
        opened.ignored += items is not None
        return None
    found = [item for item in map(read, items) if item is not None]
    opened.ignored += len(items) - len(found)
    return found


def _reader(kind: type[T]) -> Callable[[Any], T | None]:
    return lambda item: _convert(item, kind)


def _message(item: Any) -> wire.Message | None:
    whole = _convert(item, wire.Message)
    if whole is not None:
        return whole
    origin = _convert(item, wire.Origin)
    if origin is None:
        return None
    return wire.Message(id=origin.id, type=UNREADABLE, wa_id=origin.wa_id, user_id=origin.user_id)


def _convert(item: Any, kind: type[T]) -> T | None:
    """Convert leniently: a number given as a string is a number."""
    try:
        return msgspec.convert(_whole(item), kind, strict=False)
    except (msgspec.ValidationError, RecursionError, OverflowError):
        return None


def _whole(item: Any) -> Any:
    """Replace half surrogate pairs, which no encoder takes, in every string within."""
    if isinstance(item, str):
        return item.encode("utf-8", "replace").decode()
    if isinstance(item, list):
        return [_whole(part) for part in item]
    if isinstance(item, dict):
        return {key: _whole(part) for key, part in item.items()}
    return item
