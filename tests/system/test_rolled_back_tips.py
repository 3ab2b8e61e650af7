"""An officer who was removed, or a desk that the tip was taken from, helps an operator: they read nothing newer."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from satark.api.tip import Message
from satark.store import tables
from satark_desk.officers import NewOfficer, add_officer, remove_officer, rotate, unlock
from satark_desk.roster_changes import approve, complete
from system.test_altered_tips import LEAVERS, Case, case
from system.test_nobody_becomes_a_reader import environment, opens

__all__ = ["environment"]
pytestmark = [pytest.mark.slow("hosts and offices"), pytest.mark.usefixtures("environment")]

GONE = "winter glas 77 turm"


def opened_with(of: Case, identities: str) -> list[str]:
    """Return the texts of the stored messages that one of these keys opens."""
    rows = of.services.read(lambda c: c.execute(select(tables.message.c.sealed)).scalars().all())
    found = [opens(Message, row, identities) for row in rows]
    return [one.text for one in found if one]


def give_release(of: Case) -> None:
    """Let the DIG give a release to the station."""
    work, tip = of.town.dig.casework(of.services), of.seen()
    of.services.write_now(lambda u: work.directing.direct(u, tip, "lanka", "look", 0, answers={}, rewording="y"))


async def test_what_is_written_beside_a_release_opens_with_no_key_of_those_who_were_removed_or_withdrawn(
    tmp_path: Path,
) -> None:
    async with case(tmp_path) as of:
        services, lanka = of.services, of.town.attacker.unlock("lanka", "so")
        done = add_officer(services, lanka, NewOfficer(name="gone", passphrase=GONE))
        approve(services, of.town.attacker.unlock("sp", "sp-head"), done.id)
        complete(services, of.town.attacker.unlock("lanka", "so"))
        give_release(of)
        leaver, gone = unlock(services, "dig", "leaver", LEAVERS), unlock(services, "lanka", "gone", GONE)
        clerk = of.town.attacker.unlock("sp", "clerk")
        known = [one.casework(services).open(of.tip) for one in (clerk, leaver, gone)]
        keys = {line for tip in known for line in tip.envelope.identity.split()}
        keys |= {tip.access.releases["lanka"].key for tip in known} | {leaver.identity, gone.identity}
        of.withdraw("sp")
        assert remove_officer(services, of.town.dig, "leaver").done
        assert remove_officer(services, of.town.attacker.unlock("lanka", "so"), "gone").done
        station = of.town.attacker.unlock("lanka", "so").casework(services)
        station.note(station.open(of.tip), "we saw two men")
        work = of.town.dig.casework(services)
        work.note(work.open(of.tip), "we search the house on Monday")
        assert opened_with(of, "\n".join(keys)) == ["→ lanka: look"]
        rotate(services, of.town.attacker.unlock("lanka", "so"))
        station = of.town.attacker.unlock("lanka", "so").casework(services)
        written = ["we saw two men", "we search the house on Monday"]
        assert [one.message.text for one in station.open(of.tip).thread] == ["→ lanka: look", *written]
        assert [one.message.text for one in work.open(of.tip).thread if one.message.text in written] == written
