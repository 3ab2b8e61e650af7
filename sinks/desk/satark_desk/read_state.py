"""Read state: how much of a tip each officer has seen. Parts that an officer has not seen are shown as new.

It is sealed under a key that is derived from the tip's. Only desks with the tip can tell which of their officers have
read it. Every tip of the queue has a row of the same size, whether or not anybody has looked at it. A release has its
own row and key. Desks with the tip open this row too, and nobody else can tell to which tip it belongs.
"""

import hashlib
import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, Row, select

from satark.api import Envelope
from satark.casework import OpenTip, TipCache, TipEntry, UnitOfWork, in_batches, open_box, seal_box, stream_rows
from satark_desk.tables import queue, read_state

_NONCE, _TAG = 12, 16
_NOBODY: Final = _NONCE + 1
"""Size in bytes of an entry for a tip that nobody has looked at."""
_LEAST: Final = 1024
"""Smallest size in bytes of a row's padded content: the looks of about fifteen officers."""
_HOUR: Final = 3600
_MANY: Final = 500
"""Number of tips above which the rows of all tips are read."""


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """The part of a tip that a desk's officer has seen."""

    desk: str
    officer: str
    revision: int
    last_message: int
    """`seq` of the newest message that was shown."""
    at: int
    """The hour in which the officer last looked at the tip, Unix seconds."""
    first: int
    """The hour in which the officer first looked at the tip, Unix seconds."""
    thread: bytes = b""
    """Hash of the thread that was shown; empty for a release."""


_decoder = msgspec.msgpack.Decoder(list[Seen])


def read_states(
    connection: Connection, desk: str, officer: str, tips: Mapping[str, TipEntry], cache: TipCache
) -> dict[str, Seen]:
    """Return tip id → the part that an officer has seen. The cache keeps rows that were opened for that."""
    query = select(read_state.c.tip, read_state.c.nonce)
    own = {_place(tip, one): tip for tip, one in tips.items() if one.tip_recipient}
    if len(tips) <= _MANY:
        query = query.where(read_state.c.tip.in_([*tips.keys() - own.values(), *own]))
    drawn, seen = dict[str, bytes](), list[str]()
    for place, nonce in stream_rows(connection, query):
        tip = own.get(place, place)
        if (one := tips.get(tip)) and (tip != place or not one.tip_recipient):
            if not one.looks.startswith(nonce):
                drawn[tip] = nonce
            elif len(one.looks) > _NOBODY:
                seen.append(tip)
    due: dict[str, list[Seen]] = {tip: [] for tip in drawn}
    for some in in_batches(due):
        for tip, look in _looks(connection, desk, {tip: cache.listed(tip).envelope for tip in some}):
            due[tip].append(look)
    for tip, looks in due.items():
        tips[tip].looks = drawn[tip] + msgspec.msgpack.encode(looks)
    cache.unsaved.update(due)
    known = ((tip, look) for tip in (*seen, *due) for look in _kept(tips[tip]))
    return {tip: look for tip, look in known if look.officer == officer}


def mark_read(unit: UnitOfWork, desk: str, officer: str, tip: OpenTip) -> None:
    """Record that an officer has seen a tip in its present state. Parts that are missing now stay recorded as seen."""
    summary, envelope, reader = tip.summary, tip.envelope, tip.reader
    place = _place(tip.id, envelope)
    add_unread(unit, [place])
    this = read_state.c.tip == place
    row = unit.main.execute(select(read_state).where(this).with_for_update()).one()
    looks = {(one.desk, one.officer): one for one in _opened(row, envelope)}
    hour = unit.now - unit.now % _HOUR
    former = looks.get((desk, officer))
    first = former.first if former else hour
    thread = b"" if envelope.tip_recipient else reader.thread
    if former and former.thread and not reader.has(former.thread):
        thread = former.thread
    looks[desk, officer] = Seen(desk, officer, summary.header.revision, summary.newest, hour, first, thread)
    sealed = _seal(place, list(looks.values()), envelope)
    unit.main.execute(read_state.update().where(this).values(nonce=sealed[:_NONCE], sealed=sealed))


def add_unread(unit: UnitOfWork, tips: Iterable[str]) -> None:
    """Add the rows of tips that nobody has looked at; rows that exist stay. They look like any other row."""
    drawn = ((tip, secrets.token_bytes(_NONCE + _LEAST + _TAG)) for tip in tips)
    unit.insert_new(read_state, [{"tip": tip, "nonce": one[:_NONCE], "sealed": one} for tip, one in drawn], "tip")


def seen_by(connection: Connection, desk: str, tip: OpenTip) -> list[Seen]:
    """Return each officer's seen part of a tip or of its release. The officer who looked last comes first."""
    steps = (posted.message.case for posted in tip.thread)
    keys = (step.release.key for step in steps if step and step.to == desk and step.release)
    opening = {key: replace(tip.envelope, identity=key, tip_recipient=key) for key in keys} | {tip.id: tip.envelope}
    looks = sorted((one for _, one in _looks(connection, desk, opening)), key=lambda one: one.at)
    newest = {one.officer: one for one in looks}
    return sorted(newest.values(), key=lambda one: (-one.at, one.officer))


def seen_threads(connection: Connection, desk: str, envelope: Envelope) -> list[bytes]:
    """Return the hashes of the threads of a tip that officers of a desk have seen."""
    return [one.thread for _, one in _looks(connection, desk, {envelope.tip: envelope}) if one.thread]


def first_looks(tips: Mapping[str, TipEntry]) -> dict[str, int]:
    """Return the hour in which an officer of the desk first looked at each of these tips, Unix seconds, by tip id."""
    return {tip: min(one.first for one in looks) for tip, its in tips.items() if (looks := _kept(its))}


def _kept(tip: TipEntry) -> list[Seen]:
    return _decoder.decode(tip.looks[_NONCE:]) if tip.looks else []


def _looks(connection: Connection, desk: str, envelopes: Mapping[str, Envelope]) -> Iterator[tuple[str, Seen]]:
    places = {_place(tip, envelope): tip for tip, envelope in envelopes.items()}
    for some in in_batches(places):
        for row in connection.execute(select(read_state).where(read_state.c.tip.in_(some))):
            tip = places[row.tip]
            yield from ((tip, one) for one in _opened(row, envelopes[tip]) if one.desk == desk)


def _place(tip: str, envelope: Envelope | TipEntry) -> str:
    """Return the id of the row: the tip's id, or for a release one that is derived from its key."""
    if not envelope.tip_recipient:
        return tip
    key = envelope.identity.split()[0]
    return hashlib.sha256(b"satark/1/read state of a release\0" + key.encode()).hexdigest()[:32]


def _opened(row: Row[tuple[str, bytes]], envelope: Envelope) -> list[Seen]:
    """Open a row. If no key of the tip opens it, it was never written: nobody has looked."""
    for identity in envelope.identity.split():
        if plain := open_box(_key(identity), row.sealed, row.tip.encode()):
            return _decoder.decode(plain[4 : 4 + int.from_bytes(plain[:4])])
    return []


def _seal(place: str, looks: list[Seen], envelope: Envelope) -> bytes:
    encoded = msgspec.msgpack.encode(looks)
    plain = len(encoded).to_bytes(4) + encoded
    padded = plain.ljust(-(-len(plain) // _LEAST) * _LEAST, b"\0")
    return seal_box(_key(envelope.identity.split()[0]), padded, place.encode())


def _key(identity: str) -> bytes:
    return hashlib.sha256(b"satark/1/read state\0" + identity.encode()).digest()


class QueueEntry(msgspec.Struct, frozen=True):
    """When a tip, or its newest revision, was delivered to the desks here."""

    band: str = ""
    """The time band."""
    position: int = 0
    """The tip's place in the order of entry."""


def queue_entries(connection: Connection, tips: Iterable[str]) -> dict[str, QueueEntry]:
    """Return when these tips came to the desks here, by tip id."""
    query = select(queue.c.tip, queue.c.delivered, queue.c.position)
    found = (connection.execute(query.where(queue.c.tip.in_(some))) for some in in_batches(tips))
    return {row.tip: QueueEntry(row.delivered, row.position) for rows in found for row in rows}
