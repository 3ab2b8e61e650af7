"""A voice behind a picture is found, whatever the picture's format."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from satark_files.images.after_end import has_more, has_other_boxes

VOICE = b"#!AMR\n" + bytes(range(256))


def picture(kind: str) -> bytes:
    buffer = io.BytesIO()
    frames = [Image.effect_noise((33, 21), 60 + n) for n in range(2)]
    several = {"save_all": True, "append_images": frames[1:]} if kind in {"GIF", "WEBP"} else {}
    frames[0].save(buffer, kind, **several)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP", "BMP"])
def test_what_follows_a_picture_is_found_and_zeros_are_not(kind: str) -> None:
    assert not has_more(picture(kind))
    assert not has_more(picture(kind) + bytes(9))
    assert has_more(picture(kind) + VOICE)


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_picture_without_an_end_may_be_followed_by_anything(kind: str) -> None:
    assert has_more(picture(kind)[:-12])


def box(kind: bytes, content: bytes = b"") -> bytes:
    return (8 + len(content)).to_bytes(4) + kind + content


STILL = box(b"ftyp", b"heic") + box(b"meta") + box(b"mdat", b"pixels")


@pytest.mark.parametrize("after", [VOICE, box(b"mpvd", VOICE), STILL, box(b"moov"), b"\0\0\0\1mdat" + bytes(7)])
def test_what_follows_a_heif_picture_or_is_a_box_of_its_own_is_found(after: bytes) -> None:
    assert not has_other_boxes(STILL)
    assert has_other_boxes(STILL + after)
