"""A desk that lost a tip, a former officer, or a lower desk helps an operator: none of them can deceive anybody."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import delete, insert, update

from satark.api.inbound import MediaRef
from satark.api.sealing import new_identity, recipient_of, seal
from satark.api.tip import CaseStep, Checkpoint, Envelope, Message, Release
from satark.casework import ActRefused, RosterState
from satark.dialogue.session import MediaJob
from satark.ingest import submission
from satark.ingest.ingest import IngestFailed
from satark.roster.roster import RENEWALS_NAME, write_copy
from satark.routing import tip_keys
from satark.routing.authors import Writer
from satark.routing.releases import hash_of_release
from satark.routing.renewals import remembered, tip_verifier, with_last_points
from satark.routing.sent import addressed, first_key, sent_with_release
from satark.routing.tip_keys import TipKeyAltered, TipRoot, recipient_of_job
from satark.store import envelopes, tables, threads
from satark.store.unit_of_work import UnitOfWork
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import remove_officer, rotate, unlock
from support.acts import respond
from support.scripted import Tipster
from system.test_altered_tips import LEAVERS, Case, case, sealed_row
from system.test_nobody_becomes_a_reader import code_in, environment, restarted
from system.test_rolled_back_tips import give_release, opened_with

__all__ = ["environment"]
pytestmark = [pytest.mark.slow("hosts and offices"), pytest.mark.usefixtures("environment")]


def state(of: Case) -> RosterState:
    return of.services.roster_state()


def store(of: Case, envelope: Envelope, desk: str) -> None:
    """Put an envelope in a desk's place, as a person who writes to the databases can."""
    sealed = envelopes.seal(envelope, state(of).desks[desk].desk.recipient)
    of.services.write_now(lambda unit: envelopes.store(unit, of.tip, desk, sealed))


def write_as(by: UnlockedDesk) -> Writer:
    return Writer(name=by.officer, identity=by.identity, own_identity=by.own_identity)


def hide_while_rekeyed(of: Case, desk: str, officer: str) -> Envelope:
    """Hide a tip from a desk while it removes an officer, and put it back; return what this officer had."""
    head = of.town.dig if desk == "dig" else of.town.attacker.unlock("sp", "sp-head")
    kept = of.envelope(head)
    of.services.write_now(lambda unit: envelopes.drop(unit, of.tip, [desk]))
    assert remove_officer(of.services, head, officer).done
    store(of, kept, desk)
    return kept


def renew_as_the_sp(of: Case, *, seq: int | None = None, lost: tuple[str, ...] = ()) -> None:
    """Have the SP, which has the tip, renew its key with a modified program that makes false statements."""
    by, full = of.town.attacker.unlock("sp", "sp-head"), of.envelope(of.town.dig)
    envelope, reader = of.envelope(by), by.casework(of.services).open(of.tip).reader
    thread = next(one for one, at in reader._threads.items() if at == 0) if seq == 0 else reader.thread
    at = reader.last if seq is None else seq
    point = Checkpoint(at, thread, (state(of).head,), {"dig": (), "sp": ()}, {}, dict(envelope.answers_to))
    keyed = replace(envelope, identity=f"{new_identity()[1]}\n{envelope.identity}")
    made = tip_keys._with_change(keyed, point, envelope.changes, lost)
    made = with_last_points(state(of), made) or made
    said = remembered("sp", made.identity, made.changes)

    def write(unit: UnitOfWork) -> None:
        row = {"key_changes": sealed_row(unit, made), "recipient": recipient_of(made.identity)}
        tip_keys.remember(unit, "sp", by.identity, [said])
        unit.main.execute(update(tables.tip).values(row))

    of.services.write_now(write)
    for desk in ("dig", "sp"):
        store(of, replace(addressed(made, desk), sent=full.sent), desk)


@pytest.mark.parametrize("who", ["withdrawn", "leaver"])
async def test_former_holders_of_a_tip_write_to_no_tipster_in_the_place_of_an_older_row(
    tmp_path: Path, who: str
) -> None:
    async with case(tmp_path) as of:
        work = of.town.dig.casework(of.services)
        work.note(work.open(of.tip), "a note between desks")
        sp = of.town.attacker.unlock("sp", "sp-head")
        by = sp if who == "withdrawn" else unlock(of.services, "dig", "leaver", LEAVERS)
        kept, head = of.envelope(by), state(of).head
        if who == "withdrawn":
            of.withdraw("sp")
        else:
            assert remove_officer(of.services, of.town.dig, "leaver").done
        said = Message(sender="desk", desk=by.desk.name, text="Send us your name", roster=(head,))
        signed = write_as(by).signed(said, kept, 1, 1, [recipient_of(kept.identity)])
        sealed = seal(signed, recipient_of(kept.identity), kept.receipt, padded=threads.PADDED)
        of.town.attacker.main(update(tables.message).where(tables.message.c.seq == 1).values(sealed=sealed))
        await of.tipster.say("Hi", code_in(of.receipt))
        assert "Send us your name" not in of.tipster.text


@pytest.mark.parametrize("first", ["made up", "the tip's"])
async def test_a_desk_that_lost_the_tip_gives_no_release_of_it(tmp_path: Path, first: str) -> None:
    async with case(tmp_path) as of:
        of.direct("lanka")
        clerk = of.town.attacker.unlock("sp", "clerk")
        kept = of.envelope(clerk)
        of.withdraw("sp")
        station = of.town.attacker.unlock("lanka", "so").casework(of.services)
        key, made_up = new_identity()[1], new_identity()[1]
        recipient, verifier = first_key(kept if first == "the tip's" else replace(kept, identity=made_up))
        known = Envelope(tip=of.tip, desk="lanka", identity=key, header=kept.header, roster=kept.roster)
        fields = {"tipster_verifier": kept.tipster_verifier, "sent": sent_with_release(kept)}
        forged = replace(known, tip_recipient=recipient, tip_verifier=verifier, **fields)
        store(of, forged, "lanka")
        step = CaseStep(kind="directed", to="lanka", release=Release(key=key, envelope=hash_of_release(forged)))
        said = Message(sender="desk", desk="sp", internal=True, case=step, text="look", roster=(state(of).head,))

        def post(unit: UnitOfWork) -> None:
            seq, by = threads.next_seq(unit, of.tip), kept if first == "the tip's" else forged
            signed = write_as(clerk).signed(said, by, seq, unit.now, [recipient_of(key)])
            threads.append(unit, of.tip, seal(signed, recipient_of(key), padded=threads.PADDED), notified=True)

        of.services.write_now(post)
        assert station.open(of.tip).altered
        with pytest.raises(ActRefused):
            station.note(station.open(of.tip), "we search tonight at nine")


async def test_a_station_writes_nothing_by_a_release_after_a_holder_of_the_tip_changed_its_key_without_it(
    tmp_path: Path,
) -> None:
    async with case(tmp_path) as of:
        give_release(of)
        kept = hide_while_rekeyed(of, "sp", "clerk")
        station = of.town.attacker.unlock("lanka", "so").casework(of.services)
        with pytest.raises(ActRefused):
            station.note(station.open(of.tip), "we search tonight at nine")
        rotate(of.services, of.town.dig)
        station.note(station.open(of.tip), "we search tonight at nine")
        assert "we search tonight at nine" not in opened_with(of, kept.identity)


@pytest.mark.parametrize("how", ["rekeyed", "no word of who had it first"])
async def test_a_pending_file_is_sealed_to_no_key_that_a_desk_changed_without_the_tip(
    tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    roots = list[TipRoot]()

    def seal_routed(root: TipRoot) -> bytes:
        roots.append(root)
        return tip_keys.seal_routed(root)

    monkeypatch.setattr(submission, "seal_routed", seal_routed)
    async with case(tmp_path) as of:
        first = of.envelope(of.town.dig).identity
        ref = MediaRef(account="x", id="1")
        job = MediaJob(
            tip=of.tip, recipient=recipient_of(first), ordinal="1", role="evidence", kind="image", caption="", ref=ref,
            tipster_key=roots[0].tipster_key, verifier=tip_verifier(first),
        )  # fmt: skip
        assert of.services.write_now(lambda unit: recipient_of_job(unit, state(of), job)) == recipient_of(first)
        if how == "rekeyed":
            hide_while_rekeyed(of, "dig", "leaver")
        else:
            of.town.attacker.main(update(tables.tip).values(routed=None))
        with pytest.raises(TipKeyAltered):
            of.services.write_now(lambda unit: recipient_of_job(unit, state(of), job))


async def test_a_desk_below_can_not_say_that_a_desk_above_lost_the_tip(tmp_path: Path) -> None:
    async with case(tmp_path) as of:
        renew_as_the_sp(of, lost=("dig",))
        of.withdraw("sp")
        assert not of.seen().altered
        hide_while_rekeyed(of, "dig", "leaver")
        assert of.seen().outdated
        with pytest.raises(IngestFailed):
            await of.write_more()


@pytest.mark.parametrize("renewed", [False, True])
@pytest.mark.parametrize("seq", [0, 50])
async def test_no_place_that_a_desk_below_claims_for_a_renewal_hides_an_answer(
    tmp_path: Path, seq: int, *, renewed: bool
) -> None:
    async with case(tmp_path) as of:
        work = of.town.dig.casework(of.services)
        respond(work, work.open(of.tip), text="You are in danger, leave the house", question=True)
        renew_as_the_sp(of, seq=seq)
        assert of.seen().altered == bool(seq)
        work = of.town.dig.casework(of.services)
        respond(work, work.open(of.tip), text="Stay at your sister's")
        if renewed:
            of.withdraw("sp")
            rotate(of.services, of.town.dig)
            assert not of.seen().altered
        assert of.town.host.ingest_runtime is not None
        other = Tipster(of.town.host.ingest_runtime, of.town.channel, "9140112299")
        await other.say("Hi", code_in(of.receipt))
        assert "leave the house" in other.text
        assert "your sister's" in other.text


async def test_a_withdrawal_counts_though_its_renewals_rows_are_deleted_at_once(tmp_path: Path) -> None:
    async with case(tmp_path) as of:
        attacker, kept = of.town.attacker, of.envelope(of.town.attacker.unlock("sp", "clerk"))
        stored = of.services.read_keys(lambda c: c.execute(tables.envelope.select()).mappings().all())
        changes = of.services.read(lambda c: c.execute(tables.tip.select()).mappings().one())
        of.withdraw("sp")
        attacker.keys(delete(tables.renewal))  # as a trigger does at the commit
        attacker.keys(delete(tables.envelope), insert(tables.envelope).values([dict(row) for row in stored]))
        attacker.main(update(tables.tip).values(dict(changes)))
        attacker.main(delete(tables.message))
        assert of.seen().altered
        with pytest.raises(IngestFailed):
            await of.write_more()
        assert opened_with(of, kept.identity) == []
        assert of.services.read_keys(of.services.roster.check).problems != ()


async def test_a_withdrawal_rolled_back_with_this_machines_copy_counts_once_repeated(
    tmp_path: Path,
) -> None:
    async with case(tmp_path) as of:
        copy = tmp_path / "data" / RENEWALS_NAME
        kept = of.services.read_keys(lambda c: envelopes.find_many(c, [(of.tip, "sp"), (of.tip, "dig")]))
        of.withdraw("sp")
        of.services.read_keys(of.services.roster.check)
        assert copy.exists()
        of.town.attacker.keys(delete(tables.renewal))
        write_copy(copy, [])
        restarted(of.town.attacker)
        of.town.attacker.main(delete(tables.message))
        of.town.attacker.main(update(tables.tip).values(key_changes=b""))

        def put_back(unit: UnitOfWork) -> None:
            for (tip, desk), sealed in kept.items():
                envelopes.store(unit, tip, desk, sealed)

        of.services.write_now(put_back)
        sp = of.envelope(of.town.attacker.unlock("sp", "sp-head"))
        of.withdraw("sp")
        assert not of.seen().altered
        await of.write_more()
        assert tip_keys._decode(of.key_changes())[-1].recipient not in map(recipient_of, sp.identity.split())
