"""What a run of the canary found."""

from __future__ import annotations

import msgspec


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a run of the canary found. It holds no identifier."""

    finds: tuple[str, ...]
    """One sentence a find: which kind of identifier, in which encoding, in which place; or what else is wrong."""
    places: int
    """Files, tables, outputs and messages that were searched."""
    searched_bytes: int
    identifiers: int
    kinds: int
    needles: int
    """Byte strings that were searched for: every identifier in every encoding, and its parts."""
    interrupted: tuple[str, ...] = ()
    """Visits of tipsters that ended early, by the class of their error: what they would have left is not searched."""
    left_out: tuple[str, ...] = ()
    """What is not searched, and why."""

    def __str__(self) -> str:
        lines = [*self.finds, *(f"a tipster got lost: {what}" for what in self.interrupted)]
        lines += [f"left out: {what}" for what in self.left_out]
        lines.append(
            f"{len(self.finds)} hits: {self.identifiers} identifiers of {self.kinds} kinds, as {self.needles} byte "
            f"strings, in {self.places} places with {self.searched_bytes} bytes"
        )
        return "\n".join(lines)
