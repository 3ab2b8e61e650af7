"""Odd, hostile and broken WebP, at the level of its chunks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from satark_files.images import webp
from satark_files.limits import Limits
from satark_files.scrubber import Unclean
from support.evidence.images import encode, photo
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
