"""Copies of the databases, without a key, don't tell which tips are kept from the SP.

The day has all that an office does: new keys, "Keeping and erasing", originals, answers, files that a broker carries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import Connection, inspect, text

from satark.api.routing import Desk
from satark.api.sealing import encrypt_alike
from satark.api.sink import Delivery, Done
from satark.remote.host_outbox import HostOutbox
from satark.remote.link_keys import LinkKey
from satark.services import Services
from satark.store import changed_keys, deliveries, envelopes, evidence_files, tables
from satark.store.sealed_files import FORMS, form_name
from satark_desk import original_requests
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import rotate
from satark_desk.sink import enqueue
from support.acts import respond
from support.peers.carrier import InMemoryCarrier
from support.store import worker_context
from support.tips import SeededTip, seed_file, seed_tip

Row = Mapping[str, Any]
Tables = dict[str, list[Row]]
Unlock = Callable[[str], UnlockedDesk]
Seeded = Sequence[tuple[SeededTip, bool]]
"""Tips, each with whether it is kept from the SP."""
DESKS = ("sp", "dig")
_GREASE = 512
"""age adds some hundred random bytes to each ciphertext."""


def dump(services: Services) -> Tables:
    """Return every row of both databases."""
    return services.read(_rows) | services.read_keys(_rows)


def _rows(connection: Connection) -> Tables:
    return {
        name: [dict(row) for row in connection.execute(text(f'SELECT * FROM "{name}"')).mappings()]  # noqa: S608
        for name in inspect(connection).get_table_names()
    }


def shown(tables: Tables, before: Tables, tip: SeededTip, files: Mapping[str, int]) -> Iterator[tuple[str, Any]]:
    """Yield what copies show of a tip: how many rows it has and which of them changed, their sizes, and names."""
    known = {tip.id, tip.number, *(_computed(desk, tip.id, *file) for desk in DESKS for file in files.items())}
    for table, rows in tables.items():
        mine = [row for row in rows if known.intersection(one for one in row.values() if isinstance(one, str | bytes))]
        yield f"rows of {table}", len(mine)
        old = before.get(table, [])
        if table != "envelope":  # two copies of the key store do tell, as the threat model says
            yield f"new rows of {table}", sum(row not in old for row in mine)
        for column in mine[0] if mine else ():
            values = [row[column] for row in mine]
            sizes = sorted(len(one) // _GREASE for one in values if isinstance(one, bytes))
            yield f"sizes of {table}.{column}", sizes
            yield f"desks in {table}.{column}", [desk for desk in DESKS if _is_named(desk, values)]


def _is_named(desk: str, values: list[Any]) -> bool:
    """Return whether a value is a desk's name, or MessagePack in clear that has it."""
    packed = b"desk" + bytes([0xA0 + len(desk)]) + desk.encode()
    return desk in values or any(packed in one for one in values if isinstance(one, bytes))


def _computed(desk: str, tip: str, form: str, size: int) -> bytes:
    """Return the id of a transfer as anybody can compute it."""
    return sha256(f"{desk}/{tip}/1/{form}/{size}".encode()).digest()[:16]


async def a_day(services: Services, unlocked: Unlock, tips: Seeded) -> Tables:
    """Have the desks work for a day; return the databases as they were in the morning."""
    carrier, context = InMemoryCarrier(), worker_context(services)
    outbox = HostOutbox(context, LinkKey.load(services.data_dir / "link.key"), DESKS)
    services.write_now(lambda unit: enqueue(unit, {tip.id: 1 for tip, _ in tips}))
    before = dump(services)
    unlocked("sp").casework(services).keepings()
    for desk in DESKS:
        rotate(services, unlocked(desk))
    work = unlocked("dig").casework(services)
    context.writer.start()
    for tip, kept in tips:
        respond(work, work.open(tip.number), status="ACTION", text="noted")
        for desk in DESKS:
            row: dict[str, Any] = {"desk": desk, "revision": 1, "attempt": 1, "envelope": b"", "document": b""}
            to, kind = f"list:{desk}", "cover" if kept and desk == "sp" else "tip"
            queued = deliveries.new_row(services.keys, tip.id, to, 0, kind=kind)  # type: ignore[arg-type]
            services.write_now(lambda unit, one=queued: unit.insert(tables.delivery, [one]))  # type: ignore[misc]
            delivery = Delivery(idempotency_key=queued["id"].hex(), tip=tip.id, destination=to, **row)  # type: ignore[attr-defined]
            assert isinstance(await outbox.send_tip(delivery, carrier.connection.publish), Done)
    await context.writer.stop()
    services.write_now(lambda unit: unit.main.execute(tables.delivery.delete()))
    unlocked("sp").casework(services).keepings()
    for kept in (True, False):
        asked = next(tip for tip, is_kept in tips if is_kept == kept)
        original_requests.ask(services, unlocked("dig"), work.open(asked.number))
    return before


def seed(services: Services, sp: Desk, dig: Desk, *, kept: bool) -> SeededTip:
    """Seed a tip with a file, with a decoy in the place of the SP's envelope if it is kept from the SP."""
    tip = seed_tip(services, [dig] if kept else [sp, dig], evidence=("1",), excluded=("sp",) if kept else ())
    seed_file(services, tip, "1", b"photo" * 5000, b"clean" * 2000)
    if kept:
        services.write_now(lambda unit: envelopes.store(unit, tip.id, "/0", encrypt_alike(bytes(envelopes.PADDED))))
    return tip


def telling(services: Services, before: Tables, tips: Seeded) -> list[str]:
    """Return what differs between all tips that are kept from the SP and all others."""
    after, found = dump(services), {True: dict[str, set[str]](), False: dict[str, set[str]]()}
    for tip, kept in tips:
        sizes = {form: services.evidence.size(form_name(evidence_files.name(tip.id, "1"), form)) for form in FORMS}
        files = {str(form): size for form, size in sizes.items() if size is not None}
        for name, value in shown(after, before, tip, files):
            found[kept].setdefault(name, set()).add(repr(value))
    names = found[True].keys() | found[False].keys()
    return sorted(one for one in names if found[True].get(one, set()).isdisjoint(found[False].get(one, set())))


@pytest.mark.slow("a day of two desks")
async def test_copies_of_the_databases_do_not_tell_that_a_tip_is_kept_from_the_sp(
    services: Services, unlocked: Unlock, desk: Callable[[str], Desk]
) -> None:
    sp, dig = desk("sp"), desk("dig")
    tips = [(seed(services, sp, dig, kept=kept), kept) for kept in (True, False) * 3]
    before = await a_day(services, unlocked, tips)
    assert telling(services, before, tips) == []


@pytest.mark.slow("a day of two desks")
async def test_the_comparison_finds_a_column_that_tells_which_tips_the_sp_has(
    services: Services, unlocked: Unlock, desk: Callable[[str], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    sp, dig = desk("sp"), desk("dig")
    tips = [(seed(services, sp, dig, kept=kept), kept) for kept in (True, False) * 3]
    with monkeypatch.context() as earlier:
        earlier.setattr(changed_keys, "seal_again", lambda _unit, *_args, **_more: ())
        earlier.setattr(changed_keys, "store", lambda unit, tip, said: changed_keys._write(unit, tip, said, 1))
        earlier.setattr(changed_keys, "sealed", lambda _keys, _tip, changes, _size: changes)
        earlier.setattr(changed_keys, "opened", lambda _keys, _tip, stored: stored)
        before = await a_day(services, unlocked, tips)
    assert {"desks in tip.key_changes", "new rows of tip"} & {*telling(services, before, tips)}
