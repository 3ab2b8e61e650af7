"""A removed officer, or a desk that lost the tip, helps an operator: neither reads anything newer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import delete, select, update

from satark.api.sealing import new_identity, recipient_of, seal
from satark.api.tip import CaseStep, Checkpoint, Envelope, Message, Release
from satark.casework import ActRefused
from satark.ingest.ingest import IngestFailed
from satark.routing import tip_keys
from satark.routing.authors import ThreadReader, Writer
from satark.routing.releases import hash_of_release
from satark.routing.renewals import remembered, tip_verifier
from satark.store import envelopes, tables, threads
from satark.store.unit_of_work import UnitOfWork
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import NewDesk, NewOfficer, add_officer, remove_officer, rotate, unlock
from satark_desk.roster_changes import approve, complete
from support.acts import respond
from support.scripted import Tipster
from system.test_altered_tips import LEAVERS, Case, case, sealed_row
from system.test_forged_roster_rows import PLAIN
from system.test_nobody_becomes_a_reader import RECEIPT, environment, opens, place

__all__ = ["environment"]
pytestmark = [pytest.mark.slow("hosts and offices"), pytest.mark.usefixtures("environment")]

GONE = "winter glas 77 turm"


def opened_with(of: Case, identities: str) -> list[str]:
    """Return the texts of the stored messages that one of these keys opens."""
    rows = of.services.read(lambda c: c.execute(select(tables.message.c.sealed)).scalars().all())
    found = [opens(Message, row, identities) for row in rows]
    return [one.text for one in found if one]


def give_release(of: Case) -> None:
    """Have the DIG give a release to the station."""
    work, tip = of.town.dig.casework(of.services), of.seen()
    of.services.write_now(lambda u: work.directing.direct(u, tip, "lanka", "look", 0, answers={}, rewording="y"))


async def test_messages_beside_a_release_open_with_no_key_of_a_removed_or_withdrawn_reader(
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


async def refuses_to_write(of: Case) -> None:
    """Check that the DIG is shown the alarm, and that nobody writes with the old key."""
    work = of.town.dig.casework(of.services)
    assert of.seen().altered
    with pytest.raises(ActRefused):
        work.note(work.open(of.tip), "a note")
    with pytest.raises(IngestFailed):
        await of.write_more()


def put_back(of: Case, kept: Envelope, **row: object) -> None:
    """Put an old envelope in the place of the DIG's, an old row in the tip's, and delete the thread."""
    public = of.services.roster_state().desks["dig"].desk.recipient
    fake = replace(kept, desk="dig")
    of.services.write_now(lambda unit: envelopes.store(unit, of.tip, "dig", envelopes.seal(fake, public)))
    if row:
        of.town.attacker.main(update(tables.tip).values(row))
    of.town.attacker.main(delete(tables.message))


async def all_write(of: Case) -> None:
    """Check that the DIG is shown no alarm, and that it and the tipster write."""
    assert not of.seen().altered
    work = of.town.dig.casework(of.services)
    work.note(work.open(of.tip), "we search the house on Monday")
    await of.write_more()
    assert not of.seen().altered


@pytest.mark.parametrize("removed_first", [False, True])
async def test_a_withdrawal_is_not_undone_by_the_rows_of_before(tmp_path: Path, *, removed_first: bool) -> None:
    async with case(tmp_path) as of:
        if removed_first:  # one desk key of the DIG makes two changes of the tip's key
            assert remove_officer(of.services, of.town.dig, "leaver").done
        kept, before = of.envelope(of.town.attacker.unlock("sp", "clerk")), of.key_changes()
        of.withdraw("sp")
        put_back(of, kept, key_changes=before, recipient=recipient_of(kept.identity))
        await refuses_to_write(of)
        rotate(of.services, of.town.dig)
        await all_write(of)
        assert not of.has_key("sp", "clerk"), "whoever may put old rows back gets no new key for the SP"
        assert opened_with(of, kept.identity) == []


async def test_an_officer_removed_from_the_desk_reads_nothing_newer_from_old_rows(tmp_path: Path) -> None:
    async with case(tmp_path) as of:
        kept = of.envelope(unlock(of.services, "dig", "leaver", LEAVERS))
        assert remove_officer(of.services, of.town.dig, "leaver").done
        put_back(of, kept, key_changes=b"", recipient=recipient_of(kept.identity))
        await refuses_to_write(of)
        assert opened_with(of, kept.identity) == []


@pytest.mark.parametrize("field", ["releases", "holders", "answers_to"])
async def test_a_checkpoint_that_a_clerk_plants_is_shown_gives_nobody_the_tip_and_locks_nobody_out(
    tmp_path: Path, field: str
) -> None:
    async with case(tmp_path) as of:
        kept = of.envelope(of.town.attacker.unlock("sp", "clerk"))
        release = {"lanka": Release(key=new_identity()[1])}
        planted = {"releases": release, "holders": {"sp": (), "lanka": ()}, "answers_to": {"dig": "sp"}}[field]
        point = Checkpoint(0, of.seen().reader.thread, (), {"dig": (), "sp": ()}, {}, dict(kept.answers_to))
        put_back(of, replace(kept, points=(replace(point, **{field: planted}),)))
        assert of.seen().altered
        assert of.seen().access.readers <= {"dig", "sp"}
        work = of.town.dig.casework(of.services)
        with pytest.raises(ActRefused):
            work.note(work.open(of.tip), "a note")
        of.withdraw("sp")
        work = of.town.dig.casework(of.services)
        work.note(work.open(of.tip), "we search the house on Monday")
        assert not of.seen().altered
        assert of.seen().access.readers == {"dig"}
        assert of.seen().access.releases == {}
        assert opened_with(of, kept.identity) == []
        await of.write_more()


async def test_a_receipt_that_a_clerk_replaces_in_an_envelope_is_shown(tmp_path: Path) -> None:
    async with case(tmp_path) as of:
        work = of.town.dig.casework(of.services)
        respond(work, work.open(of.tip), text="Thank you")
        kept = of.envelope(of.town.attacker.unlock("sp", "clerk"))
        public = of.services.roster_state().desks["dig"].desk.recipient
        fake = replace(kept, desk="dig", receipt=new_identity()[0])
        of.services.write_now(lambda unit: envelopes.store(unit, of.tip, "dig", envelopes.seal(fake, public)))
        assert of.seen().altered


async def test_a_desk_that_lost_the_tip_and_changes_its_key_keeps_no_tipster_from_writing(tmp_path: Path) -> None:
    async with case(tmp_path) as of:
        of.withdraw("sp")
        rotate(of.services, of.town.attacker.unlock("sp", "sp-head"))
        await of.write_more()
        assert not of.seen().altered
        assert [one.message.text for one in of.seen().thread][-1] == "he was there again at night"


@pytest.mark.parametrize("desk", ["dig", "lanka"])
async def test_messages_under_a_release_that_an_operator_forged_are_shown_and_not_sent(
    tmp_path: Path, desk: str
) -> None:
    async with case(tmp_path) as of:
        services, key = of.services, new_identity()[1]
        give_release(of)
        officer = of.town.dig if desk == "dig" else of.town.attacker.unlock(desk, "so")
        assert not officer.casework(services).open(of.tip).altered
        public = services.roster_state().desks[desk].desk.recipient
        header = officer.casework(services).open(of.tip).header
        forged = Envelope(
            tip=of.tip,
            desk=desk,
            identity=new_identity()[1],
            header=header,
            tip_recipient=recipient_of(key),
            tip_verifier=tip_verifier(key),
        )
        services.write_now(lambda unit: envelopes.store(unit, of.tip, desk, envelopes.seal(forged, public)))
        if desk == "dig":  # a clerk of a desk below gives it the release
            clerk = of.town.attacker.unlock("sp", "clerk")
            release = Release(key=key, envelope=hash_of_release(forged), text="a bicycle")
            step = CaseStep(kind="directed", to=desk, release=release)
            message = Message(sender="desk", desk="sp", internal=True, case=step, text="→ dig")
            writer = Writer(name="clerk", identity=clerk.identity, own_identity=clerk.own_identity)

            def post(unit: UnitOfWork) -> None:
                seq = threads.next_seq(unit, of.tip)
                signed = writer.signed(message, forged, seq, unit.now, [public])
                threads.append(unit, of.tip, seal(signed, public, padded=threads.PADDED), notified=True)

            services.write_now(post)
        work = officer.casework(services)
        assert work.open(of.tip).altered
        with pytest.raises(ActRefused):
            work.note(work.open(of.tip), "we search the house on Monday")
        assert opened_with(of, key) == []


def make_up_a_renewal(of: Case, by: UnlockedDesk, envelope: Envelope) -> None:
    """Append to the roster that a desk renewed the tip's key as no envelope shows it, signed with all that it has."""
    keyed = replace(envelope, desk=by.desk.name, identity=f"{new_identity()[1]}\n{envelope.identity}")
    made = tip_keys._with_change(keyed, Checkpoint(0, b"", (), {}, {}, {}), envelope.changes)
    said = remembered(by.desk.name, made.identity, made.changes)
    of.services.write_now(lambda unit: tip_keys.remember(unit, by.desk.name, by.identity, [said]))


@asynccontextmanager
async def with_a_cell(folder: Path) -> AsyncIterator[Case]:
    """Yield a tip, and make a desk of the same level as the DIG's that lacks it."""
    cell = NewDesk(name="cell", title="cell", level="range", area="", officer="ch", passphrase=GONE)
    async with place(folder, cell) as town:
        assert town.host.ingest_runtime is not None
        tipster = Tipster(town.host.ingest_runtime, town.channel, "9140112233")
        yield Case(town, tipster, await tipster.walk(PLAIN, RECEIPT))


async def test_a_renewal_that_an_officer_forged_before_their_removal_locks_no_tip(tmp_path: Path) -> None:
    async with case(tmp_path) as of:
        leaver, work = unlock(of.services, "dig", "leaver", LEAVERS), of.town.dig.casework(of.services)
        work.note(work.open(of.tip), "we know him")
        make_up_a_renewal(of, leaver, of.envelope(leaver))
        assert (of.seen().altered, of.seen().outdated) == (True, True)
        assert remove_officer(of.services, of.town.dig, "leaver").done
        await all_write(of)


async def test_a_forged_renewal_of_a_desk_that_lost_the_tip_has_no_effect(tmp_path: Path) -> None:
    async with case(tmp_path) as of:
        clerk = of.town.attacker.unlock("sp", "clerk")
        kept = of.envelope(clerk)
        of.withdraw("sp")
        make_up_a_renewal(of, clerk, kept)
        await all_write(of)


async def test_a_desk_of_the_same_level_undoes_no_withdrawal_and_no_act_of_another_desk(tmp_path: Path) -> None:
    async with with_a_cell(tmp_path) as of:
        for desk in ("cell", "lanka"):
            of.direct(desk)
        of.withdraw("lanka")
        work = of.town.dig.casework(of.services)
        work.note(work.open(of.tip), "lanka's SO is in it")
        rotate(of.services, of.town.dig)
        cell = unlock(of.services, "cell", "ch", GONE)
        kept, state = of.envelope(cell), of.services.roster_state()
        first = replace(kept, changes=(), points=())
        thread = ThreadReader(first, of.services.signers()).thread
        holders: dict[str, tuple[str, ...]] = {"dig": (), "sp": (), "cell": (), "lanka": ()}
        point = Checkpoint(0, thread, (state.head,), holders, {}, {**kept.answers_to, "lanka": "dig"})
        keyed = replace(kept, identity=f"{new_identity()[1]}\n{kept.identity}")
        for points in ((), kept.points):
            made = tip_keys._with_change(replace(keyed, points=points), point, kept.changes)

            def write(unit: UnitOfWork, made: Envelope = made) -> None:
                row = {"key_changes": sealed_row(unit, made), "recipient": recipient_of(made.identity)}
                unit.main.execute(update(tables.tip).values(row))
                for one in ("dig", "sp", "cell"):
                    envelopes.store(unit, of.tip, one, envelopes.seal(replace(made, desk=one), recipient(one)))
                envelopes.store(unit, of.tip, "lanka", b"garbage")
                said = remembered("cell", made.identity, made.changes)
                tip_keys.remember(unit, "cell", cell.identity, [said])

            def recipient(desk: str) -> str:
                return state.desks[desk].desk.recipient

            of.services.write_now(write)
            assert "lanka" not in of.seen().access.readers
            assert of.seen().altered == (not points)
        of.town.attacker.main(delete(tables.message))
        assert of.seen().altered, "the DIG's own checkpoint covers what it wrote"
        rotate(of.services, of.town.dig)
        assert not of.has_key("lanka", "so")
