"""Charts as SVG, drawn by the server: bars whose numbers stand in a table beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

WIDTH: Final = 560
HEIGHT: Final = 120
_GAP: Final = 2


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """One bar of a chart, in the chart's units."""

    x: float
    y: float
    width: float
    height: float
    number: int


def columns(numbers: Sequence[int]) -> list[Bar]:
    """Return bars side by side, as high as their numbers; none for no numbers."""
    most = max(numbers, default=0) or 1
    step = WIDTH / max(len(numbers), 1)
    return [
        Bar(
            x=round(at * step + _GAP / 2, 1),
            y=round(HEIGHT * (1 - number / most), 1),
            width=round(step - _GAP, 1),
            height=round(HEIGHT * number / most, 1),
            number=number,
        )
        for at, number in enumerate(numbers)
    ]
