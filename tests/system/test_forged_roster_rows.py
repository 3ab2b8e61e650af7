"""An operator forges rows at the moment of one honest act: nothing is sealed to a person in the forged rows."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from sqlalchemy import delete, select, update

from satark.api.sealing import CantOpen, open_as, seal
from satark.api.tip import CaseStep, Envelope, Message
from satark.casework import StepRefused, TipKeeping
from satark.casework.release_rules import ReleaseRules
from satark.roster.chain import Proposal, read_state
from satark.roster.entries import DeskAdded, Entry, OfficerSet, RosterOfficer, officer_signer
from satark.roster.roster import COPY_NAME, read_copy
from satark.routing.authors import Author, Writer
from satark.store import envelopes, tables, threads
from satark_desk.desk_keys import DeskKey, new_officer_key
from satark_desk.officers import NewOfficer, rotate
from satark_desk.roster_changes import RosterAttachment, _encode
from satark_desk.tables import officer
from support.acts import respond
from support.scripted import Tipster
from support.tipsters import ENGLISH
from system.test_nobody_becomes_a_reader import (
    RECEIPT,
    Attacker,
    Place,
    add_row,
    code_in,
    environment,
    place,
    write_more,
)

__all__ = ["environment"]
pytestmark = [pytest.mark.slow("hosts and offices"), pytest.mark.usefixtures("environment")]

PLAIN = {pattern: answer for pattern, answer in ENGLISH.items() if isinstance(answer, str)}


def forger(name: str) -> tuple[str, dict[str, object], RosterOfficer]:
    """Make an officer of the DIG's desk whose key is the operator's."""
    own, columns = new_officer_key("dig", name, "an attackers own phrase 17")
    recipient, signer = str(columns["recipient"]), officer_signer(own)
    listed = RosterOfficer(name=name, recipient=recipient, signer=signer, role="head", rights=("listen", "release"))
    return own, columns, listed


def rewrite_rows(at: Attacker, folder: Path, *added: RosterOfficer) -> None:
    """Rewrite the roster's rows with officers whom nobody signed. The machine's copy is unchanged."""
    entries = [Entry.decode(one) for one in read_copy(folder / "data" / COPY_NAME)]
    at.keys(delete(tables.roster))
    for entry in entries:
        if isinstance(entry.body, DeskAdded) and entry.body.desk.name == "dig":
            body = msgspec.structs.replace(entry.body, officers=(*entry.body.officers, *added))
            entry = msgspec.structs.replace(entry, body=body)  # noqa: PLW2901 - the same entry, rewritten
        add_row(at, entry.encode())


def key_for(town: Place, name: str, own: str) -> str:
    """Return the desk's key as sealed to an officer; empty if none is sealed to this key."""
    query = select(officer.c.desk_key).where(officer.c.desk == "dig", officer.c.name == name)
    sealed = town.host.services.read(lambda c: c.execute(query).scalar())
    try:
        return open_as(DeskKey, sealed, own).identity if sealed else ""
    except CantOpen:
        return ""


async def test_a_proposal_that_forged_heads_signed_gets_no_desk_key(tmp_path: Path) -> None:
    async with place(tmp_path) as town:
        town.dig  # noqa: B018 - the head signs in
        (one, _, first), (two, _, second), (own, columns, mole) = forger("g1"), forger("g2"), forger("mole")
        rewrite_rows(town.attacker, tmp_path, first, second)
        state = town.host.services.read_keys(read_state)
        entry = Entry(body=OfficerSet(desk="dig", officer=mole), by=("dig", "g1"), base=state.head)
        entry = entry.signed_with(("dig", "g1"), one).signed_with(("dig", "g2"), two)
        attached = RosterAttachment(officer={"desk": "dig", "name": "mole", "temporary": False, **columns})
        made = Proposal(entry=entry, attachment=_encode(attached))
        row = {"id": made.id[:16], "entry": entry.encode(), "attachment": made.attachment, "day": 0}
        town.attacker.main(tables.roster_proposal.insert().values(**row))
        town.dig  # noqa: B018 - an honest head signs in, which carries out what is fully signed
        assert key_for(town, "mole", own) == ""


async def test_a_rotation_seals_the_new_key_to_no_forged_officer(tmp_path: Path) -> None:
    async with place(tmp_path) as town:
        town.dig  # noqa: B018 - the head signs in
        own, columns, mole = forger("mole")
        rewrite_rows(town.attacker, tmp_path, mole)
        row = {"desk": "dig", "name": "mole", "temporary": False, "desk_key": b"x", **columns}
        town.attacker.main(officer.insert().values(**row))
        rotate(town.host.services, town.dig)
        assert key_for(town, "mole", own) == ""


async def test_a_planted_row_gives_the_accused_desk_no_key_when_another_rotates(tmp_path: Path) -> None:
    async with place(tmp_path) as town:
        services = town.host.services
        await town.tip("9140112233")  # about the SP's office, whose passphrases the attacker has
        tip = services.read(lambda c: c.execute(select(tables.tip.c.id)).scalar_one())
        some = services.read_keys(lambda c: c.execute(select(tables.envelope.c.sealed)).scalars().first()) or b""
        services.write_now(lambda unit: envelopes.store(unit, tip, "sp", some))
        rotate(services, town.dig)
        assert town.attacker.opened() == []


async def plain_tip(town: Place) -> str:
    """Submit a tip that accuses nobody; return its id."""
    assert town.host.ingest_runtime is not None
    await Tipster(town.host.ingest_runtime, town.channel, "9140112233").walk(PLAIN, RECEIPT)
    tip: str = town.host.services.read(lambda c: c.execute(select(tables.tip.c.id)).scalar_one())
    return tip


async def test_a_planted_row_turns_no_release_into_the_tips_key(tmp_path: Path) -> None:
    async with place(tmp_path) as town:
        services, tip = town.host.services, await plain_tip(town)
        services.write_now(lambda unit: envelopes.store(unit, tip, "lanka", b"garbage"))
        work = town.dig.casework(services)
        opened = work.open(tip)
        services.write_now(lambda u: work.directing.direct(u, opened, "lanka", "look", 0, answers={}, rewording="y"))
        sealed = services.read_keys(lambda c: envelopes.find(c, tip, "lanka")) or b""
        given = open_as(Envelope, sealed, town.attacker.unlock("lanka", "so").identity)
        assert given.tip_recipient
        assert given.identity not in work.open(tip).envelope.identity


async def test_a_planted_row_gives_nobody_a_key_when_another_desk_rotates(tmp_path: Path) -> None:
    async with place(tmp_path) as town:
        services, tip = town.host.services, await plain_tip(town)
        services.write_now(lambda unit: envelopes.store(unit, tip, "lanka", b"garbage"))
        rotate(services, town.dig)
        assert services.read_keys(lambda c: envelopes.find(c, tip, "lanka")) == b"garbage"
        assert [one.id for one in town.attacker.unlock("sp", "sp-head").casework(services).summaries()] == [tip]


async def test_a_forgers_request_in_a_colleagues_name_has_no_effect(tmp_path: Path) -> None:
    colleague = NewOfficer(name="c2", passphrase="sommer glas 66 turm", rights=("release",))
    async with place(tmp_path, colleague) as town:
        services = town.host.services
        tip = await plain_tip(town)
        recipient = services.read(lambda c: c.execute(select(tables.tip.c.recipient)).scalar_one())
        author = seal(Author(name="c2", at=1, signature=bytes(64)), recipient)
        plain = Message(sender="desk", desk="dig", officer=author, text="send it on", internal=True)
        for fields in (
            {"case": CaseStep(kind="asked_raw", to="lanka")},
            {"retention": "ask_erasure"},
            {"case": CaseStep(kind="asked_to_close", outcome="no_action")},
        ):
            forged = seal(msgspec.structs.replace(plain, **fields), recipient)
            services.write_now(lambda u, one=forged: threads.append(u, tip, one, notified=True))  # type: ignore[misc]
        work = town.dig.casework(services)
        opened = work.open(tip)
        assert ReleaseRules(services, work).check_consent(opened) == "raw.none"
        with pytest.raises(StepRefused, match="nothing was asked for"):
            TipKeeping(services, work).agree(opened, 0)
        assert (opened.thread, opened.work.asked, opened.work.acted) == ((), None, False)
        assert [one.message.text for one in opened.unsigned] == ["send it on"] * 3
        work.note(opened, "I asked for nothing")
        assert [one.officer for one in work.open(tip).thread] == ["dig-head"]


async def test_a_message_in_the_tipsters_name_without_their_receipt_has_no_effect(tmp_path: Path) -> None:
    async with place(tmp_path) as town:
        services = town.host.services
        assert town.host.ingest_runtime is not None
        tipster = Tipster(town.host.ingest_runtime, town.channel, "9140112233")
        receipt = await tipster.walk(PLAIN, RECEIPT)
        row = services.read(lambda c: c.execute(select(tables.tip)).one())
        work = town.dig.casework(services)
        respond(work, work.open(row.id), status="CLOSED", text="Was that all?", question=True)
        await write_more(tipster, receipt)
        genuine = services.read(lambda c: c.execute(select(tables.message.c.sealed)).scalars().all())[-1]
        plain = Message(sender="tipster", text="I made it all up", band="2026-11-30T00/PT6H")
        sp = town.attacker.unlock("sp", "sp-head")
        held = open_as(Envelope, services.read_keys(lambda c: envelopes.find(c, row.id, "sp")) or b"", sp.identity)
        for forged in (
            plain,
            msgspec.structs.replace(plain, flags=("danger:life",), feedback="no", answers=1),
            Writer(name="sp-head", identity=held.identity).signed(plain, held, 5, 1, []),
        ):
            sealed = seal(forged, row.recipient, held.receipt)
            services.write_now(lambda u, one=sealed: threads.append(u, row.id, one, notified=True))  # type: ignore[misc]
        services.write_now(lambda u: threads.append(u, row.id, genuine, notified=True))
        opened = town.dig.casework(services).open(row.id)
        told = [one.message.text for one in opened.thread if one.message.sender == "tipster"]
        assert (len(told), opened.status, opened.header.priority) == (1, "CLOSED", "normal")
        assert [one.message.text for one in opened.unsigned] == [plain.text] * 3 + told
        await tipster.say("Hi", code_in(receipt))
        assert "closed" in tipster.text.lower()
        assert "Was that all?" in tipster.text


async def test_a_document_that_replaced_the_tipsters_submission_does_not_open(tmp_path: Path) -> None:
    async with place(tmp_path) as town:
        services, tip = town.host.services, await plain_tip(town)
        sp = town.attacker.unlock("sp", "sp-head").casework(services)
        forged = msgspec.structs.replace(sp.open(tip).tip, answers={"what": "I made it all up"})
        recipient = services.read(lambda c: c.execute(select(tables.tip.c.recipient)).scalar_one())
        town.attacker.main(update(tables.tip).values(document=seal(forged, recipient)))
        with pytest.raises(CantOpen):
            town.dig.casework(services).open(tip)
