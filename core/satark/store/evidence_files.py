"""The `file` table: files of evidence. Each is due to be fetched, or is sealed, or is lost."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, TypeAlias

import msgspec
from cryptography.exceptions import InvalidTag
from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, Engine, Row, bindparam, delete, func, select, union, update

from satark.dialogue.session import FileNotice, MediaJob
from satark.identity.edge_key import BrokenSeal, Identity
from satark.identity.random_bytes import random_bytes
from satark.identity.signatures import box_for
from satark.store import deliveries, envelopes, tables, tip_changes
from satark.store.tables import file, tip
from satark.store.unit_of_work import CLOCKS_APART, UnitOfWork, due_in
from satark_files.decoding import DECODING_ERRORS

FETCH_LEASE = CLOCKS_APART + 30
"""Seconds that a claim on a file lasts, by whichever clock. A process renews its claims, so that only a dead one loses
them; should a living one lose it, nothing that it does counts any more (`_claimed`)."""
CRASH_LEASE = 300
"""The same of a file that was claimed `_CRASHES` times, unless it is renewed: it may kill who opens it."""
_CRASHES = 3

Sizes: TypeAlias = Mapping[str, int]
"""Sealed form of a file → its size in bytes in the store of files."""

_CONTENT: Final = 16
"""Size in bytes of each half of `MediaJob.content`."""
_ORIGIN_USE: Final = "satark/1/origin"
_NONCE: Final = 12

_NOTICE = "notice: "
"""Prefix of a file's `reason` while a notice about it waits for its tipster."""
_UNCLEANED = "uncleaned"
"""Prefix of the `reason` of a file that could not be cleaned; the file's position follows. It is never removed."""


def ordinal_order(ordinal: str) -> tuple[int, str]:
    """Return the sort key of a file's ordinal: `2` comes before `10`."""
    return len(ordinal), ordinal


def name(tip: str, ordinal: str) -> str:
    """Return the name of a file's sealed copies in the store of files, without their forms."""
    return f"{tip}-{ordinal}"


def add(unit: UnitOfWork, jobs: Sequence[MediaJob], identity: Identity) -> None:
    """Add files that are due to be fetched. A job says where to fetch its file, and is sealed under the edge key."""
    unit.insert(file, [_row(unit, job, identity) for job in jobs])


def _row(unit: UnitOfWork, job: MediaJob, identity: Identity) -> dict[str, object]:
    place = name(job.tip, job.ordinal).encode()
    return {
        "tip": job.tip,
        "ordinal": job.ordinal,
        "state": "due",
        "job": identity.seal(_encode(job), place),
        "record": b"",
        "content": job.content or random_bytes(2 * _CONTENT),
        "attempts": 0,
        "due_at": unit.now,
        "reason": "",
    }


def delete_files(unit: UnitOfWork, tip: str, ordinals: Sequence[str] | None = None) -> list[str]:
    """Delete the rows of a tip's files (all of them, or these); return the names of the sealed copies.

    Call `satark.custody.log.erase_files` instead: it also writes the erasure into the custody log.
    """
    where = [file.c.tip == tip]
    if ordinals is not None:
        where.append(file.c.ordinal.in_(ordinals))
    return [name(row.tip, row.ordinal) for row in unit.main.execute(delete(file).where(*where).returning(file))]


def count_files(connection: Connection, tip: str) -> int:
    return connection.execute(select(func.count()).select_from(file).where(file.c.tip == tip)).scalar_one()


def contents(connection: Connection, tip: str) -> dict[bytes, str]:
    """Return what stands for the contents of a tip's files (`MediaJob.content`) → their ordinals, but of lost ones."""
    query = select(file.c.content, file.c.ordinal).where(file.c.tip == tip, file.c.state != "lost")
    found = connection.execute(query.order_by(func.length(file.c.ordinal), file.c.ordinal)).all()
    return {half: row.ordinal for row in found for half in (row.content[:_CONTENT], row.content[_CONTENT:])}


def sealed_names(connection: Connection, tip: str) -> list[str]:
    query = select(file.c.ordinal).where(file.c.tip == tip, file.c.state == "sealed")
    return [name(tip, ordinal) for ordinal in connection.execute(query).scalars()]


def highest_ordinal(connection: Connection, tip: str) -> int:
    """Return the highest ordinal of a tip's files, including those that only the custody log still lists; 0 if none."""
    logged = tables.custody
    ordinals = union(
        select(file.c.ordinal).where(file.c.tip == tip),
        select(logged.c.file).where(logged.c.tip == tip, logged.c.file != ""),
    )
    return max(map(int, connection.execute(ordinals).scalars()), default=0)


def lock(unit: UnitOfWork, tip: str) -> None:
    """Wait for transactions that settle a tip's files. Later ones see this one's deliveries, and add a revision."""
    unit.main.execute(select(file.c.ordinal).where(file.c.tip == tip).with_for_update(read=True)).all()


def claim_due(unit: UnitOfWork, identity: Identity, limit: int) -> list[MediaJob]:
    """Claim files that are due. One whose job somebody altered stays due, and is told of as one that waits."""
    rows = unit.main.execute(_DUE.limit(limit), {"now": unit.now}).all()
    lease = {row: FETCH_LEASE if row.attempts < _CRASHES else CRASH_LEASE for row in rows}
    claimed = [
        {"t": row.tip, "o": row.ordinal, "n": row.attempts + 1, "w": lease[row], "due": unit.now + lease[row]}
        for row in rows
    ]
    if claimed:
        unit.main.execute(_CLAIM, claimed)
    return [job for row in rows for job in _opened(row, identity)]


def _opened(row: Row[Any], identity: Identity) -> Iterator[MediaJob]:
    with suppress(BrokenSeal, *DECODING_ERRORS):
        job = _decode(identity.open(row.job, name(row.tip, row.ordinal).encode()))
        yield replace(job, attempt=row.attempts + 1)


def renew_claims(unit: UnitOfWork, jobs: Iterable[MediaJob]) -> None:
    """Renew claims for another `FETCH_LEASE`."""
    due = unit.now + FETCH_LEASE
    unit.main.execute(_RENEW, [{"t": job.tip, "o": job.ordinal, "n": job.attempt, "due": due} for job in jobs])


def renew_claim(unit: UnitOfWork, job: MediaJob) -> bool:
    """Renew a claim, so that nobody else takes the file now. Return False if the claim no longer holds."""
    return _change(unit, job, *_claimed(job), **due_in(FETCH_LEASE, unit.now))


def exists(connection: Connection, job: MediaJob) -> bool:
    """Return whether the tipster has not erased a file."""
    return connection.execute(select(file.c.tip).where(*_is(job))).first() is not None


def is_sent(connection: Connection, tip_id: str) -> bool:
    """Return whether a tip was submitted. If so, its files no longer belong to a draft."""
    return connection.execute(select(tip.c.id).where(tip.c.id == tip_id)).first() is not None


def mark_sealed(
    unit: UnitOfWork, job: MediaJob, record: bytes, record_with_origin: bytes = b"", *, sizes: Sizes
) -> bool:
    """Mark a file as sealed. Return False if the claim no longer holds.

    `record_with_origin` is stored only until the tip is submitted: later the tipster can't be asked about the origin.
    """
    forms = forms_tag(unit.keys, job.tip, job.ordinal, sizes)
    known = envelopes.covered(record=record) | {"record_with_origin": record_with_origin, "forms": forms}
    found = _settle_for_good(unit, job, state="sealed", **known, reason="")
    # Read once this transaction holds the row: a submission either committed before, or will empty the column itself.
    if record_with_origin and is_sent(unit.main, job.tip):
        _change(unit, job, record_with_origin=b"")
    return found


def ordinals_with_origin(connection: Connection, tip_id: str) -> tuple[str, ...]:
    """Return the ordinals of a tip's files whose place or time the tipster has neither disclosed nor withheld."""
    query = select(file.c.ordinal).where(file.c.tip == tip_id, func.length(file.c.record_with_origin) > 0)
    return tuple(sorted(connection.execute(query).scalars(), key=ordinal_order))


def withheld(record: bytes, job: MediaJob) -> bytes:
    """Encrypt a file's record with place and time so that only the tipster's key opens it, when they wish.

    A copy in the record's place is of no use: no desk's key opens it.
    """
    nonce = random_bytes(_NONCE)
    return nonce + box_for(job.tipster_key, _ORIGIN_USE).encrypt(nonce, record, name(job.tip, job.ordinal).encode())


def disclose_origin(unit: UnitOfWork, tip_id: str, ordinals: Sequence[str], tipster_key: str) -> None:
    """Disclose to the desks place and time of these files of a tip; delete place and time of its other files."""
    of_tip, box = file.c.tip == tip_id, box_for(tipster_key, _ORIGIN_USE)
    for ordinal in ordinals:
        this = (of_tip, file.c.ordinal == ordinal)
        sealed: bytes = unit.main.execute(select(file.c.record_with_origin).where(*this)).scalar() or b""
        with suppress(InvalidTag, ValueError):  # nothing was found, or somebody altered it: then it stays unknown
            record = box.decrypt(sealed[:_NONCE], sealed[_NONCE:], name(tip_id, ordinal).encode())
            unit.main.execute(update(file).where(*this).values(envelopes.covered(record=record)))
    unit.main.execute(update(file).where(of_tip).values(record_with_origin=b""))


def mark_lost(unit: UnitOfWork, job: MediaJob, reason: str) -> bool:
    """Mark a file as lost, because it can't be fetched any more. Return False if the claim no longer holds."""
    return _settle_for_good(unit, job, **lost_values(unit.keys, job.tip, job.ordinal), reason=reason)


def forms_tag(keys: Connection | Engine, tip: str, ordinal: str, sizes: Sizes) -> bytes:
    return envelopes.tag(keys, tip, f"forms of {ordinal}: {sorted(sizes.items())}")


def without_forms(main: Connection, keys: Connection, stored: Mapping[str, Sizes]) -> set[tuple[str, str]]:
    """Return the sealed files (tip, ordinal) whose forms in the store of files are others than were sealed.

    `stored`: as `sealed_files.sizes` returns it.
    """
    rows = select(file.c.tip, file.c.ordinal, file.c.forms).where(file.c.state == "sealed")
    found = main.execute(rows.execution_options(yield_per=1000))
    sizes = ((row, stored.get(name(row.tip, row.ordinal), {})) for row in found)
    return {(row.tip, row.ordinal) for row, its in sizes if row.forms != forms_tag(keys, row.tip, row.ordinal, its)}


def lost_values(keys: Connection, tip: str, ordinal: str) -> dict[str, object]:
    return {"state": "lost", **envelopes.covered(record=lost_tag(keys, tip, ordinal))}


def lost_tag(keys: Connection | Engine, tip: str, ordinal: str) -> bytes:
    """Return the record of a lost file. Only the name key makes it: nobody else calls a file lost."""
    return envelopes.tag(keys, tip, f"lost file {ordinal}")


def add_file_notice(unit: UnitOfWork, job: MediaJob, notice: FileNotice) -> None:
    """Store a notice about a file until its tipster can be notified."""
    _change(unit, job, reason=f"{_NOTICE}{notice.what} {notice.megabytes}")


def add_uncleaned_notice(unit: UnitOfWork, job: MediaJob) -> None:
    """Record that a file could not be cleaned. A notice and the review tell its tipster."""
    _change(unit, job, reason=f"{_NOTICE}{_UNCLEANED} {job.position}")


def uncleaned_files(connection: Connection, tip_id: str) -> tuple[int, ...]:
    """Return the positions (`MediaJob.position`) of a tip's files that could not be cleaned."""
    query = select(file.c.reason).where(file.c.tip == tip_id, file.c.reason.contains(f"{_UNCLEANED} "))
    return tuple(sorted(int(reason.split()[-1]) for reason in connection.execute(query).scalars()))


def is_any_due(connection: Connection, tip_id: str) -> bool:
    """Whether a file of a tip must still be fetched or cleaned."""
    query = select(file.c.ordinal).where(file.c.tip == tip_id, file.c.state == "due")
    return connection.execute(query).first() is not None


def pending_file_notices(connection: Connection, tip_id: str) -> tuple[FileNotice, ...]:
    """Return the stored notices about a tip's files."""
    query = (
        select(file.c.reason).where(file.c.tip == tip_id, file.c.reason.startswith(_NOTICE)).order_by(file.c.ordinal)
    )
    found = [reason.removeprefix(_NOTICE).split() for reason in connection.execute(query).scalars()]
    notices = tuple(FileNotice(what, int(megabytes)) for what, megabytes in found if what != _UNCLEANED)
    uncleaned = tuple(sorted(int(position) for what, position in found if what == _UNCLEANED))
    return (*notices, FileNotice(_UNCLEANED, files=uncleaned)) if uncleaned else notices


def clear_file_notices(unit: UnitOfWork, tip_id: str) -> None:
    """Delete the stored notices about a tip's files: the tipster has been notified."""
    waiting = (file.c.tip == tip_id, file.c.reason.startswith(_NOTICE))
    stays = file.c.reason.startswith(f"{_NOTICE}{_UNCLEANED}")
    told = func.substr(file.c.reason, len(_NOTICE) + 1)
    unit.main.execute(update(file).where(*waiting, stays).values(reason=told))
    unit.main.execute(update(file).where(*waiting).values(reason=""))


def retry_later(unit: UnitOfWork, job: MediaJob, seconds: float, reason: str, *, counts: bool = True) -> bool:
    """Make a file due again after so many seconds. Return False if the claim no longer holds.

    `counts`: whether the attempt is used up.
    """
    attempts = file.c.attempts if counts else file.c.attempts - 1
    return _change(unit, job, *_claimed(job), reason=reason, attempts=attempts, **due_in(seconds, unit.now))


def _settle_for_good(unit: UnitOfWork, media_job: MediaJob, /, **values: object) -> bool:
    if unit.main.execute(select(file.c.tip).where(*_claimed(media_job))).first() is None:
        return False
    deliveries.add_revision(unit, media_job.tip)
    settled = _change(unit, media_job, *_claimed(media_job), job=b"", due_at=0, **values)
    tip_changes.note(unit, media_job.tip)
    return settled


def _change(unit: UnitOfWork, media_job: MediaJob, /, *where: ColumnElement[bool], **values: object) -> bool:
    return unit.main.execute(update(file).where(*_is(media_job), *where).values(**values)).rowcount == 1


def _is(job: MediaJob) -> Sequence[ColumnElement[bool]]:
    return file.c.tip == job.tip, file.c.ordinal == job.ordinal


def _claimed(job: MediaJob) -> Sequence[ColumnElement[bool]]:
    # Whoever retries without using up the attempt gives its number back, and nobody else had it.
    return *_is(job), file.c.state == "due", file.c.attempts == job.attempt


_DUE = (
    select(file)
    .where(file.c.state == "due", file.c.due_at <= bindparam("now"))
    .order_by(file.c.due_at)
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    update(file)
    .where(file.c.tip == bindparam("t"), file.c.ordinal == bindparam("o"))
    .values(due_at=bindparam("due"), wait=bindparam("w"), attempts=bindparam("n"))
)
_RENEW = (
    update(file)
    .where(file.c.tip == bindparam("t"), file.c.ordinal == bindparam("o"), file.c.state == "due")
    .where(file.c.attempts == bindparam("n"), file.c.due_at < bindparam("due"))
    .values(due_at=bindparam("due"), wait=FETCH_LEASE)
)

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(MediaJob).decode
