"""What was sent: one message of a webhook, as one of the core's events.

Source: Meta, WhatsApp Business Platform, "Webhooks > Reference > messages", one page a type.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from satark.channel import (
    Address,
    Edited,
    Event,
    Media,
    MediaKind,
    MediaRef,
    Moved,
    Pin,
    Revoked,
    Tap,
    Text,
    Unsupported,
)
from satark_whatsapp import wire
from satark_whatsapp.cards import own_or_text

NAMED: Final = frozenset(
    {"image", "video", "audio", "document", "sticker", "text", "location", "contacts", "button", "edit", "revoke"}
    | {"interactive", "nfm_reply", "call_permission_reply", "order", "poll", "event", "request_welcome"}
    | {"unsupported", "unreadable"}
)
"""The kinds that an `Unsupported` may name; any other word is Meta's of tomorrow, or a stranger's, and is not kept."""

_DIGEST_BYTES = 32
_HEX = re.compile(r"[0-9a-fA-F]{64}").fullmatch


class Context(msgspec.Struct, frozen=True):
    """What a message is read with: whose it is, and on which of our numbers."""

    account: str
    senders: Sequence[Address]
    contact: wire.Contact | None = None


def event_of(message: wire.Message, context: Context) -> Event | None:
    """Read a message. None: it needs nothing of us."""
    kind = message.type or ""
    reader = _READERS.get(kind)
    if reader is not None:
        return reader(message, context)
    if kind == "reaction":
        return None
    return _unsupported(message.unsupported.type if message.unsupported else kind)


def hex_digest(text: str | None) -> str:
    """Turn Meta's SHA-256 (base64 in webhooks, hex in some answers) to hex; empty where it is neither."""
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
    return Unsupported(kind if kind in NAMED else "unknown")


def _text(message: wire.Message, _: Context) -> Event:
    return Text(message.text.body) if message.text else _unsupported("text")


def _media(kind: MediaKind) -> Callable[[wire.Message, Context], Event]:
    def read(message: wire.Message, context: Context) -> Event:
        node: wire.MediaNode | None = getattr(message, kind)
        if node is None:
            return _unsupported(kind)
        ref = MediaRef(
            account=context.account,
            id=node.id,
            mime=node.mime_type or "",
            sha256=hex_digest(node.sha256),
        )
        return Media(ref, "voice" if node.voice else kind, node.caption or "")

    return read


def _location(message: wire.Message, _: Context) -> Event:
    node = message.location
    if node is None:
        return _unsupported("location")
    return Pin(node.latitude, node.longitude, node.name or "", node.address or "")


def _contacts(message: wire.Message, context: Context) -> Event:
    text = own_or_text(message.contacts or (), context.senders, context.contact)
    return Text(text) if text else Unsupported("contact")


def _interactive(message: wire.Message, _: Context) -> Event:
    node = message.interactive
    chosen = (node.button_reply or node.list_reply) if node else None
    if chosen is None:
        return _unsupported((node.type if node else None) or "interactive")
    return Tap(chosen.id, chosen.title or "")


def _button(message: wire.Message, _: Context) -> Event:
    """A template's quick reply: Meta repeats its label as payload, unless the template set another one."""
    node = message.button
    if node is None or not (node.payload or node.text):
        return _unsupported("button")
    if node.text and node.payload in (None, "", node.text):
        return Text(node.text)
    return Tap(node.payload or "", node.text or "")


def _system(message: wire.Message, _: Context) -> Event | None:
    changed = message.system is not None and message.system.type in (
        "user_changed_number",
        "user_changed_user_id",
    )
    return Moved() if changed else None


def _edit(message: wire.Message, _: Context) -> Event:
    node = message.edit
    if node is None:
        return _unsupported("edit")
    return Edited(node.original_message_id, _new_words(node.message or wire.EditedNode()))


def _new_words(node: wire.EditedNode) -> str:
    if node.text is not None:
        return node.text.body
    media = node.image or node.video or node.document
    return (media.caption if media else None) or ""


def _revoke(message: wire.Message, _: Context) -> Event:
    return Revoked(message.revoke.original_message_id) if message.revoke else _unsupported("revoke")


_READERS: Final[dict[str, Callable[[wire.Message, Context], Event | None]]] = {
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
