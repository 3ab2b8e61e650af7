"""Draws a receipt's code as a picture, which a tipster who can't write it down can keep or show to a helper.

The picture shows nothing about the tip or its sender.
"""

import io
from typing import Final

import segno
from PIL import Image, ImageDraw, ImageFont

from satark.printing.fonts import BOLD, REGULAR

_WIDTH, _HEIGHT, _MARGIN = 1080, 1080, 70
_INK, _PAPER, _GREY = "#111111", "#ffffff", "#444444"
_TITLE, _CODE, _SMALL = 56, 150, 40
_COLOURS: Final = 16
_LINES: Final = (
    ("गुप्त कोड · Secret code", _TITLE, BOLD, _INK, 60),
    ("किसी अनजान को न दिखाएँ", _SMALL, REGULAR, _GREY, 150),
    ("Show it to nobody but a helper you trust", _SMALL, REGULAR, _GREY, 205),
)
"""The lines of a receipt: text, size, font, colour, and distance from the top in pixels."""


def draw_receipt(code: str, status_url: str = "") -> bytes:
    """Draw a receipt as a PNG file, in Hindi and English. This takes about 50 ms.

    `status_url`: the address of the page that takes the code, drawn with a QR code; empty: it is not drawn.
    """
    image = Image.new("RGB", (_WIDTH, _HEIGHT), _PAPER)
    draw = ImageDraw.Draw(image)
    for text, size, font, colour, top in _LINES:
        draw.text((_MARGIN, top), text, colour, ImageFont.truetype(font, size))
    groups = code.split()
    for at, row in enumerate((groups[:2], groups[2:])):
        draw.text((_MARGIN, 310 + 200 * at), "  ".join(row), _INK, ImageFont.truetype(BOLD, _CODE))
    _draw_way_back(image, draw, status_url)
    made = io.BytesIO()
    image.quantize(_COLOURS).save(made, "PNG", optimize=True)
    return made.getvalue()


def _draw_way_back(image: Image.Image, draw: ImageDraw.ImageDraw, status_url: str) -> None:
    """Draw the way back to the tip: the QR code of the status page, and its address."""
    if not status_url:
        return
    qr = io.BytesIO()
    segno.make_qr(status_url).save(qr, kind="png", scale=8, border=2)
    with Image.open(qr) as code:
        square = code.convert("RGB").resize((300, 300), Image.Resampling.NEAREST)
    image.paste(square, (_MARGIN, 740))
    font = ImageFont.truetype(REGULAR, _SMALL)
    draw.text((_MARGIN + 340, 800), "स्थिति · Status", _INK, font)
    draw.text((_MARGIN + 340, 860), status_url.removeprefix("https://")[:32], _GREY, font)
