"""Draws a receipt's code as a picture, which a tipster who can't write it down can keep or show to a helper.

The picture says nothing about the tip, and nothing about who sent it.
"""

from __future__ import annotations


def draw_receipt(code: str, status_url: str = "") -> bytes:
    """Draw a receipt as a PNG file, in Hindi and English. This takes about 50 ms.

    Args:
        code: the receipt's code, in groups.
        status_url: the address of the page that takes the code, drawn with a QR code; empty if it is not to be drawn.
    """
    from satark.printing.receipt_drawing import draw  # noqa: PLC0415 - few need a picture; its libraries take 15 MB

    return draw(code, status_url)
