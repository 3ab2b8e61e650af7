"""The messages of a chat as the page shows them. In a call, a message is a spoken text or the pressed keys."""

import io
import time
from collections.abc import Iterator
from typing import Literal, TypeAlias

import msgspec
from PIL import ExifTags, Image, UnidentifiedImageError

from satark.api.observability import Redacted
from satark_testing.whatsapp.messages import Offer

MessageKind: TypeAlias = Literal[
    "text", "image", "video", "audio", "voice", "document", "location", "keys", "call", "spoken"
]
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
    """Whether the citizen sent the message."""
    at: float = msgspec.field(default_factory=time.time)
    """Unix seconds."""
    kind: MessageKind = "text"
    text: str = ""
    menu: str = ""
    """Label of the button that opens the list of offers; empty if the offers are buttons themselves."""
    offers: tuple[Offer, ...] = ()
    call: Offer | None = None
    """The button that calls the service, with the data that it returns."""
    rows: tuple[int, ...] = ()
    """Number of offers in each row of an inline keyboard."""
    asks_location: bool = False
    pin: Pin | None = None
    mime: str = ""
    name: str = ""
    """A document's file name."""
    metadata: tuple[str, ...] = ()
    """Identifying metadata of a photo, as `identifying_metadata` returns it."""
    ticks: Ticks = ""
    edited: bool = False
    deleted: bool = False


def kind_of(mime: str, *, voice: bool) -> MessageKind:
    """Return the kind of message (image, video, …) in which WhatsApp and Telegram send a file of this MIME type."""
    if voice:
        return "voice"
    if mime in ("image/jpeg", "image/png"):
        return "image"
    major = mime.partition("/")[0]
    return "video" if major == "video" else "audio" if major == "audio" else "document"


_MAIN_TAGS = (ExifTags.Base.Model, ExifTags.Base.Artist)
_EXIF_TAGS = (ExifTags.Base.DateTimeOriginal, ExifTags.Base.BodySerialNumber)


def identifying_metadata(data: bytes) -> tuple[str, ...]:
    """Return place, device, owner, time and serial number from the EXIF data of a picture; empty if it has none."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            return tuple(_entries(image.getexif()))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return ()


def _entries(exif: Image.Exif) -> Iterator[str]:
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    if ExifTags.GPS.GPSLatitude in place and ExifTags.GPS.GPSLongitude in place:
        latitude, longitude = place[ExifTags.GPS.GPSLatitude], place[ExifTags.GPS.GPSLongitude]
        yield f"GPS {_degrees(latitude):.5f}, {_degrees(longitude):.5f}"
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    for ifd, tags in ((exif, _MAIN_TAGS), (inner, _EXIF_TAGS)):
        yield from (str(ifd[tag]) for tag in tags if tag in ifd)


def _degrees(parts: tuple[float, float, float]) -> float:
    degrees, minutes, seconds = parts
    return float(degrees + minutes / 60 + seconds / 3600)
