"""A receipt's code as a picture, for a tipster who can't write it down, to be kept or shown to a helper.

It says nothing of the tip and nothing of who sent it.
"""

from __future__ import annotations


def draw_receipt(code: str, status_url: str = "") -> bytes:
    """Draw a receipt as a PNG file, in Hindi and English. Takes some 50 ms.

    Args:
        code: the receipt's code, in groups.
        status_url: the address of the page that takes the code, which a QR code beside it opens; empty: none.
    """
    from satark.printing.receipt_drawing import draw  # noqa: PLC0415 - few need a picture; its libraries take 15 MB

    return draw(code, status_url)
