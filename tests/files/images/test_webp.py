"""Odd, hostile and broken WebP, at the level of its chunks."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from satark_files.images import webp
from satark_files.limits import Limits
from satark_files.scrubber import Cleaned, Unclean
from satark_files.scrubbers import builtin_scrubbers
from satark_files.sniff import sniff_file
from support.evidence.images import encode, exif, photo
from support.evidence.markers import MARKER_BYTES

WEBP = encode(photo(), "WEBP")


@pytest.mark.parametrize("kind", [b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM"])
def test_chunks_after_the_image_are_removed(kind: bytes, make: Callable[[str], Path]) -> None:
    for name in ("webp", "webp-lossless"):
        data = make(name).read_bytes()
        size = int.from_bytes(data[4:8], "little")
        body = data[8 : 8 + size] + kind + (14).to_bytes(4, "little") + MARKER_BYTES * 2
        assert MARKER_BYTES not in webp.strip_metadata(b"RIFF" + len(body).to_bytes(4, "little") + body)


@pytest.mark.parametrize("data", [b"", WEBP[:20], WEBP[:-1], b"RIFX" + WEBP[4:], WEBP[:16] + b"\xff" + WEBP[17:]])
def test_a_broken_webp_is_refused(data: bytes) -> None:
    with pytest.raises(Unclean, match="damaged"):
        webp.strip_metadata(data)


def test_nothing_hides_between_the_frames_of_an_animation() -> None:
    data = encode(photo(), "WEBP", save_all=True, append_images=[photo().rotate(90)])
    at = data.index(b"ANMF")
    length = int.from_bytes(data[at + 4 : at + 8], "little")
    extra = b"zqTR" + len(MARKER_BYTES).to_bytes(4, "little") + MARKER_BYTES + b"\0"
    body = data[8 : at + 4] + (length + len(extra)).to_bytes(4, "little") + data[at + 8 : at + 8 + length] + extra
    hidden = b"RIFF" + (len(body) + len(data) - at - 8 - length).to_bytes(4, "little") + body + data[at + 8 + length :]
    assert MARKER_BYTES in hidden
    assert webp.strip_metadata(hidden) == webp.strip_metadata(data)


def test_a_copy_that_could_be_cleaned_further_is_refused(
    tmp_path: Path, limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webp, "strip_metadata", lambda data: data + MARKER_BYTES)
    (tmp_path / "in").write_bytes(WEBP)
    with pytest.raises(Unclean, match="damaged"):
        webp.WebpScrubber().scrub(tmp_path / "in", tmp_path / "out", limits)


LARGE = photo(size=(640, 480))


def salvaged(data: bytes, folder: Path, limits: Limits) -> Cleaned:
    source = folder / "source"
    source.write_bytes(data)
    scrubber = next(one for one in builtin_scrubbers() if sniff_file(source) in one.mimes)
    mime = scrubber.scrub(source, folder / "target", limits)
    copy = (folder / "target").read_bytes()
    assert sniff_file(folder / "target") == mime
    assert MARKER_BYTES not in copy
    assert b"Exif" not in copy
    return mime if isinstance(mime, Cleaned) else Cleaned(mime)


FORMS: Mapping[str, Mapping[str, Any]] = {
    "webp": {"form": "WEBP", "quality": 90},
    "webp lossless": {"form": "WEBP", "lossless": True},
    "avif": {"form": "AVIF"},
}


@cache
def large(form: str) -> bytes:
    """Encode the large image, which takes a while: not when the tests are collected."""
    return encode(LARGE, exif=exif(1), **FORMS[form])


def test_a_webp_image_that_lacks_only_metadata_is_cleaned_without_loss(tmp_path: Path, limits: Limits) -> None:
    whole = large("webp lossless")
    assert salvaged(whole[:-30], tmp_path, limits).readable == 100
    with Image.open(tmp_path / "target") as copy, Image.open(io.BytesIO(whole)) as original:
        assert copy.tobytes() == original.tobytes()
