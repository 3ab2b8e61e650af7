"""Registration of offices: the directory of desks, and resending everything."""

from __future__ import annotations

import os
import time
from typing import Any
from unittest.mock import Mock

import pytest
from msgspec.structs import replace
from sqlalchemy import delete, select, update

from satark.api.routing import DestinationRule, NoSuchDesk
from satark.api.sealing import CantOpen, new_identity, open_envelope
from satark.api.sink import MessageRejected
from satark.casework import ActRefused
from satark.custody.comparison import find_missing
from satark.remote.frames import CHUNK_SIZE, open_frame
from satark.remote.messages import ANSWER, SIGNED_ANSWER, DirectoryMessage, decode
from satark.remote.office_outbox import host_of
from satark.remote.offices import count_withheld, office_of, resend
from satark.retention.erasure import erase_copies
from satark.roster.chain import append, read_state, verify
from satark.roster.entries import DeskAdded, Entry, HostNoted, desk_verifier
from satark.roster.roster import HOST_COPY_NAME, HostRoster, entries_of, lines_of, write_copy
from satark.roster.rules import NotAllowed
from satark.routing.desks import close_roster
from satark.routing.rules import encode_rules
from satark.runtime.dependency_faults import missing_faults
from satark.store import tables
from support.tips import seed_file

PHOTO = os.urandom(3 * CHUNK_SIZE)


async def test_an_older_directory_does_not_replace_a_newer_one(link: Any) -> None:
    office = link.host.read(lambda c: office_of(c, link.host.keys, "sp"))
    now = time.time_ns()
    for version in (now, now - 1):
        await link.host_outbox.send(
            office, DirectoryMessage(version=version, roster=(), destination_rules=b"[]"), link.connection.publish
        )
    await link.receive_at_office()
    assert [row.directory for row in link.rows(link.office, tables.host_link)] == [now]


@pytest.mark.slow("a host and its offices")
async def test_one_minute_of_a_wrong_clock_keeps_no_later_roster_and_list_out(
    link: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, year = time.time_ns(), 365 * 86_400 * 10**9
    clocks = {}
    for end in ("host_outbox", "offices"):
        clocks[end] = Mock(time=time.time, time_ns=Mock(return_value=now))
        monkeypatch.setattr(f"satark.remote.{end}.time", clocks[end])
    link.seed_tip()
    await link.exchange_all()
    for wrong in (["host_outbox"], ["host_outbox", "offices"]):
        for end in wrong:
            clocks[end].time_ns.return_value = now + year
        link.change_key_at_host()
        await link.exchange_all()
        assert newest_key_of_dig(link) == desk_verifier(link.dig_identity), "a longer roster is newer"
        now += 1
        for clock in clocks.values():
            clock.time_ns.return_value = now
        link.change_key_at_host()
        withheld = link.seed_tip()
        await link.send_roster()
        await link.receive_at_office()
        (row,) = link.rows(link.office, tables.host_link)
        assert (row.directory, withheld.id in row.tips.hex()) == (now, True)
        assert newest_key_of_dig(link) == desk_verifier(link.dig_identity)
        await link.exchange_all()


def newest_key_of_dig(link: Any) -> str:
    """Return the verifier of the DIG's key, according to the roster that the office was sent."""
    (row,) = link.rows(link.office, tables.host_link)
    return str(verify(entries_of(row.roster)).state.desks["dig"].verifier)


@pytest.mark.slow("a host and its offices")
async def test_resending_restores_an_office_that_lost_its_store(link: Any) -> None:
    seeded = link.seed_tip(evidence=("1",))
    seed_file(link.host, seeded, "1", PHOTO)
    await link.exchange_all()
    for table in (tables.tip, tables.file, tables.announced_file, tables.message):
        link.office.write_now(lambda unit, table=table: unit.main.execute(delete(table)))
    assert link.host.write_now(lambda unit: resend(unit, "sp")) == 1
    await link.exchange_all()
    assert link.content(seeded.number, "1", original=True) == PHOTO
    with pytest.raises(NoSuchDesk):
        link.host.write_now(lambda unit: resend(unit, "dig"))


def forged_roster(link: Any, thief: str) -> tuple[bytes, ...]:
    """Return the host's roster in which the DIG's desk has a thief's key."""
    entries = [Entry.decode(one) for one in link.host.read_keys(link.host.roster.stored_entries)]
    forged = []
    for entry in entries:
        body = entry.body
        if isinstance(body, DeskAdded) and body.desk.name == "dig":
            entry = replace(entry, body=replace(body, desk=replace(body.desk, recipient=thief)))  # noqa: PLW2901
        forged.append(entry.encode())
    return tuple(forged)


async def directed_envelopes(link: Any, seeded: Any) -> list[bytes]:
    """Direct a tip from the office to the DIG; return what it seals for this, and let the host accept it."""
    work = link.casework
    tip = work.open(seeded.number)
    link.office.write_now(lambda unit: work.directing.direct(unit, tip, "dig", "please take over", 0))
    newest = select(tables.office_outbox.c.message).order_by(tables.office_outbox.c.position.desc())
    directed = decode(
        ANSWER, decode(SIGNED_ANSWER, link.office.read(lambda c: c.execute(newest).scalars().first())).answer
    )
    assert directed.directed_to is not None
    return [directed.directed_to.envelope, *(one.envelope for one in directed.directed_to.destinations)]


@pytest.mark.slow("a host and its offices")
async def test_an_office_rejects_a_roster_from_the_host_that_contradicts_its_own(link: Any) -> None:
    seeded = link.seed_tip()
    await link.exchange_all()
    thief, identity = new_identity()
    rule = DestinationRule(to="email:dig", desk="dig", recipient=thief)
    office = link.host.read(lambda c: office_of(c, link.host.keys, "sp"))
    forged = DirectoryMessage(
        version=time.time_ns(), roster=forged_roster(link, thief), destination_rules=encode_rules([rule])
    )
    await link.host_outbox.send(office, forged, link.connection.publish)
    with pytest.raises(MessageRejected, match="roster"):
        await link.receive_at_office()
    assert link.office.inspect_rosters() != ()
    (sealed,) = await directed_envelopes(link, seeded)
    assert open_envelope(sealed, link.dig_identity, tip=seeded.id, desk="dig").identity
    with pytest.raises(CantOpen):
        open_envelope(sealed, identity, tip=seeded.id, desk="dig")


@pytest.mark.parametrize("kept", [True, False])
async def test_an_office_rejects_a_first_roster_that_lacks_entries_of_its_pairing(link: Any, *, kept: bool) -> None:
    thief, _ = new_identity()
    roster = tuple(link.host.read_keys(link.host.roster.stored_entries)) if kept else forged_roster(link, thief)
    office = link.host.read(lambda c: office_of(c, link.host.keys, "sp"))
    first = DirectoryMessage(version=time.time_ns(), roster=roster, destination_rules=encode_rules([]))
    await link.host_outbox.send(office, first, link.connection.publish)
    if kept:
        await link.receive_at_office()
        assert link.office.signers().host.desks.keys() == {"sp", "dig"}
        return
    with pytest.raises(MessageRejected, match="roster"):
        await link.receive_at_office()
    assert link.office.inspect_rosters() != ()


def serve_at_office(link: Any, roster: tuple[bytes, ...], thief: str) -> None:
    """Put another roster into the place of the host's everywhere on the office's machine, and start it again."""
    rules = encode_rules([DestinationRule(to="email:sp", desk="sp", recipient=thief)])
    values = {"roster": lines_of(roster), "destination_rules": rules}
    link.office.write_now(
        lambda unit: [
            unit.main.execute(update(tables.host_link).values(values)),
        ]
    )
    copy = link.office.data_dir / HOST_COPY_NAME
    write_copy(copy, roster)
    link.office.host_roster = HostRoster(copy)


@pytest.mark.slow("a host and its offices")
@pytest.mark.parametrize("how", ["founded anew", "continued"])
async def test_an_attacker_who_serves_another_roster_of_the_host_at_an_office_gets_nothing(link: Any, how: str) -> None:
    seeded = link.seed_tip(to=(link.sp,))
    await link.exchange_all()
    thief, identity = new_identity()
    real = tuple(link.host.read_keys(link.host.roster.stored_entries))
    forged = forged_roster(link, thief)
    if how == "continued":  # what an unsealed roster of the host allowed when the office joined
        link.host.write_now(lambda unit: close_roster(unit, ()))
        await link.host_outbox.send_directory(
            link.host.read(lambda c: office_of(c, link.host.keys, "sp")), link.connection.publish
        )
        await link.receive_at_office()
        link.office.note_host("sp", link.sp_identity)
        added = DeskAdded(desk=replace(link.dig, name="cell", recipient=thief), verifier=desk_verifier(identity))
        real, forged = tuple(link.host.read_keys(link.host.roster.stored_entries)), (*real, Entry(body=added).encode())
    serve_at_office(link, forged, thief)
    assert link.office.signers().host.desks == {}
    assert link.office.inspect_rosters() != ()
    work = link.casework
    tip = work.open(seeded.number)
    assert tip.altered
    for to in ("dig", "cell"):
        with pytest.raises((NoSuchDesk, ActRefused)):
            link.office.write_now(lambda unit, to=to: work.directing.direct(unit, tip, to, "please take over", 0))
    serve_at_office(link, real, link.dig.recipient)
    assert "dig" in link.office.signers().host.desks


@pytest.mark.slow("a host and its offices")
@pytest.mark.parametrize("change", ["recipient", "verifier", "paired", "deleted"])
async def test_an_office_follows_no_host_whose_row_it_did_not_write_and_says_so(link: Any, change: str) -> None:
    await link.exchange_all()
    assert link.office.inspect_rosters() == ()
    wrong = delete(tables.host_link) if change == "deleted" else update(tables.host_link).values({change: "ab" * 32})
    link.office.write_now(lambda unit: unit.main.execute(wrong))
    assert link.office.signers().host is None
    assert link.office.read(host_of) is None
    (alarm,) = link.office.inspect_rosters()
    assert "host was not written here, or is gone" in alarm


async def test_only_the_desks_own_key_notes_the_hosts_roster(link: Any) -> None:
    link.office.write_now(lambda unit: close_roster(unit, ()))
    before = link.office.read_keys(read_state)

    def noted(desk: str, identity: str, base: str) -> Entry:
        return Entry(body=HostNoted(desk=desk, head="ff" * 32), base=base).signed_with((desk, ""), identity)

    made_up = [
        noted("sp", link.dig_identity, before.head),
        noted("", link.sp_identity, before.head),
        noted("sp", link.sp_identity, ""),
    ]
    for entry in made_up:
        with pytest.raises(NotAllowed):
            link.office.write_now(lambda unit, one=entry: append(unit, one))
    link.office.write_now(lambda unit: append(unit, noted("sp", link.sp_identity, before.head)))
    after = link.office.read_keys(read_state)
    assert (before.noted.keys(), after.noted) == ({""}, {"sp": "ff" * 32})
    assert after.unlisted[-1] == after.position


@pytest.mark.slow("a host and its offices")
async def test_rewritten_rows_of_an_office_change_no_recipient_of_its_messages(link: Any) -> None:
    link.host.write_now(lambda unit: close_roster(unit, ()))
    seeded = link.seed_tip()
    await link.exchange_all()
    thief, _ = new_identity()
    rules = encode_rules([DestinationRule(to="email:dig", desk="dig", recipient=thief)])
    forged = b"\n".join(forged_roster(link, thief))
    link.office.write_now(
        lambda unit: [
            unit.main.execute(update(tables.host_link).values(destination_rules=rules, roster=forged)),
        ]
    )
    assert link.office.inspect_rosters() != ()
    (sealed,) = await directed_envelopes(link, seeded)
    assert open_envelope(sealed, link.dig_identity, tip=seeded.id, desk="dig").identity


@pytest.mark.slow("a host and its offices")
async def test_an_office_misses_a_tip_that_its_broker_withholds_and_none_that_was_erased(
    link: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    had, withheld, _ = link.seed_tip(), link.seed_tip(), link.seed_tip(to=(link.dig,), excluded=("sp",))
    await link.send_roster()
    await link.deliver()
    frames = [one for one in link.connection.to_offices if withheld.id.encode() not in opened(link, one)]
    assert len(frames) == len(link.connection.to_offices) - 1
    link.connection.to_offices = frames
    await link.receive_at_office()
    assert [tip.header.number for tip in link.casework.summaries()] == [had.number]
    assert count_withheld(link.office) == 0, "it may be on its way"
    now = time.time_ns()
    monkeypatch.setattr("satark.remote.offices.time.time_ns", lambda: now + 86_400 * 10**9)
    assert count_withheld(link.office) == 1
    link.office.write_now(lambda unit: erase_copies(unit, {had.id: "term"}))
    assert count_withheld(link.office) == 1
    link.host.write_now(lambda unit: resend(unit, "sp"))
    await link.exchange_all()
    assert count_withheld(link.office) == 0
    assert count_withheld(link.host) == 0


@pytest.mark.slow("a host and its offices")
async def test_an_office_whose_new_key_never_reaches_its_host_says_so_after_two_days(
    link: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    link.change_key_at_office()
    await link.agent.send_due_answers(link.connection)
    link.connection.to_host.clear()  # the broker drops it
    now, clock = time.time_ns(), Mock()
    monkeypatch.setattr("satark.remote.offices.time.time_ns", clock)
    for days, codes in ((0, []), (3, ["answers_wait"])):
        clock.return_value = now + days * 86_400 * 10**9
        await link.send_roster()
        await link.receive_at_office()
        assert [one.code for one in missing_faults(link.office)] == codes
    link.office.write_now(lambda unit: unit.main.execute(update(tables.office_outbox).values(sent_at=0)))
    await link.exchange_all()
    assert missing_faults(link.office) == []


@pytest.mark.slow("a host and its offices")
@pytest.mark.parametrize("days", [3, -3])
async def test_an_office_that_a_broker_cuts_off_says_so_after_two_days(
    link: Any, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    assert missing_faults(link.office) == [], "it has just joined"
    await link.exchange_all()
    now = time.time_ns()
    clock = Mock(return_value=now)
    monkeypatch.setattr("satark.remote.offices.time.time_ns", clock)
    assert missing_faults(link.office) == []
    clock.return_value = now + days * 86_400 * 10**9
    (fault,) = missing_faults(link.office)
    assert (fault.code, "no list of tips has come from the host: " in fault.text) == ("tips_withheld", True)
    assert missing_faults(link.host) == []
    link.host.write_now(lambda unit: resend(unit, "sp"))
    await link.exchange_all()  # the same clock at both ends
    assert missing_faults(link.office) == []


def opened(link: Any, message: tuple[str, bytes]) -> bytes:
    return bytes(open_frame(message[1], link.office_key).frame.body)


@pytest.mark.slow("a host and its offices")
async def test_a_tip_that_somebody_deletes_at_an_office_is_missing_there(link: Any) -> None:
    await link.exchange_all()
    assert find_missing(link.office, note=True) == []
    deleted, erased, never = (link.seed_tip() for _ in range(3))
    await link.exchange_all()
    link.office.write_now(lambda unit: erase_copies(unit, {erased.id: "term"}))
    link.office.write_now(lambda unit: erase_copies(unit, {"e" * 32: "term"}))  # it never came
    assert find_missing(link.office) == []
    for table, column in ((tables.tip, tables.tip.c.id), (tables.envelope, tables.envelope.c.tip)):
        forged = delete(table).where(column == deleted.id)
        link.office.write_now(lambda unit, table=table, forged=forged: on(unit, table).execute(forged))
    assert [one.count for one in find_missing(link.office)] == [1]
    assert link.casework.open(never.number)


def on(unit: Any, table: Any) -> Any:
    return unit.keys if table.metadata is tables.keys else unit.main
