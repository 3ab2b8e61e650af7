"""A tip is hidden while a desk changes its key, and restored: desks with the tip see that, and nobody writes on it."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import delete, insert

from satark.api.sealing import new_identity
from satark.casework import ActRefused
from satark.ingest.ingest import IngestFailed
from satark.store import envelopes, tables
from satark_desk.officers import remove_officer, rotate
from system.test_altered_tips import Case, case
from system.test_nobody_becomes_a_reader import environment
from system.test_rolled_back_tips import all_write, give_release, opened_with

__all__ = ["environment"]
pytestmark = [pytest.mark.slow("hosts and offices"), pytest.mark.usefixtures("environment")]


def pretend_office(of: Case, roster: bytes = b"") -> None:
    """Insert a row that makes this machine look like an office of a host that the operator made up."""
    row = {"recipient": new_identity()[0], "verifier": "00", "directory": 0, "destination_rules": b"", "paired": ""}
    of.town.attacker.main(insert(tables.host_link).values({**row, "roster": roster}))


@pytest.mark.parametrize("how", ["deleted", "garbage"])
@pytest.mark.parametrize("desk", ["dig", "sp"])
async def test_a_tip_hidden_during_a_key_change_is_shown_as_such_and_nobody_writes_on_it(
    tmp_path: Path, how: str, desk: str
) -> None:
    async with case(tmp_path) as of:
        kept = of.envelope(of.town.dig if desk == "dig" else of.town.attacker.unlock("sp", "clerk"))
        of.services.write_now(lambda unit: envelopes.drop(unit, of.tip, [desk]))
        if how == "garbage":
            of.services.write_now(lambda unit: envelopes.store(unit, of.tip, desk, b"garbage"))
        if desk == "dig":
            assert remove_officer(of.services, of.town.dig, "leaver").done
        else:
            rotate(of.services, of.town.attacker.unlock("sp", "sp-head"))
        public = of.services.roster_state().desks[desk].desk.recipient
        of.services.write_now(lambda unit: envelopes.store(unit, of.tip, desk, envelopes.seal(kept, public)))
        for officer in (of.town.dig, of.town.attacker.unlock("sp", "sp-head")):
            work = officer.casework(of.services)
            opened = work.open(of.tip)
            assert (opened.altered, opened.outdated) == (True, True)
            with pytest.raises(ActRefused):
                work.note(opened, "we search on Monday")
        with pytest.raises(IngestFailed):
            await of.write_more()
        rotate(of.services, of.town.dig)
        await all_write(of)
        assert opened_with(of, kept.identity) == []
        assert of.has_key("sp", "sp-head")


async def test_a_station_writes_nothing_on_a_release_of_a_tip_that_was_hidden(tmp_path: Path) -> None:
    async with case(tmp_path) as of:
        give_release(of)
        kept = of.envelope(of.town.dig)
        of.services.write_now(lambda unit: envelopes.drop(unit, of.tip, ["dig"]))
        assert remove_officer(of.services, of.town.dig, "leaver").done
        station = of.town.attacker.unlock("lanka", "so").casework(of.services)
        with pytest.raises(ActRefused):
            station.note(station.open(of.tip), "we saw two men")
        public = of.services.roster_state().desks["dig"].desk.recipient
        of.services.write_now(lambda unit: envelopes.store(unit, of.tip, "dig", envelopes.seal(kept, public)))
        rotate(of.services, of.town.dig)
        station.note(station.open(of.tip), "we saw two men")
        assert opened_with(of, kept.identity) == ["→ lanka: look"]


async def test_a_row_that_calls_the_host_an_office_leaves_no_tip_at_its_old_key(tmp_path: Path) -> None:
    async with case(tmp_path) as of:
        kept = of.envelope(of.town.dig)
        entries = of.services.read_keys(of.services.roster.stored_entries)
        pretend_office(of, b"".join(one + b"\n" for one in entries))
        assert remove_officer(of.services, of.town.dig, "leaver").done
        await all_write(of)
        of.town.attacker.main(delete(tables.host_link))
        await all_write(of)
        assert opened_with(of, kept.identity) == []
        assert replace(of.envelope(of.town.dig), points=(), changes=(), identity=kept.identity) == kept
