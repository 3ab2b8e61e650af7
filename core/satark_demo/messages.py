"""The messages of a chat as the page shows them; in a call, what was said or pressed."""

from __future__ import annotations

import time
from typing import Literal, TypeAlias

import msgspec

from satark.api.redacted import Redacted
from satark_testing.whatsapp.messages import Offer

MessageKind: TypeAlias = Literal["text", "image", "video", "audio", "voice", "document", "location", "keys"]
Ticks: TypeAlias = Literal["", "sent", "delivered", "read", "failed"]


class Pin(Redacted, frozen=True, kw_only=True):
    """A location, in degrees."""

    latitude: float
    longitude: float
    name: str = ""


class SentFile(Redacted, frozen=True, kw_only=True):
    """A file as the phone sent it, before anything is removed from it."""

    data: bytes
    mime: str
    name: str = ""


class ChatMessage(Redacted, frozen=True, kw_only=True, omit_defaults=True):
    """One message of a chat, from the citizen or from the service."""

    id: str
    """The provider's message id, or one that the simulator made up."""
    mine: bool
    """Whether the citizen sent it."""
    at: float = msgspec.field(default_factory=time.time)
    """Unix seconds."""
    kind: MessageKind = "text"
    text: str = ""
    menu: str = ""
    """Label of the button that opens the list of offers; empty where the offers are buttons themselves."""
    offers: tuple[Offer, ...] = ()
    rows: tuple[int, ...] = ()
    """Number of offers in each row of an inline keyboard."""
    asks_location: bool = False
    pin: Pin | None = None
    mime: str = ""
    name: str = ""
    """A document's file name."""
    metadata: tuple[str, ...] = ()
    """Identifying metadata of a photo: see `satark_demo.photo_metadata`."""
    ticks: Ticks = ""
    edited: bool = False
    deleted: bool = False


def kind_of(mime: str, *, voice: bool) -> MessageKind:
    """Return the kind of message as which WhatsApp and Telegram send a file of this MIME type."""
    if voice:
        return "voice"
    if mime in ("image/jpeg", "image/png"):
        return "image"
    major = mime.partition("/")[0]
    return "video" if major == "video" else "audio" if major == "audio" else "document"
