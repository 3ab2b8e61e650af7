"""Parse a webhook into a batch: inbound events, results of earlier calls, alarms, and a count of ignored items.

Telephone calls are not part of the batch: `calls_in` yields them.

Each item is decoded by itself, so that only a malformed item is lost. If the sender of a malformed message is readable,
Satark tells them that it did not understand the message.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache, partial
from operator import call
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
from satark_whatsapp.errors import GraphError, send_result_of
from satark_whatsapp.events import MessageContext, contact_of, event_of, moved_addresses, sender_addresses

READ_RECEIPT = "read_receipt"
"""The method of the call that shows "read" or "typing…" to the sender."""

_RECEIPT_START = b'{"messaging_product":"whatsapp","status":"read","message_id":'
_DIGITS = 10
"""Digits in a Unix time in seconds, until the year 2286."""
_TYPING = b',"typing_indicator":{"type":"text"}'

WHATSAPP_OBJECT = "whatsapp_business_account"
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
"""Field → event that an operator must know of → the alarm's code. Source: Meta, "Webhooks for WhatsApp", fields."""

T = TypeVar("T")


class WebhookParser:
    """Parses webhooks for the configured numbers.

    `accounts`: phone_number_id → account name. `receipts`: whether to make the calls that show "read" and "typing…".
    """

    def __init__(self, accounts: Mapping[str, str], *, receipts: bool) -> None:
        self._accounts = accounts
        self._receipts = receipts

    def parse(self, body: bytes) -> Batch:
        """Parse a webhook's body.

        Raises:
            Malformed: the body is not a WhatsApp webhook.
        """
        decoded = decode_webhook(body)
        items = [item for value in decoded.values for item in self._items(value)]
        if decoded.ignored or decoded.alarms:
            items.append(partial(Batch, ignored=decoded.ignored, alarms=decoded.alarms))
        return parse_each(items, call)

    def _items(self, value: payload.Value) -> Iterator[Callable[[], Batch]]:
        """Yield the parser of each item of a value, then the alarms and the number of ignored items."""
        account = self._accounts.get(value.metadata.phone_number_id) if value.metadata else None
        if account is None:
            yield partial(Batch, ignored=len(value.messages) + len(value.statuses) + len(value.errors))
            return
        for message in value.messages:
            yield partial(self._message, message, value.contacts, account)
        for status in value.statuses:
            yield partial(self._status, status)
        if value.errors:
            yield partial(Batch, alarms=[str(error.code) for error in value.errors])

    def _message(self, message: payload.WhatsAppMessage, contacts: list[payload.Contact], account: str) -> Batch:
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
            return send_result_of(status.errors[0])
        return None


def _sent_at(message: payload.WhatsAppMessage) -> int | None:
    """Read a message's timestamp, Unix seconds as digits. None: the timestamp is missing, no number, or too long."""
    digits = (message.timestamp or "").encode()
    return int(digits) if digits.isdigit() and len(digits) <= _DIGITS else None


def _composed_key(message: payload.WhatsAppMessage) -> str:
    """Make the key of an event without an id, such as some system events, from the message's bytes."""
    return "composed:" + hashlib.sha256(msgspec.json.encode(message)).hexdigest()


def calls_in(body: bytes) -> Iterator[tuple[str, payload.CallEvent, tuple[Address, ...]]]:
    """Yield each event of a call in a webhook that was parsed before: the number's id, the event, who calls."""
    for value in decode_webhook(body).calls if b'"calls"' in body else ():
        for event in value.calls:
            if value.metadata is not None:
                yield (
                    value.metadata.phone_number_id,
                    event,
                    sender_addresses(event, contact_of(event, value.contacts)),
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
    webhook = _item(body, payload.Webhook)
    if webhook is None:
        raise Malformed("not a webhook")
    decoded = DecodedWebhook()
    for raw in webhook.entry:
        entry = _item(raw, payload.WebhookEntry)
        for change in entry.changes if entry else (None,):
            _add(decoded, webhook.object, _item(change, payload.Change) or payload.Change({}))
    return decoded


def _add(decoded: DecodedWebhook, kind: str, change: payload.Change) -> None:
    given, field = change.value, change.field if kind == WHATSAPP_OBJECT else ""
    value = payload.Value(
        metadata=_item(given.get("metadata"), payload.Metadata),
        contacts=_items(given.get("contacts"), partial(_item, kind=payload.Contact), DecodedWebhook()),
        messages=_items(given.get("messages"), _message, decoded),
        statuses=_items(given.get("statuses"), partial(_item, kind=payload.MessageStatus), decoded),
        errors=_items(given.get("errors"), partial(_item, kind=GraphError), decoded),
        calls=_items(given.get("calls"), partial(_item, kind=payload.CallEvent), decoded),
    )
    if field == "messages" and value.metadata is not None:
        decoded.values.append(value)
    elif field == "calls" and value.metadata is not None and value.calls:
        decoded.calls.append(value)
    elif alarm := ALARMS.get(str(field), {}).get(_item(given.get("event"), str) or ""):
        decoded.alarms.append(alarm)
    else:
        decoded.ignored += 1


def _items(raw: msgspec.Raw | None, decode: Callable[[msgspec.Raw], T | None], decoded: DecodedWebhook) -> list[T]:
    every = _item(raw, list[msgspec.Raw]) if raw is not None and bytes(raw) != b"null" else []
    found = [item for item in map(decode, every or ()) if item is not None]
    decoded.ignored += 1 if every is None else len(every) - len(found)
    return found


def _message(raw: msgspec.Raw) -> payload.WhatsAppMessage | None:
    """Decode a message; of a malformed message, decode only the fields for an answer. None: even that is impossible."""
    message = _item(raw, payload.WhatsAppMessage)
    if message is None and (head := _item(raw, payload.MessageHead)) and head.id:
        return payload.WhatsAppMessage(**msgspec.structs.asdict(head), type=UNREADABLE)
    return message


def _item(raw: bytes | msgspec.Raw | None, kind: type[T]) -> T | None:
    """Decode an item, whose numbers may be strings. None: there is no item, or it has another shape."""
    decode: Callable[[bytes], T] = _decoder(kind)  # type: ignore[arg-type] # a class is hashable
    with suppress(*DECODING_ERRORS, OverflowError):
        return None if raw is None else decode(bytes(raw))
    with suppress(*DECODING_ERRORS, OverflowError):
        return decode_json(bytes(raw or b""), decode)
    return None


@cache
def _decoder(kind: Any) -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(kind, strict=False).decode
