"""Values whose repr is redacted."""

from __future__ import annotations

import msgspec

__all__ = [
    "Redacted",
]


class Redacted(msgspec.Struct, frozen=True):
    """A value whose `repr` shows no field: what it holds is tip content, or identifies the sender."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"
