"""A clerk of a lower desk that has the tip renews its key with a modified program: nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import delete, update

from satark.api.sealing import new_identity, recipient_of
from satark.api.tip import Checkpoint, Envelope
from satark.casework import ActRefused
from satark.routing import tip_keys
from satark.routing.authors import ThreadReader
from satark.routing.renewals import remembered, with_last_points
from satark.store import envelopes, tables
from satark.store.unit_of_work import UnitOfWork
from satark_desk.officers import remove_officer, rotate
from system.test_altered_tips import Case, case, sealed_row
from system.test_nobody_becomes_a_reader import environment
from system.test_rolled_back_tips import give_release

__all__ = ["environment"]
pytestmark = [pytest.mark.slow("hosts and offices"), pytest.mark.usefixtures("environment")]


def renew_as_clerk(of: Case, envelope: Envelope, point: Checkpoint, *, drops: bool = False) -> None:
    """Renew the tip's key as the SP does, over an envelope and a checkpoint of the clerk's own making."""
    sp, state = of.town.attacker.unlock("sp", "clerk"), of.services.roster_state()
    before, new = of.envelope(sp).changes, new_identity()[1]
    forged = replace(envelope, identity=f"{new}\n{envelope.identity}")
    forged = tip_keys._with_change(forged, replace(point, roster=(state.head,)), before)
    if not drops:
        forged = with_last_points(state, forged) or forged

    def write(unit: UnitOfWork) -> None:
        row = {"key_changes": sealed_row(unit, forged), "recipient": recipient_of(new)}
        unit.main.execute(update(tables.tip).values(row))
        for one in ("dig", "sp"):
            sealed = envelopes.seal(replace(forged, desk=one), state.desks[one].desk.recipient)
            envelopes.store(unit, of.tip, one, sealed)
        tip_keys.remember(unit, "sp", sp.identity, [remembered("sp", forged.identity, forged.changes)])

    of.services.write_now(write)


def clerks(of: Case) -> Envelope:
    """Return the envelope that the clerk of the SP has."""
    return of.envelope(of.town.attacker.unlock("sp", "clerk"))


def from_nothing(of: Case, envelope: Envelope, **holders: tuple[str, ...]) -> Checkpoint:
    """Return a checkpoint of a thread without a message."""
    thread = ThreadReader(replace(envelope, changes=(), points=()), of.services.signers()).thread
    return Checkpoint(0, thread, (), {"dig": (), "sp": (), **holders}, {}, {**envelope.answers_to})


async def test_a_renewal_by_a_desk_below_replaces_nothing_that_was_sent(tmp_path: Path) -> None:
    async with case(tmp_path) as of:
        assert remove_officer(of.services, of.town.dig, "leaver").done
        kept = clerks(of)
        header = replace(kept.header, flags=("another",))
        forged = replace(kept, holders={**kept.holders, "lanka": ()}, header=header, receipt=new_identity()[0])
        renew_as_clerk(of, forged, from_nothing(of, forged, lanka=()))
        of.services.write_now(lambda unit: envelopes.store(unit, of.tip, "lanka", b"garbage"))
        work = of.town.dig.casework(of.services)
        assert of.seen().altered
        with pytest.raises(ActRefused):
            work.note(work.open(of.tip), "a note")
        await of.write_more()
        assert [one.message.text for one in of.seen().thread] == ["he was there again at night"]
        rotate(of.services, of.town.dig)
        assert not of.has_key("lanka", "so")


async def test_an_envelope_of_a_tip_without_a_renewed_key_is_shown_if_it_names_other_facts_than_were_sent(
    tmp_path: Path,
) -> None:
    async with case(tmp_path) as of:
        for fields in ({"holders": {"dig": (), "sp": (), "lanka": ()}}, {"receipt": "age1"}, {"arrived": 4102444800}):
            forged = replace(clerks(of), desk="dig", **fields)
            put_in_place(of, forged)
            assert of.seen().altered
            with pytest.raises(ActRefused):
                of.town.dig.casework(of.services).note(of.seen(), "a note")


def put_in_place(of: Case, envelope: Envelope) -> None:
    """Put an envelope in the place of the DIG's."""
    public = of.services.roster_state().desks["dig"].desk.recipient
    of.services.write_now(lambda unit: envelopes.store(unit, of.tip, "dig", envelopes.seal(envelope, public)))


@pytest.mark.parametrize("drops", [False, True])
async def test_a_renewal_by_a_desk_below_undoes_no_withdrawal_and_drops_nothing_that_the_desk_above_covered(
    tmp_path: Path, *, drops: bool
) -> None:
    async with case(tmp_path) as of:
        of.direct("lanka")
        of.withdraw("lanka")
        kept = clerks(of)
        (point,) = kept.points
        of.town.attacker.main(delete(tables.message).where(tables.message.c.seq > point.seq))
        answers_to = {**point.answers_to, "lanka": "dig"}
        planted = replace(point, holders={**point.holders, "lanka": ()}, answers_to=answers_to)
        renew_as_clerk(of, replace(kept, points=() if drops else (point,)), planted, drops=drops)
        of.services.write_now(lambda unit: envelopes.store(unit, of.tip, "lanka", b"garbage"))
        assert of.seen().altered == drops
        assert drops or "lanka" not in of.seen().access.readers
        of.town.attacker.main(delete(tables.message))
        assert of.seen().altered
        rotate(of.services, of.town.dig)
        assert not of.has_key("lanka", "so")
        work = of.town.dig.casework(of.services)
        work.note(work.open(of.tip), "the desk above heals it")
        assert not of.seen().altered


async def test_a_renewal_by_a_desk_below_takes_no_release_away(tmp_path: Path) -> None:
    async with case(tmp_path) as of:
        give_release(of)
        reader = of.seen().reader
        point = Checkpoint(reader.last, reader.thread, (), {"dig": (), "sp": ()}, {}, {})
        renew_as_clerk(of, clerks(of), point)
        work = of.town.dig.casework(of.services)
        work.note(work.open(of.tip), "go there at nine")
        station = of.town.attacker.unlock("lanka", "so").casework(of.services)
        assert "go there at nine" in [one.message.text for one in station.open(of.tip).thread]
        station.note(station.open(of.tip), "we saw two men")
        assert "we saw two men" in [one.message.text for one in of.seen().thread]
