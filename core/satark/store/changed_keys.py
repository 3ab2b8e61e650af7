"""The column `tip.key_changes`, which names the desks that renewed a tip's key, and so have the tip.

It is sealed under the name key, with one size for all tips; and when a desk changes its key, every row is sealed anew.
So neither one copy of the main database nor two tell which tips a desk has. Before any tip has a new key, all rows are
empty.
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
"""Content is padded to a power of two of bytes, at least so many: a post-quantum recipient alone takes 2,000."""


def read(unit: UnitOfWork, tip_id: str) -> bytes | None:
    """Return the changes of a tip's keys as `store` got them; None: there is no such tip."""
    stored = unit.main.execute(select(tip.c.key_changes).where(tip.c.id == tip_id)).scalar()
    return None if stored is None else opened(unit.keys, tip_id, stored)


def opened(keys: Connection, tip_id: str, stored: bytes) -> bytes:
    """Return the changes in a tip's column. What does not open is returned as it is: check it."""
    try:
        plain = _box(keys, tip_id).decrypt(stored[:_NONCE], stored[_NONCE:], None)
    except (InvalidTag, ValueError):
        return stored
    return plain[_LENGTH : _LENGTH + int.from_bytes(plain[:_LENGTH])]


def store(unit: UnitOfWork, tip_id: str, changes: bytes) -> None:
    """Store the changes of a tip's keys. If they take more room than those of all others, every row gets as much."""
    size, needed = _size(unit), size_for(len(changes))
    if needed > size:
        seal_again(unit, size=needed)
    _write(unit, tip_id, changes, max(needed, size))


def first(unit: UnitOfWork, tip_id: str) -> bytes:
    """Return the column of a new tip, without changes: it looks like that of every other tip."""
    size = _size(unit)
    return sealed(unit.keys, tip_id, b"", size) if size else b""


def seal_again(unit: UnitOfWork, of: Sequence[str] | None = None, size: int = 0) -> Sequence[str]:
    """Seal the column of these tips, or of all, anew, with content of at least so many bytes; return the tips' ids."""
    query = select(tip.c.id) if of is None else select(tip.c.id).where(tip.c.id.in_(of))
    # Locked in a statement of its own: no change that another transaction makes meanwhile is written over.
    tips = unit.main.execute(query.order_by(tip.c.id).with_for_update()).scalars().all()
    size = max(size, _size(unit))
    for one in tips if size else ():
        _write(unit, one, read(unit, one) or b"", size)
    return tips


def _size(unit: UnitOfWork) -> int:
    """Return the bytes of each row's content; 0: all rows are empty."""
    found = unit.main.execute(select(func.length(tip.c.key_changes)).limit(1)).scalar()
    return max(0, (found or 0) - _NONCE - _MAC)


def _write(unit: UnitOfWork, tip_id: str, changes: bytes, size: int) -> None:
    column = sealed(unit.keys, tip_id, changes, size)
    unit.main.execute(update(tip).where(tip.c.id == tip_id).values(key_changes=column))


def size_for(length: int) -> int:
    """Return the size of the content in which changes of so many bytes find room."""
    return max(_LEAST, 1 << (_LENGTH + length - 1).bit_length())


def sealed(keys: Connection, tip_id: str, changes: bytes, size: int) -> bytes:
    """Seal a tip's column, with content of so many bytes."""
    nonce, plain = os.urandom(_NONCE), (len(changes).to_bytes(_LENGTH) + changes).ljust(size, b"\0")
    return nonce + _box(keys, tip_id).encrypt(nonce, plain, None)


def _box(keys: Connection, tip_id: str) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(b"".join(envelopes.tag(keys, tip_id, f"key changes {half}") for half in (1, 2)))
