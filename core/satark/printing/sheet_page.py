"""What stands on a page of a sheet."""

from __future__ import annotations

import msgspec


class SheetPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page, in one language. Rows without a text are left out."""

    heading: str
    title: str
    rows: tuple[tuple[str, str], ...]
    """Label and text."""
    closing: tuple[str, ...] = ()
    """Lines at the end, such as for a signature, to the right."""
    footer: str = ""

    def __repr__(self) -> str:
        return "SheetPage(…)"
