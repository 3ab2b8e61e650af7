"""The code is drawn in two rows of two groups."""

from __future__ import annotations

import io

from PIL import Image, ImageChops

from satark.printing.receipt_drawing import draw


def changed_rows(one: str, other: str) -> tuple[int, int]:
    """Return the first and last row of pixels in which the drawings of two codes differ."""
    with Image.open(io.BytesIO(draw(one, ""))) as a, Image.open(io.BytesIO(draw(other, ""))) as b:
        box = ImageChops.difference(a.convert("L"), b.convert("L")).point(_strong).getbbox()
    assert box is not None
    return box[1], box[3]


def _strong(difference: int) -> int:
    """Leave out what the colours of the whole picture change in the rest of it."""
    return 255 if difference > 128 else 0


def test_the_first_two_groups_stand_above_the_last_two() -> None:
    first = changed_rows("1111 2222 3333 4444", "8888 2222 3333 4444")
    last = changed_rows("1111 2222 3333 4444", "1111 2222 3333 8888")
    assert first[1] <= 510 <= last[0]
