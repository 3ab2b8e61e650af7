"""Convert one message of a webhook into an inbound event.

Source: Meta, WhatsApp Business Platform, "Webhooks > Reference > messages", one page per type.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from satark.api import Address, Edited, Event, Media, MediaKind, MediaRef, Moved, Pin, Revoked, Tap, Text, Unsupported
from satark_whatsapp import payload
from satark_whatsapp.contact_cards import contact_cards_as_text
from satark_whatsapp.forms.reply import read_form

NAMED_KINDS: Final = frozenset(
    {"image", "video", "audio", "document", "sticker", "text", "location", "contacts", "button", "edit", "revoke"}
    | {"interactive", "nfm_reply", "call_permission_reply", "order", "poll", "event", "request_welcome"}
    | {"unsupported", "unreadable"}
)
"""The kinds that an `Unsupported` may name. Any other kind is reported as `unknown`."""

_DIGEST_BYTES = 32
_HEX = re.compile(r"[0-9a-fA-F]{64}").fullmatch


class MessageContext(msgspec.Struct, frozen=True):
    """The account that a message was sent to, its sender's addresses, and the sender's contact entry."""

    account: str
    senders: Sequence[Address]
    contact: payload.Contact | None = None


def event_of(message: payload.Message, context: MessageContext) -> Event | None:
    """Convert a message. None: it needs no reply (a reaction, a system message)."""
    kind = message.type or ""
    convert = _CONVERTERS.get(kind)
    if convert is not None:
        return convert(message, context)
    if kind == "reaction":
        return None
    return _unsupported(message.unsupported.type if message.unsupported else kind)


def hex_digest(text: str | None) -> str:
    """Convert Meta's SHA-256 (base64 in webhooks, hex in some responses) to hex. Empty: it is neither."""
    if not text:
        return ""
    if _HEX(text):
        return text.lower()
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return ""
    return raw.hex() if len(raw) == _DIGEST_BYTES else ""


def _unsupported(kind: str | None) -> Unsupported:
    return Unsupported(kind if kind in NAMED_KINDS else "unknown")


def _text(message: payload.Message, _: MessageContext) -> Event:
    return Text(message.text.body) if message.text else _unsupported("text")


def _media(kind: MediaKind) -> Callable[[payload.Message, MessageContext], Event]:
    def convert(message: payload.Message, context: MessageContext) -> Event:
        node: payload.MediaNode | None = getattr(message, kind)
        if node is None:
            return _unsupported(kind)
        ref = MediaRef(
            account=context.account,
            id=node.id,
            mime=node.mime_type or "",
            sha256=hex_digest(node.sha256),
        )
        return Media(ref, "voice" if node.voice else kind, node.caption or "")

    return convert


def _location(message: payload.Message, _: MessageContext) -> Event:
    node = message.location
    if node is None:
        return _unsupported("location")
    return Pin(node.latitude, node.longitude, node.name or "", node.address or "")


def _contacts(message: payload.Message, context: MessageContext) -> Event:
    text = contact_cards_as_text(message.contacts or (), context.senders, context.contact)
    return Text(text) if text else Unsupported("contact")


def _interactive(message: payload.Message, _: MessageContext) -> Event:
    node = message.interactive
    if node and node.nfm_reply and node.nfm_reply.name == "flow":
        return read_form(node.nfm_reply.response_json) or _unsupported("nfm_reply")
    reply = (node.button_reply or node.list_reply) if node else None
    if reply is None:
        return _unsupported((node.type if node else None) or "interactive")
    return Tap(reply.id, reply.title or "")


def _button(message: payload.Message, _: MessageContext) -> Event:
    """Convert a template's quick reply. Its payload is its label, unless the template set another one."""
    node = message.button
    if node is None or not (node.payload or node.text):
        return _unsupported("button")
    if node.text and node.payload in (None, "", node.text):
        return Text(node.text)
    return Tap(node.payload or "", node.text or "")


def _system(message: payload.Message, _: MessageContext) -> Event | None:
    changed = message.system is not None and message.system.type in (
        "user_changed_number",
        "user_changed_user_id",
    )
    return Moved() if changed else None


def _edit(message: payload.Message, _: MessageContext) -> Event:
    node = message.edit
    if node is None:
        return _unsupported("edit")
    return Edited(node.original_message_id, _new_text(node.message or payload.EditedNode()))


def _new_text(node: payload.EditedNode) -> str:
    if node.text is not None:
        return node.text.body
    media = node.image or node.video or node.document
    return (media.caption if media else None) or ""


def _revoke(message: payload.Message, _: MessageContext) -> Event:
    return Revoked(message.revoke.original_message_id) if message.revoke else _unsupported("revoke")


_CONVERTERS: Final[dict[str, Callable[[payload.Message, MessageContext], Event | None]]] = {
    "text": _text,
    "image": _media("image"),
    "video": _media("video"),
    "audio": _media("audio"),
    "document": _media("document"),
    "sticker": _media("sticker"),
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "button": _button,
    "system": _system,
    "edit": _edit,
    "revoke": _revoke,
}
