"""Roster heads that officers signed protect against attackers who write rows, and against a single officer."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from sqlalchemy import delete, select, update

from satark.api.sealing import new_identity, recipient_of
from satark.api.tip import Envelope
from satark.ingest.ingest import IngestFailed
from satark.roster.entries import (
    Closed,
    DeskAdded,
    Entry,
    KeyChange,
    OfficerSet,
    RosterOfficer,
    officer_key,
    officer_signer,
)
from satark.roster.heads import RosterHead, SignedHead, _heads_of_desks, _readers, read_heads
from satark.roster.roster import COPY_NAME, read_copy, write_copy
from satark.store import tables
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import KeyLost, NewDesk, NewOfficer, remove_officer, rotate, unlock
from satark_desk.roster_memory import agree, lost_heads, recall
from satark_desk.tables import officer
from system.test_nobody_becomes_a_reader import (
    DIGS,
    add_row,
    environment,
    give_the_digs_row_another_key,
    opens,
    place,
    restarted,
    with_another_key_for_the_dig,
)

__all__ = ["environment"]
pytestmark = [pytest.mark.slow("hosts and offices"), pytest.mark.usefixtures("environment")]
LEAVERS = "sommer glas 66 turm"


def note_by(by: UnlockedDesk, head: RosterHead) -> str:
    signer = officer_signer(by.own_identity)
    own = SignedHead(desk=by.desk.name, officer=by.officer, signer=signer, number=99, head=str(head))
    signature = officer_key(by.own_identity).sign(own.signed_bytes)
    return msgspec.structs.replace(own, signature=signature).noted([])


async def test_a_head_that_one_officer_forged_raises_an_alarm_and_stops_no_tip_and_no_change(tmp_path: Path) -> None:
    async with place(tmp_path) as town:
        services, so = town.host.services, town.attacker.unlock("lanka", "so")
        await town.tip("9140112233")
        assert recall(services, so, note_by(so, RosterHead(1, "ff" * 32))).is_lost
        checked = services.read_keys(services.roster.check)
        assert (checked.state.refused, len(checked.problems)) == ({"lanka"}, 2)
        await town.tip("9140112244")
        assert len(town.dig.casework(services).summaries()) == 2
        head = town.attacker.unlock("sp", "sp-head")
        assert remove_officer(services, head, "clerk").done, "changes go on"
        for one in (town.dig, town.attacker.unlock("sp", "sp-head")):
            agree(services, one, lost_heads(services, one))
        assert services.read_keys(services.roster.check).problems == ()


async def test_who_makes_up_a_head_gets_no_tip_in_place_of_the_desks_that_it_closes(tmp_path: Path) -> None:
    state = NewDesk(name="dgp", title="dgp", level="state", area="", officer="dgp-head", passphrase=LEAVERS)
    silent = NewOfficer(name="second", passphrase=LEAVERS, role="head")
    async with place(tmp_path, state, silent) as town:
        services = town.host.services
        await town.tip("9140112233")
        one, now = unlock(services, "dgp", "dgp-head", LEAVERS), services.roster_state()
        tags = [_readers(now)["dgp"][-1], _heads_of_desks(now)["dig", "second"]]
        made_up = RosterHead(now.position + 1, "ff" * 32).listing(b"".join(sorted(tags)))
        assert recall(services, one, note_by(one, made_up)).is_lost
        assert {"sp", "dig"} <= services.read_keys(services.roster.check).state.refused
        with pytest.raises(IngestFailed):  # the provider sends it again until the second head agreed
            await town.tip("9140112244")
        assert one.casework(services).summaries() == []
        for other in (unlock(services, "dig", "second", LEAVERS), one):
            agree(services, other, lost_heads(services, other))
        await town.tip("9140112255")
        assert len(town.dig.casework(services).summaries()) == 2


async def test_a_desk_that_is_added_twice_reads_nothing_while_the_signed_heads_exist(tmp_path: Path) -> None:
    async with place(tmp_path) as town:
        services, at = town.host.services, town.attacker
        await town.tip("9140112233")
        at.unlock("sp", "sp-head")
        rotate(services, town.dig)
        copy = tmp_path / "data" / COPY_NAME
        entries = [Entry.decode(one) for one in read_copy(copy)]
        founding = [one for one in entries if not isinstance(one.body, Closed | KeyChange)]
        changes = [msgspec.structs.replace(one, signatures=()) for one in entries if isinstance(one.body, KeyChange)]
        (again,) = (one for one in founding if isinstance(one.body, DeskAdded) and one.body.desk.name == "dig")
        closed = [one for one in entries if isinstance(one.body, Closed)]
        at.keys(delete(tables.roster))
        for entry in (*founding, *changes, with_another_key_for_the_dig(at, again), *closed):
            add_row(at, entry.encode())
        copy.unlink()
        give_the_digs_row_another_key(at)
        restarted(at)
        checked = services.read_keys(services.roster.check)
        assert checked.problems
        assert at.recipient not in checked.state.desk_recipients().values()
        await town.tip("9140112244")
        assert at.opened() == []


async def test_a_reverted_removal_raises_an_alarm_at_once_and_its_officer_reads_nothing(tmp_path: Path) -> None:
    async with place(tmp_path, NewOfficer(name="leaver", passphrase=LEAVERS)) as town:
        services, at, copy = town.host.services, town.attacker, tmp_path / "data" / COPY_NAME
        await town.tip("9140112233")
        dig, before = town.dig, read_copy(copy)
        rows = services.read(lambda c: c.execute(select(officer)).all())
        assert remove_officer(services, dig, "leaver").done
        assert max(one.remembered.position for one in services.read_keys(read_heads)) == len(before) + 1
        at.keys(delete(tables.roster).where(tables.roster.c.position > len(before)))
        at.main(delete(officer))
        for row in rows:
            at.main(officer.insert().values(**row._mapping))
        at.main(update(tables.desk).where(tables.desk.c.name == "dig").values(recipient=recipient_of(dig.identity)))
        write_copy(copy, before)
        restarted(at)
        checked = services.read_keys(services.roster.check)
        assert [one.position for one in checked.lost] == [len(before) + 1]
        with pytest.raises(IngestFailed):  # the provider sends it again until the heads agreed
            await town.tip("9140112244")
        leaver = unlock(services, "dig", "leaver", LEAVERS)
        sealed = services.read_keys(lambda c: c.execute(select(tables.envelope.c.sealed)).scalars().all())
        opened = [one for each in sealed if (one := opens(Envelope, each, leaver.identity))]
        assert len({one.tip for one in opened}) <= 1, "the tip from before"


async def test_signed_heads_count_even_if_the_roster_lists_only_one_of_their_signers(tmp_path: Path) -> None:
    async with place(tmp_path) as town:
        services, at = town.host.services, town.attacker
        await town.tip("9140112233")
        for name in ("sp-head", "clerk"):
            at.unlock("sp", name)
        assert town.dig.officer == "dig-head"
        entries = [Entry.decode(one) for one in read_copy(tmp_path / "data" / COPY_NAME)]
        at.keys(delete(tables.roster))
        for entry in entries:
            if isinstance(entry.body, DeskAdded):
                others = tuple(with_another_signer(one) for one in entry.body.officers)
                entry = msgspec.structs.replace(entry, body=msgspec.structs.replace(entry.body, officers=others))  # noqa: PLW2901
            elif isinstance(entry.body, OfficerSet):
                body = msgspec.structs.replace(entry.body, officer=with_another_signer(entry.body.officer))
                entry = msgspec.structs.replace(entry, body=body)  # noqa: PLW2901
            add_row(at, with_another_key_for_the_dig(at, entry).encode())
        (tmp_path / "data" / COPY_NAME).unlink()
        restarted(at)
        assert at.recipient not in services.roster_state().desk_recipients().values()
        with pytest.raises(KeyLost):
            unlock(services, "dig", "dig-head", DIGS)


def with_another_signer(one: RosterOfficer) -> RosterOfficer:
    other = msgspec.structs.replace(one, signer=officer_signer(new_identity()[1]))
    return one if one.name == "dig-head" else other


async def test_while_the_responsible_desks_are_closed_no_station_gets_a_tip_and_it_comes_once_heads_agree(
    tmp_path: Path,
) -> None:
    async with place(tmp_path) as town:
        services, station = town.host.services, town.attacker.unlock("lanka", "so")
        by_heads = (town.dig, town.attacker.unlock("sp", "sp-head"))
        await town.tip("9140112233")
        state = services.read_keys(services.roster.check).state
        tags = (*_readers(state)["lanka"], *_heads_of_desks(state).values())
        newer = RosterHead(99, "ff" * 32).listing(b"".join(tags))
        for one in by_heads:
            recall(services, one, note_by(one, newer))
        assert services.read_keys(services.roster.check).state.refused == {"sp", "dig"}
        with pytest.raises(IngestFailed):
            await town.tip("9140112244")
        assert station.casework(services).summaries() == []
        for one in by_heads:
            agree(services, one, lost_heads(services, one))
        await town.tip("9140112255")
        assert len(town.dig.casework(services).summaries()) == 2
        assert station.casework(services).summaries() == []
