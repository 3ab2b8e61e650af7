"""The picture of a receipt shows the code, and a way back where there is one."""

from __future__ import annotations

import io

from PIL import Image, ImageChops

from satark.printing.receipt_picture import draw_receipt

CODE = "1234 5678 9012 3456"


def test_the_picture_is_a_square_without_metadata_and_depends_on_the_code() -> None:
    drawn = draw_receipt(CODE)
    with Image.open(io.BytesIO(drawn)) as picture:
        assert (picture.format, picture.size, picture.info.keys() - {"transparency"}) == ("PNG", (1080, 1080), set())
    assert draw_receipt(CODE) == drawn != draw_receipt("1234 5678 9012 3457")


def test_only_an_address_adds_a_way_back() -> None:
    def lower_part(url: str) -> Image.Image:
        with Image.open(io.BytesIO(draw_receipt(CODE, url))) as picture:
            return picture.convert("L").crop((0, 720, 1080, 1080))

    assert lower_part("").getextrema() == (255, 255)
    shown = ImageChops.invert(lower_part("https://tips.example/status")).getbbox()
    assert shown is not None
