"""Marks of the rows of `delivery`: only the name key makes one, or tells from it what the row's destination gets.

A mark covers the row's id, tip, destination and revision. So nobody who writes rows turns one kind into another: a row
that somebody altered has no mark that counts, and nothing goes out for it. A row of an earlier time still counts, so a
row gives a desk no more than the mark of its envelope (`satark.store.envelopes`) says.
"""

from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import Connection, Engine, select

from satark.store import envelopes
from satark.store.tables import delivery

ALTERED: Final = "somebody altered its row: direct the tip again"
"""The reason of a dead letter whose mark does not count."""
Kind: TypeAlias = Literal["cover", "release", "tip"]
"""What a row's destination gets: nothing, an office only a release, or the tip (or a notification, or an order)."""
_KINDS: Final[tuple[Kind, ...]] = ("cover", "tip", "release")
COLUMNS: Final = [delivery.c[name] for name in ("id", "tip", "destination", "revision", "mark")]


def mark(keys: Connection | Engine, kind: Kind, *, id_: bytes, tip: str, destination: str, revision: int) -> bytes:
    return envelopes.tag(keys, tip, f"{kind} {destination} {revision} {id_.hex()}")


def mark_of(keys: Connection | Engine, row: Any, kind: Kind) -> bytes:
    """Return the mark of this kind for a row of `COLUMNS`."""
    return mark(keys, kind, id_=row.id, tip=row.tip, destination=row.destination, revision=row.revision)


def ended_tag(keys: Connection | Engine, row: Any) -> bytes:
    """Return what vouches that a row of `COLUMNS` is done."""
    return envelopes.tag(keys, row.tip, f"done {row.destination} {row.revision} {row.id.hex()}")


def kind_of(keys: Connection | Engine, row: Any) -> Kind | None:
    """Return what the destination of a row of `COLUMNS` gets. None: somebody without the name key altered the row."""
    return next((one for one in _KINDS if row.mark == mark_of(keys, row, one)), None)


def kind_of_id(main: Connection, keys: Connection | Engine, id_: bytes) -> Kind | None:
    """Return what the destination of the row with this id gets, as `kind_of` does."""
    row = main.execute(select(*COLUMNS).where(delivery.c.id == id_)).one_or_none()
    return kind_of(keys, row) if row else None


def is_cover(keys: Connection | Engine, row: Any) -> bool:
    return kind_of(keys, row) == "cover"


def is_given(keys: Connection | Engine, row: Any) -> bool:
    """Return whether a row gives its destination something."""
    return kind_of(keys, row) in {"release", "tip"}
