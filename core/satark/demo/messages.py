"""What a chat shows: one bubble a message, or a thing said or pressed in a call."""

from __future__ import annotations

import time
from typing import Literal, TypeAlias

import msgspec

from satark.redacted import Redacted
from satark.testing.whatsapp.sent import Offer, Sent

Kind: TypeAlias = Literal["text", "image", "video", "audio", "voice", "document", "location", "keys"]
Ticks: TypeAlias = Literal["", "sent", "delivered", "read", "failed"]


class Pin(Redacted, frozen=True, kw_only=True):
    """A place on the map, in degrees."""

    latitude: float
    longitude: float
    name: str = ""


class File(Redacted, frozen=True, kw_only=True):
    """A file as the phone sent it."""

    data: bytes
    mime: str
    name: str = ""


class Bubble(Redacted, frozen=True, kw_only=True, omit_defaults=True):
    """One message of a chat, from either side."""

    id: str
    """The provider's id of it, or one of ours."""
    mine: bool
    at: float = msgspec.field(default_factory=time.time)
    """Unix seconds."""
    kind: Kind = "text"
    text: str = ""
    menu: str = ""
    """What opens the list of offers; empty where they are buttons."""
    offers: tuple[Offer, ...] = ()
    rows: tuple[int, ...] = ()
    """How many of the offers stand in each row of a keyboard."""
    asks_place: bool = False
    pin: Pin | None = None
    mime: str = ""
    name: str = ""
    """A document's file name."""
    traces: tuple[str, ...] = ()
    """What a photo says of its owner: see `satark.demo.traces`."""
    ticks: Ticks = ""
    edited: bool = False
    deleted: bool = False


def heard(sent: Sent) -> Bubble:
    """Show what the bot sent."""
    return Bubble(
        id=sent.id,
        mine=False,
        text=sent.text,
        menu=sent.menu_label,
        offers=sent.offers,
        asks_place=sent.kind == "location_request_message",
    )


def kind_of(mime: str, *, voice: bool) -> Kind:
    """Say as what WhatsApp and Telegram send a file of this type."""
    if voice:
        return "voice"
    if mime in ("image/jpeg", "image/png"):
        return "image"
    major = mime.partition("/")[0]
    return "video" if major == "video" else "audio" if major == "audio" else "document"
