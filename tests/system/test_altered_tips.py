"""An operator alters a tip's rows with a former key: nobody reads more, or the alteration is shown to the desks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import delete, select, update

from satark.api.sealing import new_identity, open_envelope, recipient_of, seal
from satark.api.tip import CaseStep, Checkpoint, Envelope, Message
from satark.casework import ActRefused, OpenTip
from satark.ingest.ingest import IngestFailed
from satark.routing import tip_keys
from satark.routing.authors import Writer
from satark.routing.renewals import remembered
from satark.store import changed_keys, envelopes, tables, threads
from satark.store.unit_of_work import UnitOfWork
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import NewOfficer, remove_officer, rotate, set_role, unlock
from satark_desk.recovery import approve_recovery, ask_for_recovery
from satark_desk.roster_changes import approve, complete
from support.scripted import Tipster
from system.test_forged_roster_rows import PLAIN
from system.test_nobody_becomes_a_reader import RECEIPT, Place, environment, opens, place, write_more

__all__ = ["environment"]
pytestmark = [pytest.mark.slow("hosts and offices"), pytest.mark.usefixtures("environment")]

LEAVERS = "sommer glas 66 turm"


def sealed_row(unit: UnitOfWork, made: Envelope) -> bytes:
    """Return the tip row's values of its keys, as a holder of the name key writes them."""
    return changed_keys.sealed(unit.keys, made.tip, tip_keys._row(made), 1 << 15)


class Case:
    """A tip that accuses nobody, sealed to the SP and the DIG."""

    def __init__(self, town: Place, tipster: Tipster, receipt: str) -> None:
        self.town, self.tipster, self.receipt = town, tipster, receipt
        self.services = town.host.services
        self.tip: str = self.services.read(lambda c: c.execute(select(tables.tip.c.id)).scalar_one())

    def seen(self) -> OpenTip:
        """Return the tip as the DIG opens it."""
        return self.town.dig.casework(self.services).open(self.tip)

    def envelope(self, by: UnlockedDesk) -> Envelope:
        """Return a desk's envelope."""
        sealed = self.services.read_keys(lambda c: envelopes.find(c, self.tip, by.desk.name)) or b""
        return open_envelope(sealed, by.identity, tip=self.tip, desk=by.desk.name)

    def direct(self, to: str) -> None:
        """Have the DIG give the tip itself to a desk."""
        work, tip = self.town.dig.casework(self.services), self.seen()
        self.services.write_now(lambda unit: work.directing.direct(unit, tip, to, "look", 0))

    def withdraw(self, desk: str) -> None:
        """Have the DIG take the tip back."""
        work, tip = self.town.dig.casework(self.services), self.seen()
        self.services.write_now(lambda unit: work.directing.withdraw(unit, tip, desk, "they are in it"))

    async def write_more(self) -> None:
        """Have the tipster write."""
        await write_more(self.tipster, self.receipt)

    def key_changes(self) -> bytes:
        """Return what the tip's row says of its keys."""
        return self.services.write_now(lambda unit: changed_keys.read(unit, self.tip)) or b""

    def forge(self, by: UnlockedDesk, envelope: Envelope, step: CaseStep, head: str = "") -> None:
        """Append a step in an officer's name, and plant a row of the desk that it names."""
        recipient = self.services.read(lambda c: c.execute(select(tables.tip.c.recipient)).scalar_one())
        roster = (head or self.services.roster_state().head,)
        message = Message(sender="desk", desk=by.desk.name, internal=True, case=step, roster=roster)
        writer = Writer(name=by.officer, identity=by.identity, own_identity=by.own_identity)

        def write(unit: UnitOfWork) -> None:
            signed = writer.signed(message, envelope, threads.next_seq(unit, self.tip), unit.now, [recipient])
            threads.append(unit, self.tip, seal(signed, recipient, padded=threads.PADDED), notified=True)
            envelopes.store(unit, self.tip, step.to, b"garbage")

        self.services.write_now(write)

    def has_key(self, desk: str, officer: str) -> bool:
        """Return whether a desk of the attacker's opens an envelope."""
        sealed = self.services.read_keys(lambda c: envelopes.find(c, self.tip, desk)) or b""
        return opens(Envelope, sealed, self.town.attacker.unlock(desk, officer).identity) is not None


@asynccontextmanager
async def case(folder: Path) -> AsyncIterator[Case]:
    async with place(folder, NewOfficer(name="leaver", passphrase=LEAVERS)) as town:
        assert town.host.ingest_runtime is not None
        tipster = Tipster(town.host.ingest_runtime, town.channel, "9140112233")
        yield Case(town, tipster, await tipster.walk(PLAIN, RECEIPT))


@pytest.mark.parametrize("cut", [0, 1])
async def test_a_withdrawal_missing_in_the_tips_row_is_shown_and_the_next_key_restores_it(
    tmp_path: Path, cut: int
) -> None:
    async with case(tmp_path) as of:
        of.withdraw("sp")
        of.direct("lanka")
        of.withdraw("lanka")
        assert not of.seen().altered
        changes = tip_keys._decode(of.key_changes())[:cut]
        first = of.envelope(of.town.dig).identity.split()[-1]
        recipient = changes[-1].recipient if changes else recipient_of(first)
        row = {"key_changes": tip_keys._encode(changes) if changes else b"", "recipient": recipient}
        of.town.attacker.main(update(tables.tip).values(row))
        assert of.seen().altered
        with pytest.raises(IngestFailed):
            await of.write_more()
        rotate(of.services, of.town.dig)
        assert not of.seen().altered
        await of.write_more()
        newest = tip_keys._decode(of.key_changes())[-1].recipient
        assert newest == recipient_of(of.envelope(of.town.dig).identity)


@pytest.mark.parametrize("in_roster", [False, True])
async def test_a_desk_that_gives_the_tip_a_key_unknown_to_the_dig_is_shown_and_undone(
    tmp_path: Path, *, in_roster: bool
) -> None:
    async with case(tmp_path) as of:
        sp = of.town.attacker.unlock("sp", "sp-head")
        old, new = of.envelope(sp), new_identity()[1]
        point = Checkpoint(0, b"", (), {}, {}, {})
        envelope = tip_keys._with_change(replace(old, identity=f"{new}\n{old.identity}"), point, ())
        row = {"key_changes": tip_keys._row(envelope), "recipient": recipient_of(new)}
        of.town.attacker.main(update(tables.tip).values(row))
        if in_roster:
            tips = [remembered("sp", envelope.identity, envelope.changes)]
            of.services.write_now(lambda unit: tip_keys.remember(unit, "sp", sp.identity, tips))
            work = of.town.dig.casework(of.services)
            with pytest.raises(ActRefused):
                work.note(work.open(of.tip), "it is sealed to nobody")
        assert of.seen().altered
        rotate(of.services, of.town.dig)
        assert not of.seen().altered
        await of.write_more()
        assert [one.message.text for one in of.seen().thread] == ["he was there again at night"]
        newest = of.services.read(lambda c: c.execute(select(tables.message.c.sealed)).scalars().all())
        assert opens(Message, newest[-1], new) is None


@pytest.mark.parametrize("auditor", [False, True])
async def test_the_key_of_a_removed_officer_or_an_auditor_gives_nobody_the_next_key(
    tmp_path: Path, *, auditor: bool
) -> None:
    async with case(tmp_path) as of:
        leaver = unlock(of.services, "dig", "leaver", LEAVERS)
        envelope = of.envelope(leaver)
        if auditor:
            assert set_role(of.services, of.town.dig, "leaver", "auditor", ()).done
        else:
            assert remove_officer(of.services, of.town.dig, "leaver").done
        of.forge(leaver, envelope, CaseStep(kind="directed", to="lanka"))
        opened = of.seen()
        assert [one.message.desk for one in opened.unsigned] == ["dig"]
        assert opened.access.readers == {"dig", "sp"}
        rotate(of.services, of.town.dig)
        assert not of.has_key("lanka", "so")


async def test_a_key_that_was_issued_again_ends_the_former_one_though_nobody_has_written_since(tmp_path: Path) -> None:
    async with case(tmp_path) as of:
        services, thief = of.services, unlock(of.services, "dig", "leaver", LEAVERS)
        envelope, head = of.envelope(thief), services.roster_state().head
        of.withdraw("sp")
        asked = ask_for_recovery(services, "dig", "leaver", "neues wort 55 feld")
        done = approve_recovery(services, of.town.dig, "leaver", asked.code)
        if not done.done:
            approve(services, of.town.attacker.unlock("sp", "sp-head"), done.id, asked.code)
            complete(services, of.town.dig)
        assert len(services.roster_state().signing_keys["dig"]["leaver"]) == 2
        of.forge(thief, envelope, CaseStep(kind="directed", to="lanka"), head)
        opened = of.seen()
        assert [one.message.case.kind for one in opened.thread if one.message.case] == ["withdrawn"]
        assert (len(opened.unsigned), opened.altered) == (1, False)
        assert opened.access.readers == {"dig"}
        await of.write_more()
        assert of.seen().thread[-1].message.sender == "tipster"


async def test_a_desk_that_lost_the_tip_changes_its_key_and_the_tipster_still_writes(tmp_path: Path) -> None:
    async with case(tmp_path) as of:
        of.withdraw("sp")
        rotate(of.services, of.town.attacker.unlock("sp", "sp-head"))
        await of.write_more()
        assert [one.message.sender for one in of.seen().thread] == ["desk", "tipster"]
        assert not of.seen().altered


async def test_a_deleted_withdrawal_gives_the_desk_no_next_key_and_a_deleted_message_is_shown(tmp_path: Path) -> None:
    async with case(tmp_path) as of:
        of.direct("lanka")
        of.withdraw("lanka")
        of.town.attacker.main(delete(tables.message).where(tables.message.c.seq == 2))
        of.services.write_now(lambda unit: envelopes.store(unit, of.tip, "lanka", b"garbage"))
        rotate(of.services, of.town.dig)
        assert not of.has_key("lanka", "so")
        await of.write_more()
        work = of.town.dig.casework(of.services)
        work.note(work.open(of.tip), "a note")
        assert not of.seen().altered
        of.town.attacker.main(delete(tables.message).where(tables.message.c.seq == 2))
        assert of.seen().altered
