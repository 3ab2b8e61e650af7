"""Renders a QR code as an image, to be put into a page or a poster of one's own."""

from __future__ import annotations

import io
from typing import Final, Literal, TypeAlias

from satark.printing.poster.target import QrTarget

Format: TypeAlias = Literal["png", "svg"]

DOTS_PER_INCH: Final = 300
_INCH: Final = 25.4
"""Millimetres."""
_BORDER: Final = 4
"""Modules of the white border around a code (ISO/IEC 18004)."""


def render_qr_code(target: QrTarget, form: Format, millimetres: int) -> bytes:
    """Render a QR code of about this width, including its white border. A PNG is for printing at 300 dots per inch."""
    code = target.code()
    across = code.symbol_size(border=_BORDER)[0]
    out = io.BytesIO()
    if form == "svg":
        code.save(out, kind="svg", border=_BORDER, scale=millimetres / across, unit="mm", light="white")
    else:
        dots = max(1, round(millimetres / _INCH * DOTS_PER_INCH / across))
        code.save(out, kind="png", border=_BORDER, scale=dots, dpi=DOTS_PER_INCH)
    return out.getvalue()
