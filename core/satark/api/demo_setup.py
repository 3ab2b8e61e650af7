"""What a plugin prepares for a demo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from satark.casework import Casework

__all__ = [
    "Prepared",
]


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a plugin prepared."""

    line: str
    """What a person at the terminal needs to know, such as how to sign in."""
    casework: Casework | None = None
    """An opened desk, for the simulator to show how tips arrive there."""
    acting: Casework | None = None
    """The same desk, opened for one of its officers, who acts in the sample week."""
