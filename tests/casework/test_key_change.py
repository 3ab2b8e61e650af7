"""A change of a desk's key, in the roster, for its tips and for its audit log."""

from __future__ import annotations

import pytest

from satark.api.sealing import new_identity
from satark.casework import Casework
from satark.casework.key_change import change_key, finish_key_change
from satark.roster.entries import Entry, KeyChange
from satark.services import Services
from support.desks import SeededDesk
from support.tips import seed_tip


@pytest.mark.parametrize("again", [False, True], ids=["once", "finished again after a crash"])
def test_the_new_key_opens_tips_and_the_old_one_reads_nothing_later(
    services: Services, sp: SeededDesk, *, again: bool
) -> None:
    seeded = seed_tip(services, [sp.desk])
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
