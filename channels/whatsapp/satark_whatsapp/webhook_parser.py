"""Parse a webhook into a batch: inbound events, results of earlier calls, alarms, and a count of ignored items.

Telephone calls are not part of the batch: `calls_in` yields them.

msgspec decodes nearly every webhook as a whole. If that fails, each item is decoded by itself, so that only a malformed
item is lost. If the sender of a malformed message is readable, Satark tells them that it did not understand them.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final, TypeVar

import msgspec

from satark.api import (
    Accepted,
    Address,
    Batch,
    Call,
    Delivered,
    Event,
    Inbound,
    Malformed,
    Moved,
    SendResult,
    decode_json,
    parse_each,
)
from satark_files.decoding import DECODING_ERRORS
from satark_whatsapp import payload
from satark_whatsapp.errors import GraphError, RetryDelays, send_result_of
from satark_whatsapp.events import MessageContext, contact_of, event_of, moved_addresses, sender_addresses

READ_RECEIPT = "read_receipt"
"""The method of the call that shows "read" or "typing…" to the sender."""

_RECEIPT_START = b'{"messaging_product":"whatsapp","status":"read","message_id":'
_DIGITS = 10
"""Digits in a Unix time in seconds, until the year 2286."""
_TYPING = b',"typing_indicator":{"type":"text"}'

WHATSAPP_OBJECT = "whatsapp_business_account"
_HEADER: Final = ("id", "from", "from_user_id", "group_id")
UNREADABLE = "unreadable"
"""The type that Satark gives a message if only its id and its sender can be decoded."""

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
"""Field → event of which an operator must know → the alarm's code. Source: Meta, "Webhooks for WhatsApp", fields."""

T = TypeVar("T")


class WebhookParser:
    """Parses webhooks for the configured numbers.

    Args:
        accounts: phone_number_id → account name.
        receipts: whether to make the calls that show "read" and "typing…" for each message.
        delays: how long to wait after a status that reports throttling.
    """

    def __init__(self, accounts: Mapping[str, str], *, receipts: bool, delays: RetryDelays) -> None:
        self._accounts = accounts
        self._receipts = receipts
        self._delays = delays

    def parse(self, body: bytes) -> Batch:
        """Parse a webhook's body.

        Raises:
            Malformed: the body is not a WhatsApp webhook.
        """
        decoded = decode_webhook(body)
        items = [item for value in decoded.values for item in self._items(value)]
        if decoded.ignored or decoded.alarms:
            items.append(Batch(ignored=decoded.ignored, alarms=decoded.alarms))
        return parse_each(items, _parsed)

    def _items(self, value: payload.Value) -> Iterator[Batch | Callable[[], Batch]]:
        """Yield what parses each item of a value, and the alarms and the number of ignored items."""
        account = self._accounts.get(value.metadata.phone_number_id) if value.metadata else None
        if account is None:
            yield Batch(ignored=sum(len(each or ()) for each in (value.messages, value.statuses, value.errors)))
            return
        for message in value.messages or ():
            yield partial(self._message, message, value.contacts or (), account)
        for status in value.statuses or ():
            yield partial(self._status, status)
        if value.errors:
            yield Batch(alarms=[str(error.code) for error in value.errors])

    def _message(
        self, message: payload.WhatsAppMessage, contacts: list[payload.Contact] | tuple[()], account: str
    ) -> Batch:
        contact = contact_of(message, contacts)
        senders = sender_addresses(message, contact)
        event = event_of(message, MessageContext(account, senders, contact))
        if isinstance(event, Moved) and message.system is not None:
            senders = moved_addresses(message, message.system)
        # A reply to a group's message would tell its sender, or the whole group, that somebody wrote here.
        if event is None or not senders or message.group_id:
            return Batch(ignored=1)
        return Batch(inbound=[self._inbound(account, message, senders, event)])

    def _inbound(
        self, account: str, message: payload.WhatsAppMessage, senders: tuple[Address, ...], event: Event
    ) -> Inbound:
        return Inbound(
            account=account,
            event_key=message.id or _composed_key(message),
            senders=senders,
            event=event,
            sent_at=_sent_at(message),
            seen=self._read_receipt(account, message.id, event),
            busy=self._read_receipt(account, message.id, event, _TYPING),
        )

    def _read_receipt(self, account: str, message_id: str | None, event: Event, typing: bytes = b"") -> Call | None:
        if not self._receipts or not message_id or isinstance(event, Moved):
            return None
        body = _RECEIPT_START + msgspec.json.encode(message_id) + typing + b"}"
        return Call(account=account, method=READ_RECEIPT, body=body)

    def _status(self, status: payload.MessageStatus) -> Batch:
        result = self._result(status)
        if result is None or not status.biz_opaque_callback_data:
            return Batch(ignored=1)
        return Batch(delivered=[Delivered(call_id=status.biz_opaque_callback_data, result=result)])

    def _result(self, status: payload.MessageStatus) -> SendResult | None:
        if status.status == "delivered":
            return Accepted()
        if status.status == "failed" and status.errors:
            return send_result_of(status.errors[0], self._delays)
        return None


def _parsed(item: Batch | Callable[[], Batch]) -> Batch:
    return item if isinstance(item, Batch) else item()


def _sent_at(message: payload.WhatsAppMessage) -> int | None:
    """Read a message's timestamp, Unix seconds as digits. None: the timestamp is missing, no number, or too long."""
    digits = (message.timestamp or "").encode()
    return int(digits) if digits.isdigit() and len(digits) <= _DIGITS else None


def _composed_key(message: payload.WhatsAppMessage) -> str:
    """Make the key of an event without an id, such as some system events. The key follows from the message's bytes."""
    return "composed:" + hashlib.sha256(msgspec.json.encode(message)).hexdigest()


def calls_in(body: bytes) -> Iterator[tuple[str, payload.CallEvent, tuple[Address, ...]]]:
    """Yield each event of a call in a webhook that was parsed before: the number's id, the event, who calls."""
    for value in decode_webhook(body).calls if b'"calls"' in body else ():
        for event in value.calls or ():
            if value.metadata is not None:
                yield (
                    value.metadata.phone_number_id,
                    event,
                    sender_addresses(event, contact_of(event, value.contacts or ())),
                )


class DecodedWebhook(msgspec.Struct):
    """The values about messages in a webhook, and the number of all other items."""

    values: list[payload.Value] = []
    calls: list[payload.Value] = []
    ignored: int = 0
    alarms: list[str] = []
    """Alarm codes of the account's events."""


def decode_webhook(body: bytes) -> DecodedWebhook:
    """Decode a webhook's body.

    Raises:
        Malformed: the body is not JSON, or not a WhatsApp webhook.
    """
    with suppress(*DECODING_ERRORS):  # an error raised from within would keep msgspec's, which quotes the body
        return _decoded(payload.decode(body))
    try:
        return decode_items(decode_json(body, msgspec.json.decode))
    except DECODING_ERRORS:
        raise Malformed("not JSON") from None


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
    if kind == WHATSAPP_OBJECT and field == "calls" and value.metadata is not None and value.calls:
        decoded.calls.append(value)
        return
    events = ALARMS.get(field, {}) if kind == WHATSAPP_OBJECT and isinstance(field, str) else {}
    if alarm := events.get(value.event or ""):
        decoded.alarms.append(alarm)
    else:
        decoded.ignored += 1


def decode_items(data: Any) -> DecodedWebhook:
    """Convert a webhook, given as plain JSON values, item by item.

    Raises:
        Malformed: the data is not a WhatsApp webhook.
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
        contacts=_convert_each(value.get("contacts"), partial(_convert, kind=payload.Contact), DecodedWebhook()),
        messages=_convert_each(value.get("messages"), _message, decoded),
        statuses=_convert_each(value.get("statuses"), partial(_convert, kind=payload.MessageStatus), decoded),
        errors=_convert_each(value.get("errors"), partial(_convert, kind=GraphError), decoded),
        calls=_convert_each(value.get("calls"), partial(_convert, kind=payload.CallEvent), decoded),
    )
    _add(decoded, kind, change.get("field"), converted)


def _convert_each(items: Any, convert: Callable[[Any], T | None], decoded: DecodedWebhook) -> list[T] | None:
    if not isinstance(items, list):
        decoded.ignored += items is not None
        return None
    found = [item for item in map(convert, items) if item is not None]
    decoded.ignored += len(items) - len(found)
    return found


def _message(item: Any) -> payload.WhatsAppMessage | None:
    """Convert a message; of a malformed one what its answer needs. None: not even that can be decoded."""
    message = _convert(item, payload.WhatsAppMessage)
    if message is None and isinstance(item, dict) and item.get("id"):
        kept = {name: item[name] for name in _HEADER if name in item}
        message = _convert({**kept, "type": UNREADABLE}, payload.WhatsAppMessage)
    return message


def _convert(item: Any, kind: type[T]) -> T | None:
    """Convert an item, whose numbers may be strings. None: the item has another shape."""
    try:
        return msgspec.convert(item, kind, strict=False)
    except (*DECODING_ERRORS, OverflowError):
        return None
