"""The `envelope` table: tip keys, sealed to their holders. Only the name key tells to which holder a row belongs.

A holder is a desk, or a destination that reads tips. A holder's rows are found by a tag: HMAC-SHA256 of the tip and the
holder's name under the name key. The name key is in a file outside the databases. Each tip also has decoy rows, under
names that no holder has, so that the number of rows does not tell that somebody is excluded.

Each tip has one more row, which is empty. Its tag covers the tip's other rows, so nobody without the name key can take
a tip from a holder unseen. A later change of the rows renews the tag only if the tag was right.

A row's mark says whether its envelope holds the tip's key or only a release. So the kind of what a desk has now is here
and in no row of a delivery, which somebody could delete or put back.
"""

import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from itertools import count
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, Select, bindparam, delete, func, select, tuple_

from satark.api.sealing import encode, encrypt_alike
from satark.api.tip import Envelope
from satark.identity.edge_key import KeyedHash, keyed_hash
from satark.store import bulk
from satark.store.tables import envelope
from satark.store.tables import tip as tips
from satark.store.unit_of_work import UnitOfWork

TAG: Final = 16
PADDED: Final = 4096
"""An envelope's content is padded to a multiple of this size in bytes, so that it does not tell who is excluded."""
_OPTION: Final = "satark_name_key"
_BATCH: Final = 300
DRAWN: Final = 256
"""Number of first bytes of a sealed value that contain enough random bytes to be unique."""
_PAIRS = tuple_(envelope.c.tip, envelope.c.holder).in_(bindparam("pairs", expanding=True))
_FIND = select(envelope.c.tip, envelope.c.holder, envelope.c.sealed).where(_PAIRS)
_MARKS = select(envelope.c.tip, envelope.c.holder, envelope.c.mark).where(_PAIRS)


def with_name_key(keys: Engine, name_key: bytes) -> Engine:
    """Return the engine of a database with the name key, which every function here needs."""
    hashed = keyed_hash(name_key)
    return keys.execution_options(
        **{_OPTION: hashed}, satark_secret_key=lambda file: hashed(f"secret key\0{file}".encode())
    )


def tag(connection: Connection | Engine, tip: str, holder: str) -> bytes:
    hashed: KeyedHash = connection.get_execution_options()[_OPTION]
    return hashed(f"{tip}\0{holder}".encode())[:TAG]


def erasure_tag(connection: Connection | Engine, tip: str, file: str) -> bytes:
    """Return what vouches for a row of the custody log that a file was erased. Nothing vouches for a whole draft's."""
    return tag(connection, tip, f"erased file {file}")


def releasing(connection: Connection, tip: str, desks: Iterable[str], size: int = 0) -> list[bytes]:
    """Return tags that a release has in place of the names of desks that have the tip. Only this machine can read them.

    Random tags fill their number up to `size`, since it must not tell who is excluded.
    """
    tags = [tag(connection, tip, f"{one}\0release") for one in desks]
    return tags + [secrets.token_bytes(TAG) for _ in range(size - len(tags))]


def seal(envelope: Envelope, recipient: str) -> bytes:
    """Seal an envelope to its holder. All envelopes have one form, whatever the kind of the holder's key."""
    return encrypt_alike(encode(envelope, PADDED), recipient)


def row(connection: Connection, tip: str, holder: str, sealed: bytes, *, is_release: bool = False) -> dict[str, Any]:
    tagged = tag(connection, tip, holder)
    mark = mark_of(connection, tip, tagged, is_release=is_release)
    return {"tip": tip, "holder": tagged, "mark": mark, **covered(sealed=sealed)}


def mark_of(connection: Connection | Engine, tip: str, tagged: bytes, *, is_release: bool = False) -> bytes:
    """Return the mark of an envelope's row. `tagged`: its holder's tag."""
    return tag(connection, tip, f"{'release' if is_release else 'tip'} {tagged.hex()}")


def store(
    unit: UnitOfWork, tip: str, holder: str, sealed: bytes, *, is_release: bool = False, is_new: bool = False
) -> None:
    """Store the envelope of a holder in place of the holder's earlier one or of a decoy, so no row is added.

    `is_new`: this transaction adds the tip. Only then no earlier row is missing.
    """
    if find(unit.keys, tip, holder) is not None:
        _put(unit, tip, holder, sealed, is_release=is_release)
        return
    with _vouched(unit, tip, is_new=is_new):
        _delete(unit, tip, _decoys_of(unit.keys, tip)[:1])
        _put(unit, tip, holder, sealed, is_release=is_release)


def renew_decoys(unit: UnitOfWork, tip: str, size: int) -> None:
    """Make a tip's decoys anew when its envelopes are renewed, with `size` bytes of content that nobody can open."""
    for one in _decoys_of(unit.keys, tip):
        _put(unit, tip, one, encrypt_alike(bytes(size)))


def drop(unit: UnitOfWork, tip: str, holders: Iterable[str]) -> None:
    """Replace these holders' envelopes of a tip by decoys. A holder without an envelope is no error."""
    with _vouched(unit, tip):
        dropped = find_many(unit.keys, ((tip, one) for one in holders))
        _delete(unit, tip, [holder for _, holder in dropped])
        taken = {*_decoys_of(unit.keys, tip)}
        free = (name for name in map(_decoy, count()) if name not in taken)
        for sealed, name in zip(dropped.values(), free, strict=False):
            _put(unit, tip, name, encrypt_alike(bytes(PADDED * max(1, len(sealed) // PADDED))))


@contextmanager
def _vouched(unit: UnitOfWork, tip: str, *, is_new: bool = False) -> Iterator[None]:
    """Renew the tag of a tip's rows after the block, unless somebody without the name key changed the rows."""
    before = unit.keys.execute(select(envelope.c.holder).where(envelope.c.tip == tip).with_for_update()).all()
    is_whole = (is_new and not before) or tip in vouched_tips(unit.keys, [tip])  # read again, since it may have waited
    yield
    if is_whole:
        vouch(unit.keys, tip)


def vouch(connection: Connection, tip: str) -> None:
    """Replace the row whose tag covers a tip's other rows."""
    here = envelope.c.tip == tip
    connection.execute(delete(envelope).where(here, envelope.c.sealed == b""))
    holders = connection.execute(select(envelope.c.holder).where(here)).scalars().all()
    connection.execute(envelope.insert().values(_vouching(connection, tip, holders)))


def _vouching(connection: Connection, tip: str, holders: Iterable[bytes]) -> dict[str, Any]:
    named = blake2b(b"".join(sorted(holders)), digest_size=16).hexdigest()
    return row(connection, tip, f"/of {named}", b"")


def vouched_tips(connection: Connection, tips: Iterable[str]) -> set[str]:
    """Return which of these tips have right covers and a right tag, so all rows that they should have and no others."""
    shown = func.substr(envelope.c.sealed, 1, DRAWN)
    query = select(envelope.c.tip, envelope.c.holder, envelope.c.cover, shown).where(envelope.c.tip.in_(list(tips)))
    rows: dict[str, tuple[list[bytes], list[bytes]]] = {}
    wrong = set[str]()
    for tip, holder, its_cover, sealed in connection.execute(query):
        rows.setdefault(tip, ([], []))[not sealed].append(holder)
        if its_cover != cover(sealed):
            wrong.add(tip)
    named = ((tip, vouch, _vouching(connection, tip, own)) for tip, (own, vouch) in rows.items())
    return {tip for tip, vouch, row in named if vouch == [row["holder"]]} - wrong


def _put(unit: UnitOfWork, tip: str, holder: str, sealed: bytes, *, is_release: bool = False) -> None:
    unit.upsert(envelope, [row(unit.keys, tip, holder, sealed, is_release=is_release)])


def _delete(unit: UnitOfWork, tip: str, holders: Iterable[str]) -> None:
    tags = [tag(unit.keys, tip, one) for one in holders]
    unit.keys.execute(delete(envelope).where(envelope.c.tip == tip, envelope.c.holder.in_(tags)))


def _decoys_of(connection: Connection, tip: str) -> list[str]:
    rows = connection.execute(select(func.count()).where(envelope.c.tip == tip)).scalar_one()
    return holders_of(connection, tip, map(_decoy, range(rows)))


def find(connection: Connection, tip: str, holder: str) -> bytes | None:
    query = select(envelope.c.sealed).where(envelope.c.tip == tip, envelope.c.holder == tag(connection, tip, holder))
    return connection.execute(query).scalar()


def find_many(connection: Connection, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
    """Return the envelopes of these pairs (tip, holder), by pair. Pairs without an envelope are left out."""
    return {pair: row.sealed for pair, row in _rows_of(connection, wanted, _FIND)}


def releases(connection: Connection, wanted: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return which of these pairs (tip, holder) have an envelope and nothing that says that it holds the tip's key."""
    every = _rows_of(connection, wanted, _MARKS)
    return {pair for pair, row in every if row.mark != mark_of(connection, row.tip, row.holder)}


def exist(connection: Connection, tip: str) -> bool:
    """Return whether a tip has any row here: then it was sent."""
    return connection.execute(select(envelope.c.tip).where(envelope.c.tip == tip)).first() is not None


def has_tip(connection: Connection, tip: str, desk: str) -> bool:
    """Return whether a desk has a tip's key, and not only a release."""
    return find(connection, tip, desk) is not None and not releases(connection, [(tip, desk)])


def _rows_of(
    connection: Connection, wanted: Iterable[tuple[str, str]], query: Select[Any]
) -> Iterator[tuple[tuple[str, str], Row[Any]]]:
    """Yield the rows of these pairs (tip, holder), each with its pair."""
    tags = {tag(connection, *one): one for one in wanted}
    every = list(tags)
    for start in range(0, len(every), _BATCH):
        pairs = [(tags[one][0], one) for one in every[start : start + _BATCH]]
        yield from ((tags[row.holder], row) for row in connection.execute(query, {"pairs": pairs}))


def tips_of(connection: Connection, holder: str) -> dict[str, bytes]:
    """Return the tips for which a holder has an envelope, each with what its row says is the `cover` of the envelope.

    An empty or wrong cover hides no tip: it looks changed at each look.
    """
    found: dict[str, bytes] = {}
    tip, mine = "", b""
    hashed, suffix = connection.get_execution_options()[_OPTION], f"\0{holder}".encode()
    query = select(envelope.c.tip, envelope.c.holder, envelope.c.cover).order_by(envelope.c.tip)
    for at, its_holder, its_cover in bulk.stream(connection, query):
        if at != tip:
            tip, mine = at, hashed(at.encode() + suffix)[:TAG]
        if its_holder == mine:
            found[tip] = its_cover
    return found


def held_by(connection: Connection, holders: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield tip and holder for each envelope of one of these holders. This reads every row."""
    tip, tags = "", dict[bytes, str]()
    for at, mine in bulk.stream(connection, select(envelope.c.tip, envelope.c.holder).order_by(envelope.c.tip)):
        if at != tip:
            tip, tags = at, {tag(connection, at, one): one for one in holders}
        if mine in tags:
            yield at, tags[mine]


def stored_tips(main: Connection, keys: Connection, desk: str) -> list[str]:
    """Return the ids of all tips here, and of tips that only have a desk's envelope left."""
    return sorted({*main.execute(select(tips.c.id)).scalars(), *tips_of(keys, desk)})


def cover(sealed: bytes) -> bytes:
    """Return a hash of the random bytes that a sealed value begins with, so that no other has it; empty for none.

    A row has it beside the value, in an index: SQLite reads all of a long value to cut a part out of it.
    """
    return blake2b(sealed[:DRAWN], digest_size=16).digest() if sealed else b""


def covered(**column: bytes) -> dict[str, bytes]:
    """Return a column's value, given by the column's name, with the column `cover` of its row."""
    (sealed,) = column.values()
    return {"cover": cover(sealed), **column}


def digest(sealed: bytes) -> bytes:
    """Return a hash of a whole stored envelope. Unlike `cover`, it changes with any damage."""
    return blake2b(sealed, digest_size=16).digest()


def of_tips(connection: Connection, holder: str, tips: Iterable[str]) -> dict[str, bytes]:
    """Return the envelopes that a holder has for these tips, by tip id."""
    return {tip: sealed for (tip, _), sealed in find_many(connection, ((tip, holder) for tip in tips)).items()}


def holders_of(connection: Connection, tip: str, names: Iterable[str]) -> list[str]:
    tags = set(connection.execute(select(envelope.c.holder).where(envelope.c.tip == tip)).scalars())
    return [name for name in names if tag(connection, tip, name) in tags]


def held(connection: Connection, tips: Iterable[str], names: Collection[str]) -> set[str]:
    """Return which of these tips have an envelope for one of these names. The likeliest names come first."""
    query = select(envelope.c.tip, envelope.c.holder).where(envelope.c.tip.in_(list(tips)))
    found = {(row.tip, row.holder) for row in connection.execute(query)}
    here = {tip for tip, _ in found}
    return {tip for tip in here if any((tip, tag(connection, tip, name)) in found for name in names)}


def rows_of(
    connection: Connection, envelopes: Mapping[str, bytes], tip: str, decoys: Iterable[bytes]
) -> list[dict[str, Any]]:
    """Make the rows of a new tip's holders (name → sealed) and of its decoys, in random order, and what vouches."""
    named = {**envelopes, **{_decoy(number): sealed for number, sealed in enumerate(decoys)}}
    rows = sorted((row(connection, tip, *one) for one in named.items()), key=itemgetter("holder"))
    return [*rows, _vouching(connection, tip, [one["holder"] for one in rows])]


def _decoy(number: int) -> str:
    """Return a name that neither a desk nor a destination has."""
    return f"/{number}"
