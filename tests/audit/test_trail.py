"""The trail: which parts of an act it records, and which rows each act vouches for."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, select, update

from satark.api.sealing import new_identity
from satark.audit import keys
from satark.audit.trail import Trail, lost_witnesses, note_head
from satark.casework import NoSuchTip
from satark.custody import chain
from satark.custody.verify_log import LogHead, verify_log
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


@pytest.mark.slow("a log of a whole desk")
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


def test_a_log_that_was_cut_off_lacks_the_head_that_another_desk_signed(
    services: Services, sp: SeededDesk, dig: SeededDesk
) -> None:
    Trail(services, "sp", "rao", sp.identity).record("listed")
    Trail(services, "dig", "rai", dig.identity).signed_in()
    noted = services.read(LogHead.current)
    assert noted is not None
    Trail(services, "sp", "rao", sp.identity).signed_in()
    assert verify_log(services).problems == ()
    assert lost_witnesses(services) == []
    cut_off(services, 1)
    # Whoever can write to both databases makes the log consistent again: the witness and a noted head still show it.
    assert verify_log(services).problems == ()
    assert lost_witnesses(services) == ["sp"]
    assert not services.read(noted.is_in)
    cut_off(services, 0)
    assert lost_witnesses(services) == ["dig", "sp"]


def test_a_head_that_is_not_signed_with_the_desks_key_counts_as_lost(services: Services, sp: SeededDesk) -> None:
    Trail(services, "sp", "rao", sp.identity).record("listed")
    forger = keys.act_key(new_identity()[1])
    services.write_now(lambda unit: note_head(unit, "sp", forger))
    assert lost_witnesses(services) == ["sp"]


def cut_off(services: Services, keep: int) -> None:
    """Cut the log off after `rows` rows, as an attacker does who can write to both databases and knows the tables."""
    table = tables.custody
    services.write_now(lambda unit: unit.main.execute(delete(table).where(table.c.position > keep)))
    row = services.read(lambda c: c.execute(select(table.c.link).where(table.c.position == keep)).scalar())
    link = row or chain.GENESIS

    def write(unit: Any) -> None:
        unit.main.execute(update(tables.custody_head).values(position=keep, link=link))
        if keep:
            unit.keys.execute(update(tables.anchor).values(position=keep, link=link, before=link))
        else:
            unit.keys.execute(delete(tables.anchor))

    services.write_now(write)
