"""Read a webhook whole: events for the core, the fate of earlier calls, alarms, and a count of the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from satark.channel import Accepted, Address, Batch, Call, Delivered, Event, Inbound, Moved, SendResult
from satark_whatsapp import senders, wire
from satark_whatsapp.envelope import open_envelope
from satark_whatsapp.errors import Pauses, classify
from satark_whatsapp.events import Context, event_of

SEEN = "seen"
"""The method of the call that shows "read" and "typing…"; see `Reader`."""

_SEEN_START = b'{"messaging_product":"whatsapp","status":"read","message_id":'
_TYPING = b',"typing_indicator":{"type":"text"}'


class Found(msgspec.Struct):
    """What was found so far in a webhook."""

    inbound: list[Inbound] = []
    delivered: list[Delivered] = []
    alarms: list[str] = []
    ignored: int = 0


class Reader:
    """Reads webhooks for the configured numbers.

    Args:
        accounts: phone_number_id → account name.
        receipts: whether to make the call that shows "read" and "typing…" for each message.
        pauses: what a status that tells of throttling leads to.
    """

    def __init__(self, accounts: Mapping[str, str], *, receipts: bool, pauses: Pauses) -> None:
        self._accounts = accounts
        self._receipts = receipts
        self._pauses = pauses

    def read(self, body: bytes) -> Batch:
        """Read a webhook's body.

        Raises:
            Malformed: the body is no WhatsApp webhook at all.
        """
        opened = open_envelope(body)
        found = Found(ignored=opened.ignored)
        for value in opened.values:
            self._read_value(value, found)
        return Batch(
            inbound=found.inbound,
            delivered=found.delivered,
            ignored=found.ignored,
            alarms=found.alarms,
        )

    def _read_value(self, value: wire.Value, found: Found) -> None:
        account = self._accounts.get(value.metadata.phone_number_id) if value.metadata else None
        if account is None:
            found.ignored += sum(len(items or ()) for items in (value.messages, value.statuses, value.errors))
            return
        for message in value.messages or ():
            self._read_message(message, value.contacts or (), account, found)
        for status in value.statuses or ():
            self._read_status(status, found)
        found.alarms.extend(str(problem.code) for problem in value.errors or ())

    def _read_message(
        self, message: wire.Message, contacts: list[wire.Contact] | tuple[()], account: str, found: Found
    ) -> None:
        contact = senders.contact_of(message, contacts)
        who = senders.senders_of(message, contact)
        event = event_of(message, Context(account, who, contact))
        if isinstance(event, Moved) and message.system is not None:
            who = senders.moved(message, message.system)
        if event is None or not who:
            found.ignored += 1
            return
        found.inbound.append(self._inbound(account, message, who, event))

    def _inbound(self, account: str, message: wire.Message, who: tuple[Address, ...], event: Event) -> Inbound:
        return Inbound(
            account=account,
            event_key=message.id or _composed_key(message),
            senders=who,
            event=event,
            seen=self._seen(account, message.id, event),
            busy=self._seen(account, message.id, event, _TYPING),
        )

    def _seen(self, account: str, message_id: str | None, event: Event, typing: bytes = b"") -> Call | None:
        if not self._receipts or not message_id or isinstance(event, Moved):
            return None
        body = _SEEN_START + msgspec.json.encode(message_id) + typing + b"}"
        return Call(account=account, method=SEEN, body=body)

    def _read_status(self, status: wire.Status, found: Found) -> None:
        result = self._fate(status)
        if result is None or not status.biz_opaque_callback_data:
            found.ignored += 1
            return
        found.delivered.append(Delivered(call_id=status.biz_opaque_callback_data, result=result))

    def _fate(self, status: wire.Status) -> SendResult | None:
        if status.status == "delivered":
            return Accepted()
        if status.status == "failed" and status.errors:
            return classify(status.errors[0], self._pauses)
        return None


def _composed_key(message: wire.Message) -> str:
    """Name an event that Meta gave no id (some system events): the same bytes, delivered again, give the same name."""
    return "composed:" + hashlib.sha256(msgspec.json.encode(message)).hexdigest()
