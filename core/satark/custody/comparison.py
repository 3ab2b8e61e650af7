"""Compares the stores with each other, to find what one of them lacks, as after backups that do not fit together.

Each database counts the accepted tips, and a file in the data folder notes the key store's counts. So an older copy of
either database, or of both, shows how many tips of which day it lacks. Another file notes the most by which more tips
existed or were erased than were counted. That number never falls, unless somebody deletes tips.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy import Connection, delete, exists, select

from satark.custody import chain
from satark.custody.verify_log import LogHead
from satark.services import Services
from satark.store import envelopes, evidence_files, tables, tip_counts
from satark.store.sealed_files import sizes
from satark.store.threads import batches
from satark.store.unit_of_work import UnitOfWork, consistent_snapshot
from satark_files import atomic_files
from satark_files.decoding import DECODING_ERRORS

_KEPT: Final = "tips.kept"
_PADDED: Final = 4096
_AT_ONCE: Final = 500
NAMED: Final = 10
"""Most tips or files that a difference names."""


class Difference(msgspec.Struct, frozen=True):
    """A difference between stores: the number of missing items, and the first of them by number or by name."""

    text: str
    count: int
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        more = ", …" if self.count > len(self.names) else ""
        named = f" ({', '.join(self.names)}{more})" if self.names else ""
        return f"{self.text}: {self.count}{named}"


def compare_stores(services: Services) -> list[Difference]:
    """Compare main database, key store and sealed files at one point.

    Raises:
        SnapshotBusy: the databases are written without a pause.
    """
    desks = _desks(services)
    with consistent_snapshot(services.main, services.keys) as (main, keys):
        found = [*_tips_without_keys(main, keys, desks), *_different_heads(main, keys)]
    return [*find_losses(services), *find_missing(services), *found, *find_missing_files(services)]


class _Noted(msgspec.Struct):
    """The values that this machine noted: the rows of `tip_witness`, and the custody log's head."""

    tips: list[tuple[int, str, int]] = []
    head: str = ""


def find_losses(services: Services) -> list[Difference]:
    """Find accepted tips, and entries of the custody log, that a database lacks because it is an older copy.

    Raises:
        SnapshotBusy: the databases are written without a pause.
    """
    noted = _noted(services)
    if not services.read_keys(lambda keys: services.read(lambda main: _losses(main, keys, noted))):
        return []
    with consistent_snapshot(services.main, services.keys) as (main, keys):  # no tip came between the two reads
        return _losses(main, keys, noted)


def find_missing(
    services: Services, *, note: bool = False, tag: Callable[[str], bytes] | None = None
) -> list[Difference]:
    """Return how many tips somebody deleted, or took from one of their desks. This reads every tip.

    `note`: note the number for `missing_tips`, and the highest surplus to compare with later. `tag`: makes the tag that
    the list of erased tips has of a tip. Who lacks the edge key believes the custody log.

    Raises:
        SnapshotBusy: the databases are written without a pause.
    """
    present = services.read_keys(lambda keys: services.read(lambda main: _surplus(main, keys, tag)))
    most, _ = _kept(services)
    if most is None or present > most:  # a tip may have come between the two reads
        with consistent_snapshot(services.main, services.keys) as (main, keys):
            present = _surplus(main, keys, tag)
    most = max(present, present if most is None else most)
    missing = most - present
    if note:
        atomic_files.replace(services.data_dir / _KEPT, [msgspec.json.encode((most, missing))])
    return [Difference(_MISSING, missing)] if missing else []


def missing_tips(services: Services) -> int:
    """Return how many tips this machine found missing at its last look."""
    return _kept(services)[1]


def note_stores(services: Services) -> None:
    """Note the databases' content in the data folder. Earlier notes stay, even if they lack something now.

    So does what this machine remembers, unless there is no note: then somebody accepted the databases as they are.
    """
    noted, memory = _noted(services), tip_counts.remembered(services.main)
    head, has_head = services.read(lambda main: (LogHead.current(main), _has_head(main, noted)))
    tips = services.read_keys(lambda keys: tip_counts.read(keys, tables.tip_witness))
    if not _file(services).exists():
        memory.accept(tips)
    rows = [(*key, tips) for key, tips in sorted((tips | _counts(noted) | memory.read()).items())]
    note = msgspec.json.encode(_Noted(rows, str(head) if head and has_head else noted.head))
    atomic_files.replace(_file(services), [note.ljust(-(-len(note) // _PADDED) * _PADDED)])  # its size tells nothing
    memory.end()


def note_for_backup(services: Services) -> bytes:
    """Return the note that `note_stores` stores, and on a second line the note of `find_missing`."""
    note_stores(services)
    return b"\n".join(file.read_bytes() for file in _files(services) if file.exists())


def take_over_note(services: Services, note: bytes) -> None:
    """Take over the notes of `note_for_backup` from another machine, except those that this machine has itself."""
    for file, line in zip(_files(services), note.split(b"\n"), strict=False):
        if line and not file.exists():
            atomic_files.replace(file, [line])


def accept_losses(services: Services) -> None:
    """Accept the databases as they are: from then on nobody is told what they lack."""

    def write(unit: UnitOfWork) -> None:
        unit.keys.execute(delete(tables.tip_witness))
        unit.keys.execute(delete(tables.machine_note))
        unit.upsert(tables.tip_witness, [dict(row) for row in unit.main.execute(select(tables.tip_count)).mappings()])

    services.write_now(write)
    for file in _files(services):
        file.unlink(missing_ok=True)


def noted_head(services: Services) -> LogHead | None:
    """Return the head of the custody log that this machine noted last; None: there is none."""
    head = _noted(services).head
    return LogHead.read(head) if head else None


def _file(services: Services) -> Path:
    return services.data_dir / "tips.witness"


def _files(services: Services) -> tuple[Path, Path]:
    return _file(services), services.data_dir / _KEPT


def _kept(services: Services) -> tuple[int | None, int]:
    """Return the highest `_surplus` of this machine's looks (None: there was none), and its missing tips."""
    with suppress(OSError, *DECODING_ERRORS):
        return msgspec.json.decode((services.data_dir / _KEPT).read_bytes(), type=tuple[int, int])
    return None, 0


def _surplus(main: Connection, keys: Connection, tag: Callable[[str], bytes] | None) -> int:
    """Return how many tips have all their rows or were erased, minus the number counted.

    An erased tip counts once, although somebody may put its rows back.
    """
    taken = tip_counts.read(main, tables.tip_count).total()  # first: the key store is committed before the main one
    every = keys.execute(select(tables.erased_tip.c.tag)).scalars()
    listed = {one for one in every if one == tip_counts.erased_entry(keys, one[: envelopes.TAG])}
    log, of = tables.custody.c, tables.tip.c.id
    entry = log.entry.in_([*map(chain.erasure_commitment, chain.ERASURE_RULES)])
    erased = exists().where(log.tip == of, log.file == "", log.content == chain.content_hash(b""), entry)
    ids = main.execute(select(of).where(~erased).execution_options(yield_per=_AT_ONCE)).scalars()
    here = ([tip for tip in tips if tag is None or tag(tip) not in listed] for tips in ids.partitions())
    return sum(len(envelopes.vouched_tips(keys, tips)) for tips in here) + len(listed) - taken


def _desks(services: Services) -> list[str]:
    """Return the names of the desks in the roster, the highest first: these have most tips."""
    state = services.roster_state()
    return sorted(state.desks, key=state.rank, reverse=True)


def _noted(services: Services) -> _Noted:
    with suppress(OSError, *DECODING_ERRORS):
        return msgspec.json.decode(_file(services).read_bytes(), type=_Noted)
    return _Noted()


def _counts(noted: _Noted) -> tip_counts.Counts:
    return Counter({(day, process): tips for day, process, tips in noted.tips})


def _has_head(main: Connection, noted: _Noted) -> bool:
    return not noted.head or LogHead.read(noted.head).is_in(main)


def _losses(main: Connection, keys: Connection, noted: _Noted) -> list[Difference]:
    known, there = _counts(noted), tip_counts.read(keys, tables.tip_witness)
    here = _by_day(tip_counts.read(main, tables.tip_count))
    lost = _by_day(known | there) - here
    without_keys = (_by_day(known - there) - lost) | (here - _by_day(there))
    found = [(_LOST_TIPS, lost), (_LOST_KEYS, without_keys)]
    log = [] if _has_head(main, noted) else [Difference(_LOST_LOG, 1)]
    return [Difference(f"{text} ({_listed(days)})", days.total()) for text, days in found if days] + log


def _by_day(counts: tip_counts.Counts) -> Counter[int]:
    days: Counter[int] = Counter()
    for (day, _), tips in counts.items():
        days[day] += tips
    return days


def _listed(days: Counter[int]) -> str:
    return ", ".join(f"{days[day]} of {date(1970, 1, 1) + timedelta(day)}" for day in sorted(days))


def _tips_without_keys(main: Connection, keys: Connection, desks: list[str]) -> list[Difference]:
    numbers = {row.id: row.number for row in main.execute(select(tables.tip.c.id, tables.tip.c.number))}
    held = {tip for tips in batches(numbers) for tip in envelopes.held(keys, tips, desks)}
    lost = sorted(number for tip, number in numbers.items() if tip not in held)
    return [_difference("tips whose key the key store lacks, so that no desk can open them", lost)] if lost else []


def _different_heads(main: Connection, keys: Connection) -> list[Difference]:
    """Compare the custody log's head with the key store's copy, which a crash may leave one step ahead."""
    head = main.execute(select(tables.custody_head)).one_or_none()
    anchor = keys.execute(select(tables.anchor)).one_or_none()
    at, link = (head.position, head.link) if head else (0, chain.GENESIS)
    noted = anchor.position if anchor else 0
    if anchor is None or anchor.link == link or (noted > at and anchor.before == link):
        return [Difference(_OLDER_KEYS, at)] if anchor is None and at else []
    return [Difference(_OLDER_MAIN if noted > at else _OLDER_KEYS, max(abs(noted - at), 1))]


def find_missing_files(services: Services) -> list[Difference]:
    """Return how many files the store of files lacks, or has in another size. This lists every file."""
    lost = _without_forms(services)
    lost &= _without_forms(services) if lost else lost  # what was sealed or erased meanwhile is not missing
    return [_difference(_NO_FILE, sorted(evidence_files.name(*one) for one in lost))] if lost else []


def _without_forms(services: Services) -> set[tuple[str, str]]:
    stored = sizes(services.evidence)
    return services.read_keys(lambda keys: services.read(lambda c: evidence_files.without_forms(c, keys, stored)))


_LOST_TIPS: Final = "tips that were acknowledged and that the main database lacks"
_LOST_KEYS: Final = "tips that were acknowledged and whose keys the key store lacks"
_MISSING: Final = (
    "acknowledged tips that no rule erased, and rows of which are gone, so that a desk lacks them, or altered"
)
_LOST_LOG: Final = "heads of the audit log that this machine noted and that the log lacks"
_OLDER_KEYS: Final = "the key store is older than the main database, by entries of the custody log"
_OLDER_MAIN: Final = "the main database is older than the key store, by entries of the custody log"
_NO_FILE: Final = "files that the store of files lacks or has in another size"


def _difference(text: str, names: list[str]) -> Difference:
    return Difference(text, len(names), tuple(names[:NAMED]))
