"""What each machine sees in the databases, told to the other machines: the roster, and how many tips there are.

Whoever owns a database can show one machine fewer rows than another. So each machine writes down every hour what it
sees, under a tag that takes the name key, and compares what the others wrote. One whose note gets no newer is
reported too, since its newer notes may be hidden.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from secrets import token_bytes
from typing import Final

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, select

from satark.identity.time_buckets import band_start
from satark.roster.state import RosterState
from satark.services import Services
from satark.store import envelopes, tip_counts
from satark.store.tables import machine_note, tip_count
from satark.store.unit_of_work import UnitOfWork
from satark_files import atomic_files
from satark_files.decoding import DECODING_ERRORS

SILENT_HOURS: Final = 3
"""Age in hours from which a note is too old: its machine writes one every hour."""
_APART: Final = 2
"""Hours by which one note is surely older than another, although no two clocks are the same."""
_SHOWN: Final = 8
_ID: Final = 16
_KEPT_NOTES: Final = 12


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What a machine saw in an hour."""

    host: str
    hour: int
    """Hours since 1970."""
    head: str = "0:"
    """Number of the roster's entries that it knew, and the hash of the last, as `satark roster verify` prints them."""
    renewals: int = 0
    """Number of the renewals of tips' keys that it knew."""
    tips: int = 0
    """Number of tips ever accepted, at the machine's first look in the present band of hours: a note tells no hour."""
    retired: bool = False
    """Whether the machine is gone for good: no newer note comes."""

    @classmethod
    def decode(cls, encoded: bytes) -> Note:
        return msgspec.json.decode(encoded, type=cls)

    @property
    def band(self) -> int:
        return band_start(self.hour * 3600)

    def lacks_entries(self, earlier: Note) -> bool:
        """Whether this machine was shown less of the roster than another one was hours before."""
        entries, before = (int(one.head.partition(":")[0]) for one in (self, earlier))
        return entries < before or self.renewals < earlier.renewals


class _Seen(msgspec.Struct):
    """What this machine keeps of its looks."""

    own: list[Note] = []
    others: dict[str, Note] = {}
    """Machine → its newest note: whoever hides the row is noticed."""
    band: int = 0
    tips: int = 0
    """Number of tips at the first look in the band."""
    differing: int = 0
    """Number of machines that see something else, at the last look."""


class Compared(msgspec.Struct, frozen=True):
    """What a comparison found, by machine as operators are shown it."""

    differing: tuple[str, ...]
    """Machines that see other rows than this one."""
    silent: tuple[str, ...]
    """Machines whose note is hours old."""
    absent: int
    """How many of the machines that there are never wrote a note here."""


def compare_machines(services: Services, now: float) -> Compared:
    """Write this machine's note, and compare those of the others. `now`: Unix time.

    Raises:
        OSError: the data folder can't be read or written.
    """
    own, hour, seen = _own_id(services), int(now) // 3600, _seen(services)
    notes = _read(services)
    present = _look(services, hour)  # after the notes: what they saw was committed
    seen.others = {**seen.others, **{id_: note for id_, note in notes.items() if note is not None and id_ != own}}
    working = {id_: note for id_, note in seen.others.items() if not note.retired}
    state = services.roster_state()
    different = {id_ for id_, note in working.items() if _differs(note, present, seen.own, state)}
    different |= {id_ for id_, note in notes.items() if note is None}
    silent = [id_ for id_, note in working.items() if hour - note.hour > SILENT_HOURS]
    if seen.band != present.band:
        seen.band, seen.tips = present.band, present.tips
    told = replace(present, tips=seen.tips)
    if told != next(reversed(seen.own), None):
        seen.own = [*seen.own, told][-_KEPT_NOTES:]
        services.write_now(lambda unit: _write(unit, own, told))
    seen.differing = len(different)
    atomic_files.replace(_file(services), [msgspec.json.encode(seen)])
    absent = max(0, services.machines - 1 - len(working))
    return Compared(_named(different, seen.others), _named(silent, seen.others), absent)


def differing_machines(services: Services) -> int:
    """Return how many machines saw something else than this one at its last look."""
    return _seen(services).differing


def retire(services: Services, name: str) -> bool:
    """Note that a machine is gone for good; return whether there is one. `name`: the beginning of its id, in hex."""
    known = chain(_read(services), _seen(services).others)
    found = {id_ for id_ in known if name and id_.startswith(name.lower())}
    for id_ in found:
        gone = Note(host="", hour=int(time.time()) // 3600, retired=True)
        services.write_now(lambda unit, id_=id_, gone=gone: _write(unit, id_, gone))  # type: ignore[misc]
    return bool(found)


def _look(services: Services, hour: int) -> Note:
    tips = services.read(lambda main: sum(tip_counts.read(main, tip_count).values()))
    checked = services.read_keys(services.roster.check)
    head = next(reversed(checked.state.positions), "")
    return Note(
        host=socket.gethostname(),
        hour=hour,
        head=f"{checked.state.positions.get(head, 0)}:{head}",
        renewals=len(checked.renewals),
        tips=tips,
    )


def _differs(note: Note, present: Note, own: Sequence[Note], state: RosterState) -> bool:
    """Whether another machine was shown what is not shown here, or was not shown what is."""
    position, _, hash_ = note.head.partition(":")
    is_known = not hash_ or state.positions.get(hash_) == int(position)
    lacks_here = present.lacks_entries(note) or present.tips < note.tips
    return not is_known or lacks_here or lacks_what_was_here(note, own, present.hour)


def lacks_what_was_here(note: Note, own: Sequence[Note], hour: int) -> bool:
    """Whether another machine was not shown what was shown here hours before. `hour`: the present one."""
    before = [one for one in own if one.hour <= min(note.hour, hour) - _APART]
    counted = [one.tips for one in before if one.hour <= note.band // 3600 - _APART]
    return (bool(before) and note.lacks_entries(before[-1])) or note.tips < max(counted, default=0)


def _named(machines: Iterable[str], notes: Mapping[str, Note]) -> tuple[str, ...]:
    return tuple(sorted(f"{notes[id_].host if id_ in notes else '?'} ({id_[:_SHOWN]})" for id_ in machines))


def _read(services: Services) -> dict[str, Note | None]:
    """Return machine → note; None: the row is not one that a machine wrote."""
    return services.read_keys(lambda keys: dict(_notes(keys)))


def _notes(keys: Connection) -> Iterator[tuple[str, Note | None]]:
    for row in keys.execute(select(machine_note)):
        id_ = row.id.hex()
        yield id_, Note.decode(row.note) if row.tag == _tag(keys, id_, row.note) else None


def _write(unit: UnitOfWork, id_: str, note: Note) -> None:
    encoded = msgspec.json.encode(note)
    row = {"id": bytes.fromhex(id_), "note": encoded, "tag": _tag(unit.keys, id_, encoded)}
    unit.upsert(machine_note, [row])


def _tag(keys: Connection, id_: str, note: bytes) -> bytes:
    return envelopes.tag(keys, f"note of machine {id_}", note.decode("utf-8", "replace"))


def _own_id(services: Services) -> str:
    file = services.data_dir / "machine.id"
    if not file.exists():
        atomic_files.create(file, token_bytes(_ID))
    return file.read_bytes().hex()


def _file(services: Services) -> Path:
    return services.data_dir / "machines.seen"


def _seen(services: Services) -> _Seen:
    try:
        return msgspec.json.decode(_file(services).read_bytes(), type=_Seen)
    except (FileNotFoundError, *DECODING_ERRORS):
        return _Seen()
