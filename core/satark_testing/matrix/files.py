"""The files of scenarios. The same name gives the same bytes, so that hashes can be compared.

Except for the photo, they are bytes of no known type: the evidence pipeline seals them unopened, and no test waits for
their cleaning.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import Final

from PIL import Image

from satark_testing.dialogue.walking import Photo

_KINDS: Final = {
    "photo": ("image", "image/jpeg"),
    "video": ("video", "video/mp4"),
    "paper": ("document", "application/pdf"),
}


def recording(words: str) -> bytes:
    """Return a recording of these words."""
    return f"\x00a voice says: {words}".encode()


def to_send(name: str, caption: str) -> Photo:
    """Return a file of a scenario, as it is sent."""
    kind, mime = _KINDS[name]
    data = _photo() if name == "photo" else f"\x00a {name}".encode()
    return Photo(data, mime, kind, caption or None)


@cache
def _photo() -> bytes:
    file = BytesIO()
    Image.new("RGB", (24, 16), (90, 60, 30)).save(file, "JPEG")
    return file.getvalue()
