"""Parse a webhook into a batch: inbound events, results of earlier calls, alarms, and a count of ignored items."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from satark.api import Accepted, Address, Batch, Call, Delivered, Event, Inbound, Moved, SendResult
from satark_whatsapp import addresses, payload
from satark_whatsapp.errors import RetryDelays, send_result_of
from satark_whatsapp.events import MessageContext, event_of
from satark_whatsapp.webhook_decoding import decode_webhook

READ_RECEIPT = "read_receipt"
"""The method of the call that shows "read" or "typing…" to the sender."""

_RECEIPT_START = b'{"messaging_product":"whatsapp","status":"read","message_id":'
_DIGITS = 10
"""Of a time in Unix seconds, until the year 2286."""
_TYPING = b',"typing_indicator":{"type":"text"}'


class ParsedItems(msgspec.Struct):
    """The items of a webhook that were parsed so far."""

    inbound: list[Inbound] = []
    delivered: list[Delivered] = []
    alarms: list[str] = []
    ignored: int = 0


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
        items = ParsedItems(ignored=decoded.ignored, alarms=list(decoded.alarms))
        for value in decoded.values:
            self._parse_value(value, items)
        return Batch(
            inbound=items.inbound,
            delivered=items.delivered,
            ignored=items.ignored,
            alarms=items.alarms,
        )

    def _parse_value(self, value: payload.Value, items: ParsedItems) -> None:
        account = self._accounts.get(value.metadata.phone_number_id) if value.metadata else None
        if account is None:
            items.ignored += sum(len(each or ()) for each in (value.messages, value.statuses, value.errors))
            return
        for message in value.messages or ():
            self._parse_message(message, value.contacts or (), account, items)
        for status in value.statuses or ():
            self._parse_status(status, items)
        items.alarms.extend(str(error.code) for error in value.errors or ())

    def _parse_message(
        self, message: payload.Message, contacts: list[payload.Contact] | tuple[()], account: str, items: ParsedItems
    ) -> None:
        contact = addresses.contact_of(message, contacts)
        senders = addresses.sender_addresses(message, contact)
        event = event_of(message, MessageContext(account, senders, contact))
        if isinstance(event, Moved) and message.system is not None:
            senders = addresses.moved_addresses(message, message.system)
        # A reply to a group's message would tell its sender, or the whole group, that somebody wrote here.
        if event is None or not senders or message.group_id:
            items.ignored += 1
            return
        items.inbound.append(self._inbound(account, message, senders, event))

    def _inbound(self, account: str, message: payload.Message, senders: tuple[Address, ...], event: Event) -> Inbound:
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

    def _parse_status(self, status: payload.Status, items: ParsedItems) -> None:
        result = self._result(status)
        if result is None or not status.biz_opaque_callback_data:
            items.ignored += 1
            return
        items.delivered.append(Delivered(call_id=status.biz_opaque_callback_data, result=result))

    def _result(self, status: payload.Status) -> SendResult | None:
        if status.status == "delivered":
            return Accepted()
        if status.status == "failed" and status.errors:
            return send_result_of(status.errors[0], self._delays)
        return None


def _sent_at(message: payload.Message) -> int | None:
    """Read a message's timestamp: Unix seconds, as digits. None: it has none, or one of more digits than times have."""
    digits = (message.timestamp or "").encode()
    return int(digits) if digits.isdigit() and len(digits) <= _DIGITS else None


def _composed_key(message: payload.Message) -> str:
    """Make a key for an event without an id (some system events): the same bytes give the same key."""
    return "composed:" + hashlib.sha256(msgspec.json.encode(message)).hexdigest()
