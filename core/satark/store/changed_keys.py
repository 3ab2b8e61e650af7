"""The column `tip.key_changes`, which names the desks that renewed a tip's key, and so have the tip.

The column is sealed under the name key and has one size for all tips. When a desk changes its key, every row is sealed
anew. So neither one copy of the main database nor two tell which tips a desk has. Before any tip has a new key, all
rows are empty. If a row needs more room, all rows get it first, some in each transaction, in the order of their ids.
"""

import os
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from sqlalchemy import Connection, func, select, update

from satark.store import envelopes
from satark.store.tables import tip
from satark.store.unit_of_work import UnitOfWork

_NONCE, _LENGTH, _MAC = 12, 4, 16
_LEAST: Final = 4096
"""Least size in bytes of the content, padded to a power of two: one post-quantum recipient takes 2,000."""
AT_ONCE: Final = 16
"""Most tips whose keys one transaction changes, so that turns need not wait long for it; a power of two."""
ALTERED: Final = b"\xc1"
"""A byte with which no MessagePack value begins."""
_LAST: Final = 8
"""Number of last rows that show whether all have room: a tip that comes among them may have room before others."""


class NoRoom(Exception):  # noqa: N818 - it reads as what it says
    """A change does not fit into the rows as they are. `Services` gives them room and runs the write again."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


def read(unit: UnitOfWork, tip_id: str) -> bytes | None:
    """Return the changes of a tip's keys as `store` got them; None: there is no such tip."""
    stored = unit.main.execute(select(tip.c.key_changes).where(tip.c.id == tip_id)).scalar()
    return None if stored is None else opened(unit.keys, tip_id, stored)


def opened(keys: Connection, tip_id: str, stored: bytes) -> bytes:
    """Return the changes in a tip's column; bytes that nobody can decode if it is not sealed under the name key."""
    try:
        plain = _box(keys, tip_id).decrypt(stored[:_NONCE], stored[_NONCE:], None)
    except (InvalidTag, ValueError):
        return stored and ALTERED
    return plain[_LENGTH : _LENGTH + int.from_bytes(plain[:_LENGTH])]


def store(unit: UnitOfWork, tip_id: str, changes: bytes) -> None:
    """Store the changes of a tip's keys.

    Raises:
        NoRoom: the changes take more room than the rows have.
    """
    needed, last = size_for(len(changes)), _LENGTH_OF.order_by(tip.c.id.desc()).limit(_LAST)
    others = unit.main.execute(last.where(tip.c.id != tip_id)).scalars()
    if needed > min(map(_content, others), default=needed):
        raise NoRoom(needed)
    _write(unit, tip_id, changes, needed)


def grow(unit: UnitOfWork, after: str, size: int) -> str:
    """Give some rows behind an id content of `size` bytes. Return the last one's id; empty: all rows have that size."""
    lacking = (tip.c.id > after, func.length(tip.c.key_changes) < _NONCE + size + _MAC)
    tips = unit.main.execute(select(tip.c.id).where(*lacking).order_by(tip.c.id).limit(AT_ONCE)).scalars().all()
    return seal_again(unit, tips, size)[-1] if tips else ""


def first(unit: UnitOfWork, tip_id: str) -> bytes:
    """Return the column of a new tip, without changes, in the size of the first tip's, which gets room first."""
    size = unit.once(_size_of_first)
    return sealed(unit.keys, tip_id, b"", size) if size else b""


def _size_of_first(unit: UnitOfWork) -> int:
    return _content(unit.main.execute(_LENGTH_OF.order_by(tip.c.id).limit(1)).scalar())


def seal_again(unit: UnitOfWork, of: Sequence[str] | None = None, size: int = 0) -> Sequence[str]:
    """Seal the column of these tips, or of all, anew, with content of at least `size` bytes; return the tips' ids."""
    query = select(tip.c.id) if of is None else select(tip.c.id).where(tip.c.id.in_(of))
    # Locked in a statement of its own: no change that another transaction makes meanwhile is written over.
    tips = unit.main.execute(query.order_by(tip.c.id).with_for_update()).scalars().all()
    for one in tips:
        _write(unit, one, read(unit, one) or b"", size)
    return tips


def _content(length: int | None) -> int:
    """Return the size in bytes of the content in a column of this size."""
    return max(0, (length or 0) - _NONCE - _MAC)


def _write(unit: UnitOfWork, tip_id: str, changes: bytes, size: int = 0) -> None:
    """Seal a tip's column in its present size or a greater one. An empty column stays empty."""
    row = tip.c.id == tip_id
    if size := max(size, _content(unit.main.execute(_LENGTH_OF.where(row)).scalar())):
        unit.main.execute(update(tip).where(row).values(key_changes=sealed(unit.keys, tip_id, changes, size)))


def size_for(length: int) -> int:
    """Return the size of the content that has room for changes of this size."""
    return max(_LEAST, 1 << (_LENGTH + length - 1).bit_length())


def sealed(keys: Connection, tip_id: str, changes: bytes, size: int) -> bytes:
    """Seal a tip's column, with content padded to a size."""
    nonce, plain = os.urandom(_NONCE), (len(changes).to_bytes(_LENGTH) + changes).ljust(size, b"\0")
    return nonce + _box(keys, tip_id).encrypt(nonce, plain, None)


def _box(keys: Connection, tip_id: str) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(b"".join(envelopes.tag(keys, tip_id, f"key changes {half}") for half in (1, 2)))


_LENGTH_OF = select(func.length(tip.c.key_changes))
