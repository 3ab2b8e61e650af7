"""The picture of a receipt shows the code, and the way back if there is one."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops

from satark.printing.receipt_picture import draw_receipt

CODE = "1234 5678 9012 3456"


@pytest.mark.slow("a third of a second of a processor")
def test_the_picture_is_a_square_without_metadata_and_depends_on_the_code() -> None:
    drawn = draw_receipt(CODE)
    with Image.open(io.BytesIO(drawn)) as picture:
        assert (picture.format, picture.size, picture.info.keys() - {"transparency"}) == ("PNG", (1080, 1080), set())
    assert draw_receipt(CODE) == drawn != draw_receipt("1234 5678 9012 3457")


@pytest.mark.slow("a third of a second of a processor")
def test_only_an_address_adds_a_way_back() -> None:
    def lower_part(url: str) -> Image.Image:
        with Image.open(io.BytesIO(draw_receipt(CODE, url))) as picture:
            return picture.convert("L").crop((0, 720, 1080, 1080))

    assert lower_part("").getextrema() == (255, 255)
    shown = ImageChops.invert(lower_part("https://tips.example/status")).getbbox()
    assert shown is not None


def changed_rows(one: str, other: str) -> tuple[int, int]:
    """Return the first and last row of pixels in which the drawings of two codes differ."""
    with Image.open(io.BytesIO(draw_receipt(one, ""))) as a, Image.open(io.BytesIO(draw_receipt(other, ""))) as b:
        box = ImageChops.difference(a.convert("L"), b.convert("L")).point(_strong).getbbox()
    assert box is not None
    return box[1], box[3]


def _strong(difference: int) -> int:
    """Leave out what the colours of the whole picture change in the rest of it."""
    return 255 if difference > 128 else 0


@pytest.mark.slow("a third of a second of a processor")
def test_the_first_two_groups_stand_above_the_last_two() -> None:
    first = changed_rows("1111 2222 3333 4444", "8888 2222 3333 4444")
    last = changed_rows("1111 2222 3333 4444", "1111 2222 3333 8888")
    assert first[1] <= 510 <= last[0]
