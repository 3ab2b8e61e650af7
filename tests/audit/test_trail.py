"""The trail: what is recorded of an act, and what it vouches for."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from satark.audit.trail import Trail
from satark.casework import NoSuchTip
from satark.custody import chain
from satark.services import Services
from satark.store import tables
from support.acts import seen_by
from support.desks import SeededDesk
from support.tips import SeededTip


def test_a_tip_that_the_desk_does_not_have_is_recorded_as_refused(
    services: Services, sp: SeededDesk, dig: SeededDesk
) -> None:
    work = sp.casework_of("rao")
    for _ in range(2):
        with pytest.raises(NoSuchTip):
            work.open("4K7Q-2XPM")
    (act,) = seen_by(services, dig, {"sp"})
    assert (act.act.kind, act.act.detail, act.act.tip) == ("refused", "4K7Q-2XPM", "")


def test_the_rows_of_acts_name_no_desk_no_officer_and_no_tip(
    services: Services, sp: SeededDesk, dig: SeededDesk, seeded: SeededTip
) -> None:
    work = sp.casework_of("rao of the range")
    work.summaries()
    work.find("ट्रक " * 100)
    dig.casework_of("a name of forty characters, as long as ok").open(seeded.number)
    rows = services.read(lambda c: c.execute(select(tables.custody).where(tables.custody.c.tip == "officers")).all())
    stored = b"".join(bytes(str(row), "utf-8") for row in rows)
    assert not any(word.encode() in stored for word in ("rao of the", seeded.number, seeded.id, "a name of forty"))


def test_every_act_vouches_for_the_rows_of_tips_before_it(
    services: Services, sp: SeededDesk, dig: SeededDesk, seeded: SeededTip
) -> None:
    Trail(services, "sp", "rao", sp.identity).record("listed")
    rows = services.read(lambda c: c.execute(select(tables.custody).order_by(tables.custody.c.position)).all())
    assert [row.tip for row in rows].count(seeded.id) == len(rows) - 1
    first = rows[0]
    forged = chain.link_hash(chain.GENESIS, 1, b"y" * 32)
    change = update(tables.custody).where(tables.custody.c.position == len(rows) - 1).values(link=forged)
    services.write_now(lambda unit: unit.main.execute(change))
    assert [read.flaw for read in seen_by(services, dig, {"sp"})] == ["forged"]
    assert first.tip == seeded.id
