"""Values that keep quiet about what they hold."""

from __future__ import annotations

import msgspec


class Redacted(msgspec.Struct, frozen=True):
    """A value that never shows its fields: what it holds is tip content, or leads to the sender."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"
