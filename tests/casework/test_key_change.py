"""A change of a desk's key, in the roster, for its tips and for its audit log."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from satark.api.sealing import new_identity
from satark.casework import Casework, TwoOfficerApproval
from satark.casework.key_change import change_key, finish_key_change
from satark.roster.entries import Entry, KeyChange
from satark.services import Services
from satark.store import envelopes, tables
from support.desks import SeededDesk
from support.tips import seed_file, seed_tip

ROWS = select(tables.envelope.c.holder, tables.envelope.c.sealed).where(tables.envelope.c.sealed != b"")


@pytest.mark.slow("a desk's keys and tips")
@pytest.mark.parametrize("again", [False, True], ids=["once", "finished again after a crash"])
def test_the_new_key_opens_tips_and_the_old_one_reads_nothing_later(
    services: Services, sp: SeededDesk, *, again: bool
) -> None:
    seeded = seed_tip(services, [sp.desk], evidence=("1",))
    seed_file(services, seeded, "1", b"original", b"clean", preview=b"preview")
    sp.casework_of("rao").summaries()
    _, new = new_identity()
    entry = Entry(body=KeyChange.of("sp", sp.identity, new))
    services.write_now(lambda unit: change_key(unit, services, entry, sp.identity, new))
    if again:
        services.write_now(lambda unit: finish_key_change(unit, services, "sp", sp.identity, new))
    work = Casework(services, "sp", new, officer="rao")
    work.note(work.open(seeded.number), "after the change")
    assert work.open(seeded.number).tip == seeded.tip
    assert work.open(seeded.number).thread[-1].message.text == "after the change"
    tip, both = work.open(seeded.number), TwoOfficerApproval("rao", "khan")
    copies = work.evidence(tip, "1"), [work.preview(tip, "1")], work.original_of(tip, "1", both)
    assert [b"".join(chunks) for chunks in copies] == [b"clean", b"preview", b"original"]


def test_a_key_change_changes_each_row_of_a_tip(services: Services, sp: SeededDesk) -> None:
    tip = seed_tip(services, [sp.desk]).id
    services.write_now(
        lambda unit: unit.queue(tables.envelope, envelopes.rows_of(unit.keys, {}, tip, [b"decoy", b"another"]))
    )

    def rows() -> dict[bytes, bytes]:
        return {row.holder: row.sealed for row in services.read_keys(lambda c: c.execute(ROWS).all())}

    before, identity = rows(), sp.identity
    for _ in range(2):
        _, new = new_identity()
        entry = Entry(body=KeyChange.of("sp", identity, new))
        services.write_now(lambda unit: change_key(unit, services, entry, identity, new))  # noqa: B023 - it runs at once
        identity, after = new, rows()
        assert before.keys() == after.keys()
        assert not before.items() & after.items(), "a row that stays as it is would be a decoy"
        before = after
