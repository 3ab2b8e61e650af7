"""Citizens who send only photos, and the photo as Meta's Graph API serves it (Cloud API, "Media")."""

from __future__ import annotations

import asyncio
import base64
import functools
import hashlib
import io
import json
import random
import time
from collections.abc import Callable
from typing import Any, Final

from PIL import Image

from support.bench.citizen import Citizen
from support.bench.results import Counters
from support.bench.whatsapp_webhooks import BotMessage

_ID: Final = "1003383421387256"
_PATH: Final = b"/photo.jpg"
_OF_EACH: Final = 25
"""Number of photos per citizen. A tip may have thirty files."""


class Photographer(Citizen):
    """A citizen who sends photos, whatever the bot answers."""

    def say(self, heard: Callable[[], None]) -> dict[str, Any]:
        """Return the next photo. Its reply is ignored."""
        del heard
        self.number = self.number or self._renew(self)
        digest = base64.b64encode(hashlib.sha256(photo()).digest()).decode()
        return {"type": "image", "image": {"id": _ID, "mime_type": "image/jpeg", "sha256": digest}}

    def receive(self, message: BotMessage) -> None:
        """Ignore the reply."""


class Photographers:
    """Citizens who together send so many photos, a few each."""

    def __init__(self, photos: int, renew: Callable[[Citizen], str]) -> None:
        self._left, self._renew = photos, renew
        self._sender = self._next()
        self.are_accepted = asyncio.Event()
        """Set once the bot has accepted almost all photos; it still has to fetch them."""

    def sender(self) -> Citizen:
        """Return the citizen who sends the next photo."""
        if self._left % _OF_EACH == 0:
            self._sender = self._next()
        self._left -= 1
        return self._sender

    def due(self) -> float | None:
        """Return when the next photo is due: now, or None when all are sent."""
        if self._left > 0:
            return time.perf_counter()
        self.are_accepted.set()
        return None

    def _next(self) -> Citizen:
        return Photographer(Counters(), random.Random(1), self._renew)


@functools.cache
def photo() -> bytes:
    """Return a photo of the usual size on WhatsApp."""
    data = io.BytesIO()
    Image.effect_noise((1600, 1200), 16).convert("RGB").save(data, "JPEG", quality=70)
    return data.getvalue()


def serve(path: bytes, host: bytes) -> bytes:
    """Return the answer to a GET: the photo, or the address of the photo."""
    if path == _PATH:
        return _answer(b"image/jpeg", photo())
    found = {
        "messaging_product": "whatsapp",
        "url": f"http://{host.decode()}{_PATH.decode()}",
        "mime_type": "image/jpeg",
        "sha256": hashlib.sha256(photo()).hexdigest(),
        "file_size": len(photo()),
        "id": _ID,
    }
    return _answer(b"application/json", json.dumps(found).encode())


def _answer(mime: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n%b" % (mime, len(body), body)
