"""Webhooks of WhatsApp, Telegram and Twilio: verified, parsed, stored, passed to the dialogue, and answered.

Faults: another exception than `Malformed`; an event that can't be stored; a sender's address in what
an event shows of itself; an exception in the dialogue.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from satark.api.channel import Channel, Outcome, RawRequest
from satark.api.inbound import Malformed
from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.identity.edge_key import Identity
from satark.ingest.event import InboundEvent
from satark.plugins.loader import Plugins
from satark.runtime.compose import load_channels
from satark.settings.settings import Settings
from satark_testing.telegram.messages import Person, Updates
from satark_testing.twilio.api import ACCOUNT_SID, AUTH_TOKEN, NUMBER, TwilioPeer, new_sid
from satark_testing.whatsapp.messages import Sender, Webhooks, batch
from satark_words.geography.geography import Geography
from support.fuzz.requests import FuzzedRequest, read_request, request_input
from support.fuzz.target import Fault

if TYPE_CHECKING:
    from satark.api.inbound import Batch, Inbound

_PUBLIC: Final = "https://satark.example"
_PHONE_ID: Final = "106540352242922"
_EDGE_KEY: Final = bytes(range(32))
_SHOWN: Final = 6
"""Minimum length of an address, in characters, that is searched for in an event's `repr`."""
_NOW: Final = 1_795_000_000
_MOST_EVENTS: Final = 20
"""Maximum number of events of one webhook that are passed to the dialogue, since more of the same kind show nothing
new."""


class ChannelTarget:
    """A channel, which gets webhooks of its provider.

    Args:
        channels: the channel, or several that share a provider.
        seeds: valid inputs.
        words: names of fields and values of the provider.
    """

    def __init__(self, channels: Sequence[Channel], seeds: Sequence[bytes], words: Sequence[str]) -> None:
        self._by_path = {endpoint.path: channel for channel in channels for endpoint in channel.endpoints}
        self._default = next(iter(self._by_path))
        self._identity = Identity(_EDGE_KEY)
        self._seeds = tuple(seeds)
        self._engine = _engine()
        self.words = tuple(words)

    def seeds(self) -> Sequence[bytes]:
        """Return valid webhooks."""
        return self._seeds

    def close(self) -> None:
        """Do nothing: a channel that is not open holds nothing."""

    def try_one(self, data: bytes) -> None:
        """Verify, parse, keep, understand and answer one webhook."""
        request = read_request(data, path=self._default)
        channel = self._by_path.get(request.path, self._by_path[self._default])
        raw = _raw(request, request.path if request.path in self._by_path else self._default)
        channel.verify(raw)
        try:
            batch_ = channel.parse(raw)
        except Malformed:
            return
        self._check(channel, batch_)
        channel.reply(raw, Outcome())

    def _check(self, channel: Channel, parsed: Batch) -> None:
        """Process a batch as ingest does: store it, replace addresses by pseudonyms, pass it to the dialogue."""
        place = b"fuzz"
        if self._identity.open_batch(self._identity.seal_batch(parsed, place), place).ignored != parsed.ignored:
            raise Fault("a stored batch differs")
        for inbound in parsed.inbound[:_MOST_EVENTS]:
            if inbound.account not in channel.accounts:
                raise Fault("an event of a stranger's account")
            _check_silence(inbound)
            self._advance(InboundEvent(channel, inbound, self._identity))

    def _advance(self, event: InboundEvent) -> None:
        engine = self._engine
        session = engine.begin(channel=event.channel.name, tip="0" * 32, recipient="age1", identity="K")
        for _ in range(2):  # the first event of a conversation is answered by the first question, whatever it is
            turn = engine.advance(session, event.event, event.source, _NOW)
            if turn.session is None:
                return
            session = turn.session


def whatsapp(_folder: Path) -> ChannelTarget:
    """Make the target of WhatsApp's webhooks."""
    section = {"app_secret": "s" * 8, "verify_token": "v" * 8, "access_token": "a" * 8, "phone_number_id": _PHONE_ID}
    hooks, sender = Webhooks(_PHONE_ID), Sender(wa_id="919876543210", user_id="IN.13491208655302741918", name="Sunita")
    card = {"name": {"formatted_name": "Raju"}, "phones": [{"phone": "+91 91234 56780", "wa_id": "919123456780"}]}
    node = {"id": "1003383421387256", "mime_type": "image/jpeg", "sha256": "a" * 64}
    bodies = [
        hooks.text(sender, "थाने के पास जुआ 🎲"),
        hooks.tap(sender, "category:drugs:4", "नशीले पदार्थ", row=True),
        hooks.tap(sender, "language:hi:1", "हिन्दी"),
        hooks.location(sender, 25.3176, 82.9739, name="अस्सी घाट"),
        *(hooks.media(sender, kind, node, caption="FIR") for kind in ("image", "video", "voice", "document")),
        hooks.edit(sender, "wamid.A", "नया"),
        hooks.revoke(sender, "wamid.A"),
        hooks.moved(sender, Sender(wa_id="919876500000", user_id="IN.2")),
        hooks.status("wamid.B", "failed", sender, callback_data="0a1b", code=131047),
        hooks.status("wamid.B", "delivered", sender, callback_data="0a1b"),
        hooks.message(sender, {"type": "contacts", "contacts": [card]}),
        hooks.message(sender, {"type": "button", "button": {"text": "Status", "payload": "status"}}),
    ]  # fmt: skip
    seeds = [
        *bodies,
        batch(bodies),
        request_input(b"", method="GET", query="hub.mode=subscribe&hub.challenge=1&hub.verify_token=vvvvvvvv"),
    ]
    words = (
        "entry", "changes", "value", "messages", "statuses", "errors", "contacts", "metadata", "phone_number_id",
        "from", "user_id", "wa_id", "profile", "type", "text", "body", "interactive", "button_reply", "list_reply",
        "id", "image", "audio", "voice", "video", "document", "sticker", "caption", "mime_type", "sha256", "location",
        "latitude", "longitude", "system", "edit", "revoke", "original_message_id", "reaction", "order", "unsupported",
        "biz_opaque_callback_data", "code", "error_data", "field", "object", "whatsapp_business_account", _PHONE_ID,
        "x-hub-signature-256", "sha256=",
    )  # fmt: skip
    return ChannelTarget(_channels("whatsapp", section), seeds, words)


def telegram(_folder: Path) -> ChannelTarget:
    """Make the target of Telegram's webhooks."""
    section = {"token": "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", "secret_token": "a-secret"}
    updates, person = Updates(), Person(id=8812345678, first_name="Sunita", username="sunita_vns")
    file = {"file_id": "AgAC", "file_unique_id": "u", "file_size": 90_000}
    content: list[dict[str, Any]] = [
        {"photo": [{**file, "width": 90, "height": 60}, {**file, "width": 900, "height": 600}], "caption": "गाड़ी"},
        *({kind: file} for kind in ("video", "voice", "audio", "document", "sticker", "animation", "video_note")),
        {"location": {"latitude": 25.3, "longitude": 82.9}},
        {"venue": {"location": {"latitude": 25.3, "longitude": 82.9}, "title": "घाट", "address": "Varanasi"}},
        {"contact": {"phone_number": "+919123456780", "first_name": "Raju"}},
        {"poll": {"id": "1", "question": "?"}},
    ]
    listed = [
        *(updates.text(person, text) for text in ("नमस्ते", "/start 482719305571", "/status 8391446070125538", "Hi 🎲")),
        *(updates.message(person, each) for each in content),
        updates.edit(person, 11, {"text": "नया"}),
        updates.tap(person, "category:drugs:4", updates.bare(person, {"text": "?"})),
        updates.update("my_chat_member", {"chat": person.chat()}),
    ]
    words = (
        "update_id", "message", "edited_message", "callback_query", "chat", "id", "type", "private", "group", "from",
        "is_bot", "text", "caption", "photo", "file_id", "file_size", "width", "height", "voice", "audio", "video",
        "document", "sticker", "animation", "video_note", "location", "venue", "latitude", "longitude", "data", "date",
        "message_id", "x-telegram-bot-api-secret-token", "/start", "contact", "paid_media", "live_photo",
    )  # fmt: skip
    return ChannelTarget(_channels("telegram", section), [json.dumps(each).encode() for each in listed], words)


def twilio(_folder: Path) -> ChannelTarget:
    """Make the target of Twilio's webhooks: text messages and calls."""
    section = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN, "number": NUMBER}
    sid, call = {"MessageSid": new_sid("SM")}, {"CallSid": new_sid("CA"), "CallStatus": "in-progress"}
    url = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{sid['MessageSid']}/Media/{new_sid('ME')}"
    state = "n=3&p=1&e=skip&a=back&c=1&s=1"
    seeds = [
        _signed("/sms/webhook", {**sid, "Body": "tip: कच्ची शराब", "NumMedia": "0"}),
        _signed("/sms/webhook", {**sid, "Body": "1", "NumMedia": "1", "MediaUrl0": url, "MediaContentType0": "a/b"}),
        _signed("/sms/webhook", {**sid, "Body": "STOP", "OptOutType": "STOP"}),
        _signed("/sms/webhook/status", {**sid, "MessageStatus": "delivered"}),
        _signed("/voice/webhook", call),
        _signed("/voice/webhook/keys", {**call, "Digits": "3"}, state),
        _signed("/voice/webhook/keys", {**call, "Digits": "8391446070125538"}, state),
        _signed("/voice/webhook/record", {**call, "RecordingSid": new_sid("RE"), "RecordingDuration": "9"}, "n=1&m=1"),
        _signed("/voice/webhook/recording", {**call, "RecordingStatus": "absent"}),
    ]  # fmt: skip
    words = (
        "MessageSid", "SmsSid", "AccountSid", "From", "To", "Body", "NumMedia", "MediaUrl0", "MediaContentType0",
        "OptOutType", "MessageStatus", "CallSid", "Digits", "RecordingSid", "RecordingDuration", "RecordingStatus",
        "x-twilio-signature", "n", "p", "e", "a", "c", "s", "m", "STOP", "START", "HELP", "absent", "delivered",
        "*", "#", "tip", "/sms/webhook", "/voice/webhook/keys", "/voice/webhook/record", ACCOUNT_SID, "+919876543210",
    )  # fmt: skip
    return ChannelTarget(_channels("sms_ivr", section, "twilio"), seeds, words)


def _channels(plugin: str, section: dict[str, str], name: str = "") -> list[Channel]:
    settings = Settings(stand_ins={name or plugin: section}, public_url=_PUBLIC)
    return load_channels(settings, Plugins.load([plugin]))


def _engine() -> Engine:
    source = default_flow()
    return Engine(load_flow(source), source.catalogues, Geography.sample())


def _signed(path: str, fields: dict[str, str], query: str = "") -> bytes:
    form = {"AccountSid": ACCOUNT_SID, "From": "+919876543210", "To": NUMBER, **fields}
    address = _PUBLIC + path + (f"?{query}" if query else "")
    headers = {"x-twilio-signature": TwilioPeer().sign(address, form)}
    return request_input(urlencode(form).encode(), path=path, query=query, headers=headers)


def _raw(request: FuzzedRequest, path: str) -> RawRequest:
    method = "GET" if request.method == "GET" else "POST"
    return RawRequest(method=method, path=path, query=request.query, headers=request.headers, body=request.body)


def _check_silence(inbound: Inbound) -> None:
    """Check that no `repr` shows the sender of an event."""
    shown = f"{inbound!r} {inbound.event!r}"
    for sender in inbound.senders:
        if len(sender.reveal()) >= _SHOWN and sender.reveal() in shown:
            raise Fault("an event shows its sender")
