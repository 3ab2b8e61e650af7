"""Files in the store: to be fetched, sealed, or taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import bindparam, delete, func, select, union, update

from satark.dialogue.session import FileNotice, MediaJob
from satark.store import deliveries, tables
from satark.store.tables import file, tip

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from satark.identity.edge_key import Identity
    from satark.store.unit_of_work import UnitOfWork

FETCH_LEASE = 900
"""Seconds that a process has for fetching and sealing a file before another one may try."""


_UNTOLD = "untold: "
"""Begins the reason of a file of which its sender is still to be told."""


def name(tip: str, ordinal: str) -> str:
    """Give the name of a file's sealed copies in the evidence folder, without their endings."""
    return f"{tip}-{ordinal}"


def add(unit: UnitOfWork, keeps: Sequence[MediaJob], identity: Identity) -> None:
    """Remember files to be fetched; where to fetch them from is sealed under the edge key."""
    unit.insert(file, [_row(unit, keep, identity) for keep in keeps])


def _row(unit: UnitOfWork, keep: MediaJob, identity: Identity) -> dict[str, object]:
    place = name(keep.tip, keep.ordinal).encode()
    return {
        "tip": keep.tip,
        "ordinal": keep.ordinal,
        "state": "due",
        "job": identity.seal(_encode(keep), place),
        "record": b"",
        "attempts": 0,
        "due_at": unit.now,
        "reason": "",
    }


def delete_files(unit: UnitOfWork, tip: str, ordinals: Sequence[str] | None = None) -> list[str]:
    """Delete the rows of a tip's files (all of them, or these); return the names of the sealed copies.

    Call `satark.custody.erasure.erase_files`, which writes the erasure into the custody log too.
    """
    where = [file.c.tip == tip]
    if ordinals is not None:
        where.append(file.c.ordinal.in_(ordinals))
    return [name(row.tip, row.ordinal) for row in unit.main.execute(delete(file).where(*where).returning(file))]


def count_files(connection: Connection, tip: str) -> int:
    """Count a tip's files."""
    return connection.execute(select(func.count()).select_from(file).where(file.c.tip == tip)).scalar_one()


def highest_ordinal(connection: Connection, tip: str) -> int:
    """Give the highest ordinal that a file of a tip has or had, as far as anything of it is kept; 0: there is none."""
    logged = tables.custody
    ordinals = union(
        select(file.c.ordinal).where(file.c.tip == tip),
        select(logged.c.file).where(logged.c.tip == tip, logged.c.file != ""),
    )
    return max(map(int, connection.execute(ordinals).scalars()), default=0)


def settled_ordinals(unit: UnitOfWork, tip: str) -> set[str]:
    """Give the ordinals of a tip's files that are sealed or lost; waits for whoever is just settling one."""
    rows = unit.main.execute(select(file.c.ordinal, file.c.state).where(file.c.tip == tip).with_for_update(read=True))
    return {row.ordinal for row in rows if row.state != "due"}


def claim_due(unit: UnitOfWork, identity: Identity, limit: int) -> list[tuple[MediaJob, int]]:
    """Take files that are due; give each with the number of the attempt. Others leave them alone for `FETCH_LEASE`."""
    rows = unit.main.execute(_DUE.limit(limit), {"now": unit.now}).all()
    taken = [{"t": row.tip, "o": row.ordinal, "due": unit.now + FETCH_LEASE, "n": row.attempts + 1} for row in rows]
    if taken:
        unit.main.execute(_CLAIM, taken)
    return [(_decode(identity.open(row.job, name(row.tip, row.ordinal).encode())), row.attempts + 1) for row in rows]


def mark_sealed(unit: UnitOfWork, keep: MediaJob, record: bytes, told: bytes = b"") -> bool:
    """Say that a file is sealed; False where it was taken back meanwhile, and its copies must be erased.

    `told` is the record that also says where and when: kept only while the tipster can still be asked about it.
    """
    kept = _settle_for_good(unit, keep, state="sealed", record=record, told=told, reason="")
    # Asked after the row is ours: whoever hands the tip in meanwhile has either gone before, or erases it.
    if told and unit.main.execute(select(tip.c.id).where(tip.c.id == keep.tip)).first():
        _settle(unit, keep, told=b"")
    return kept


def ordinals_with_origin(connection: Connection, tip_id: str) -> tuple[str, ...]:
    """Give the ordinals of a tip's files that say where or when they were taken, as far as nobody decided on it."""
    query = select(file.c.ordinal).where(file.c.tip == tip_id, func.length(file.c.told) > 0)
    return tuple(sorted(connection.execute(query).scalars(), key=lambda ordinal: (len(ordinal), ordinal)))


def disclose_origin(unit: UnitOfWork, tip_id: str, ordinals: Sequence[str]) -> None:
    """Let the desks know where and when these files of a tip were taken; of all others, forget it."""
    here = file.c.tip == tip_id
    if ordinals:
        released = (here, file.c.ordinal.in_(ordinals), func.length(file.c.told) > 0)
        unit.main.execute(update(file).where(*released).values(record=file.c.told))
    unit.main.execute(update(file).where(here).values(told=b""))


def mark_lost(unit: UnitOfWork, keep: MediaJob, reason: str) -> bool:
    """Say that a file can't be had any more."""
    return _settle_for_good(unit, keep, state="lost", reason=reason)


def add_notice(unit: UnitOfWork, keep: MediaJob, pending_notices: FileNotice) -> None:
    """Remember what its sender is still to be told of a file."""
    _settle(unit, keep, reason=f"{_UNTOLD}{pending_notices.what} {pending_notices.megabytes}")


def pending_notices(connection: Connection, tip_id: str) -> tuple[FileNotice, ...]:
    """Give what a tip's sender is still to be told of its files."""
    query = (
        select(file.c.reason).where(file.c.tip == tip_id, file.c.reason.startswith(_UNTOLD)).order_by(file.c.ordinal)
    )
    found = (reason.removeprefix(_UNTOLD).split() for reason in connection.execute(query).scalars())
    return tuple(FileNotice(what, int(megabytes)) for what, megabytes in found)


def clear_notices(unit: UnitOfWork, tip_id: str) -> None:
    """Say that the sender was told."""
    waiting = (file.c.tip == tip_id, file.c.reason.startswith(_UNTOLD))
    unit.main.execute(update(file).where(*waiting).values(reason=""))


def retry_later(unit: UnitOfWork, keep: MediaJob, seconds: float, reason: str) -> bool:
    """Say that a file shall be tried again."""
    return _settle(unit, keep, due_at=unit.now + int(seconds), reason=reason)


def _settle_for_good(unit: UnitOfWork, keep: MediaJob, **values: object) -> bool:
    deliveries.renew(unit, keep.tip)
    settled_ordinals = _settle(unit, keep, job=b"", **values)
    deliveries.complete(unit, keep.tip)
    return settled_ordinals


def _settle(unit: UnitOfWork, keep: MediaJob, **values: object) -> bool:
    where = (file.c.tip == keep.tip, file.c.ordinal == keep.ordinal)
    return unit.main.execute(update(file).where(*where).values(**values)).rowcount == 1


_DUE = (
    select(file)
    .where(file.c.state == "due", file.c.due_at <= bindparam("now"))
    .order_by(file.c.due_at)
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    update(file)
    .where(file.c.tip == bindparam("t"), file.c.ordinal == bindparam("o"))
    .values(due_at=bindparam("due"), attempts=bindparam("n"))
)

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(MediaJob).decode
