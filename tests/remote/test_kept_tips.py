"""What an office gets of the host's roster tells it of no tip that is kept from it, nor of work on one."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from satark.api.routing import Desk
from satark.api.sealing import new_identity
from satark.api.tip import Accused
from satark.casework.key_change import renew_tips
from satark.roster.chain import verify
from satark.roster.entries import KeysRenewed
from satark.roster.roster import entries_of
from satark.routing.desks import add_desk
from satark.store import tables

pytestmark = pytest.mark.slow("an office at work")


def roster_at_office(link: Any) -> list[bytes]:
    """Return the host's roster as the office has it."""
    (row,) = link.rows(link.office, tables.host_link)
    return entries_of(row.roster)


@pytest.mark.parametrize("kept", [0, 1, 20])
async def test_a_change_of_a_desks_key_adds_one_entry_whatever_the_number_of_its_tips(link: Any, kept: int) -> None:
    shared = link.seed_tip()
    for _ in range(kept):
        link.seed_tip(to=(link.dig,), accused=Accused(level="district"), excluded=("sp",))
    await link.exchange_all()
    before, old = roster_at_office(link), link.dig_identity
    link.change_key_at_host()
    renew_tips(link.host, "dig", old, link.dig_identity)
    await link.exchange_all()
    after = roster_at_office(link)
    assert (after[: len(before)], len(after)) == (before, len(before) + 1)
    assert not any(isinstance(one and one.body, KeysRenewed) for one in verify(after).entries)
    opened = link.casework.open(shared.number)
    assert (opened.altered, opened.outdated) == (False, False)
    here = set(link.office.read_keys(link.office.roster.check).renewals)
    there = set(link.host.read_keys(link.host.roster.check).renewals)
    assert here < there
    assert len(here) == 1, "only that of its own tip"


async def test_a_withdrawal_adds_nothing_to_the_roster_and_is_known_to_the_office(link: Any) -> None:
    shared, kept = link.seed_tip(), link.seed_tip(to=(link.dig,), excluded=("sp",))
    cell = Desk(name="cell", title="Cell", level="range", recipient=new_identity()[0])
    link.host.write_now(lambda unit: add_desk(unit, cell))
    await link.exchange_all()
    before = roster_at_office(link)
    for tip in (shared, kept):
        work = link.casework_at_host
        opened = work.open(tip.id)
        link.host.write_now(partial(work.directing.direct, tip=opened, to_desk="cell", instruction="yours", due=0))
        opened = work.open(tip.id)
        link.host.write_now(partial(work.directing.withdraw, tip=opened, desk="cell", reason="not yours"))
    await link.exchange_all()
    assert roster_at_office(link) == before
    opened = link.casework.open(shared.number)
    assert (opened.altered, opened.outdated) == (False, False)
    assert len(link.office.read_keys(link.office.roster.check).renewals) == 1
