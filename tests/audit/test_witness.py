"""Witnesses: a log that was cut off or rewritten lacks the head that a desk noted and signed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select, update

from satark.api.sealing import new_identity
from satark.audit import keys, witness
from satark.audit.trail import Trail
from satark.custody import chain
from satark.custody.audit import LogHead, verify_log
from satark.services import Services
from satark.store import tables
from support.desks import SeededDesk


def test_a_log_that_was_cut_off_lacks_the_head_that_another_desk_signed(
    services: Services, sp: SeededDesk, dig: SeededDesk
) -> None:
    Trail(services, "sp", "rao", sp.identity).record("listed")
    Trail(services, "dig", "rai", dig.identity).signed_in()
    noted = services.read(LogHead.current)
    assert noted is not None
    Trail(services, "sp", "rao", sp.identity).signed_in()
    assert verify_log(services).problems == ()
    assert witness.lost_witnesses(services) == []
    cut_off(services, 1)
    # Whoever can write to both databases makes the log consistent again: the witness and a noted head still show it.
    assert verify_log(services).problems == ()
    assert witness.lost_witnesses(services) == ["sp"]
    assert not services.read(noted.is_in)
    cut_off(services, 0)
    assert witness.lost_witnesses(services) == ["dig", "sp"]


def test_a_head_that_is_not_signed_with_the_desks_key_counts_as_lost(services: Services, sp: SeededDesk) -> None:
    Trail(services, "sp", "rao", sp.identity).record("listed")
    forger = keys.act_key(new_identity()[1])
    services.write_now(lambda unit: witness.note_head(unit, "sp", forger))
    assert witness.lost_witnesses(services) == ["sp"]


def cut_off(services: Services, keep: int) -> None:
    """Cut the log off after so many rows, as somebody does who can write to both databases and knows the tables."""
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
