"""Odd, hostile and broken WebP: its pixels are written anew."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageSequence

from satark_files.images.webp import WebpScrubber
from satark_files.limits import Limits
from satark_files.scrubber import Unclean
from support.evidence.images import encode, photo
from support.evidence.markers import MARKER_BYTES

WEBP = encode(photo(), "WEBP")


def cleaned(data: bytes, folder: Path, limits: Limits) -> bytes:
    (folder / "in").write_bytes(data)
    assert WebpScrubber().scrub(folder / "in", folder / "out", limits) == "image/webp"
    return (folder / "out").read_bytes()


def frames(data: bytes) -> list[tuple[bytes, int]]:
    with Image.open(io.BytesIO(data)) as picture:
        return [(frame.convert("RGBA").tobytes(), frame.info["duration"]) for frame in ImageSequence.Iterator(picture)]


def hidden_in(data: bytes, kind: bytes) -> bytes:
    """Append a marker to the payload of the last chunk of this type."""
    at = data.rindex(kind) + 4
    length = int.from_bytes(data[at : at + 4], "little")
    extra = b"zqTR" + (14).to_bytes(4, "little") + MARKER_BYTES * 2
    end = at + 4 + length
    body = data[8:at] + (length + len(extra)).to_bytes(4, "little") + data[at + 4 : end] + extra + data[end:]
    return b"RIFF" + len(body).to_bytes(4, "little") + body


ANIMATION = {"save_all": True, "append_images": [photo().rotate(90)], "duration": [70, 130], "lossless": True}


@pytest.mark.parametrize(
    ("kind", "options"),
    [(b"VP8 ", {}), (b"VP8L", {"lossless": True}), (b"ANMF", ANIMATION)],
    ids=["VP8", "VP8L", "ANMF"],
)
def test_bytes_behind_coded_pixels_are_removed_and_every_pixel_stays(
    kind: bytes, options: dict[str, Any], tmp_path: Path, limits: Limits
) -> None:
    data = encode(photo(), "WEBP", **options)
    assert MARKER_BYTES in hidden_in(data, kind)
    assert MARKER_BYTES not in (copy := cleaned(hidden_in(data, kind), tmp_path, limits))
    if kind == b"ANMF":
        assert frames(copy) == frames(data)
    else:
        assert photo_of(copy) == photo_of(data)


def photo_of(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as picture:
        return picture.convert("RGBA").tobytes()


def test_pixels_below_full_transparency_stay(tmp_path: Path, limits: Limits) -> None:
    sticker = photo().convert("RGBA")
    sticker.putalpha(0)
    data = encode(sticker, "WEBP", lossless=True, exact=True)
    assert photo_of(cleaned(data, tmp_path, limits)) == photo_of(data)


@pytest.mark.parametrize("data", [WEBP[:20], WEBP[: len(WEBP) // 2], WEBP[:12] + bytes(40)])
def test_a_broken_webp_is_refused(data: bytes, tmp_path: Path, limits: Limits) -> None:
    with pytest.raises(Unclean, match="damaged"):
        cleaned(data, tmp_path, limits)
