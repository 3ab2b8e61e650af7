"""Casework with real age keys: a desk's abilities on its sealed tips, and the facts that it can never learn."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import select, update

from satark.api.routing import DestinationRule, NoSuchDesk
from satark.api.sealing import CantOpen, new_identity, open_as, seal
from satark.api.tip import Accused, Message
from satark.casework import Casework, NoSuchTip
from satark.casework.errors import NoSuchFile
from satark.roster.entries import desk_verifier
from satark.routing.desks import close_roster
from satark.services import Services
from satark.store import envelopes, tables
from satark.store.sealed_files import put_in_place, seal_file, stored_form
from support.acts import direct_whole, respond
from support.desks import SeededDesk
from support.tips import SeededTip, seed_file, seed_message, seed_tip

pytestmark = pytest.mark.slow("a desk at work")


def numbers(office: SeededDesk) -> list[str]:
    return [summary.header.number for summary in office.casework.summaries()]


def test_a_desk_sees_the_tips_that_are_sealed_to_it_newest_first(
    services: Services, sp: SeededDesk, dig: SeededDesk
) -> None:
    old = seed_tip(services, [sp.desk], received="2026-11-23T18/PT6H")
    new = seed_tip(services, [sp.desk], received="2026-11-24T00/PT6H")
    seed_tip(services, [dig.desk])
    assert numbers(sp) == [new.number, old.number]


def test_summaries_include_tips_that_came_since_the_last_call(services: Services, sp: SeededDesk) -> None:
    seeded = seed_tip(services, [sp.desk])
    (summary,) = sp.casework.summaries()
    assert (summary.status, summary.newest) == ("RECEIVED", 0)
    assert (summary.awaits_reply, summary.finished) == (False, False)
    respond(sp.casework, sp.casework.open(seeded.number), status="NEED_INFO", text="कब?", question=True)
    (summary,) = sp.casework.summaries()
    assert (summary.status, summary.awaits_reply) == ("NEED_INFO", True)
    seed_message(services, seeded, Message(sender="tipster", text="कल", answers=1))
    (summary,) = sp.casework.summaries()
    assert (summary.status, summary.newest, summary.awaits_reply) == ("NEED_INFO", 2, False)
    respond(sp.casework, sp.casework.open(seeded.number), status="CLOSED")
    assert sp.casework.summaries()[0].finished


def test_a_danger_told_later_makes_the_tip_urgent_in_the_queue_and_when_opened(
    services: Services, sp: SeededDesk
) -> None:
    seeded = seed_tip(services, [sp.desk])
    seed_message(services, seeded, Message(sender="tipster", text="they have come", flags=("danger:life",)))
    for header in (sp.casework.summaries()[0].header, sp.casework.open(seeded.number).header):
        assert (header.priority, header.flags[-1]) == ("urgent", "danger:life")


def test_a_preview_that_differs_from_its_record_is_refused(services: Services, sp: SeededDesk) -> None:
    seeded = seed_tip(services, [sp.desk])
    shown: dict[str, Any] = {
        "preview_mime": "image/jpeg",
        "preview_bytes": 5,
        "preview_sha256": sha256(b"small").hexdigest(),
    }
    seed_file(services, seeded, "1", b"original", b"clean", **shown)
    seed_file(services, seeded, "2", b"original")
    path = stored_form(services.evidence, f"{seeded.id}-1", "preview")
    put_in_place(seal_file(io.BytesIO(b"small"), path, seeded.recipient))
    opened = sp.casework.open(seeded.number)
    assert sp.casework.preview(opened, "1") == b"small"
    for ordinal in ("2", "3"):
        with pytest.raises(NoSuchFile):
            sp.casework.preview(opened, ordinal)
    put_in_place(seal_file(io.BytesIO(b"other"), path, seeded.recipient))
    with pytest.raises(CantOpen):
        sp.casework.preview(opened, "1")


def test_concurrent_notes_all_get_into_the_thread(services: Services, sp: SeededDesk) -> None:
    seeded = seed_tip(services, [sp.desk])
    opened = sp.casework.open(seeded.number)
    with ThreadPoolExecutor(4) as pool:
        posted = list(pool.map(lambda text: sp.casework.note(opened, str(text)), range(12)))
    assert sorted(one.seq for one in posted) == list(range(1, 13))
    assert len(sp.casework.open(seeded.number).thread) == 12


def test_a_response_opens_with_the_receipt_and_has_a_time_band(services: Services, sp: SeededDesk) -> None:
    seeded = seed_tip(services, [sp.desk])
    posted = respond(sp.casework, sp.casework.open(seeded.number), status="ACTED", text="धन्यवाद")
    row = services.read(lambda c: c.execute(select(tables.message)).one())
    opened = open_as(Message, row.sealed, seeded.receipt_identity)
    assert opened == posted.message
    assert (opened.status, opened.text, opened.desk, opened.internal) == ("ACTED", "धन्यवाद", "sp", False)
    assert opened.band.endswith("/PT6H")
    assert row.notified is False


def test_internal_messages_do_not_open_with_the_receipt(services: Services, sp: SeededDesk, lanka: SeededDesk) -> None:
    seeded = seed_tip(services, [sp.desk])
    opened = sp.casework.open(seeded.number)
    sp.casework.note(opened, "गोपनीय")
    direct_whole(sp.casework, opened, "lanka", "जाँच करें")
    rows = services.read(lambda c: c.execute(select(tables.message)).all())
    assert [row.notified for row in rows] == [True, True]
    for row in rows:
        assert open_as(Message, row.sealed, seeded.identity).internal
        with pytest.raises(CantOpen):
            open_as(Message, row.sealed, seeded.receipt_identity)


def test_a_directed_tip_opens_at_the_other_desk_and_is_delivered_once(
    services: Services, sp: SeededDesk, lanka: SeededDesk
) -> None:
    seeded = seed_tip(services, [sp.desk])
    assert numbers(lanka) == []
    opened = sp.casework.open(seeded.number)
    direct_whole(sp.casework, opened, "lanka", "जाँच करें")
    direct_whole(sp.casework, opened, "lanka", "जल्दी")
    assert lanka.casework.open(seeded.number).tip == seeded.tip
    texts = [posted.message.text for posted in lanka.casework.open(seeded.number).thread]
    assert texts == ["→ lanka title: जाँच करें", "→ lanka title: जल्दी"]
    (delivery,) = services.read(lambda c: c.execute(select(tables.delivery)).all())
    assert (delivery.destination, delivery.state, delivery.revision) == ("desk:*", "due", 1)


def rows(services: Services, table: Any) -> list[Any]:
    read = services.read_keys if table is tables.envelope else services.read
    return list(read(lambda c: c.execute(select(table)).all()))


def test_a_directed_tip_goes_to_the_other_desks_destinations_too(
    services: Services, sp: SeededDesk, lanka: SeededDesk
) -> None:
    recipient, identity = new_identity()
    services.destination_rules = (
        DestinationRule(to="email:lanka-cell", desk="lanka", recipient=recipient),
        DestinationRule(to="broker:lanka", desk="lanka"),
        DestinationRule(to="email:lanka-arms", desk="lanka", categories=("ARMS",)),
        DestinationRule(to="email:lanka-never", desk="lanka"),
        DestinationRule(to="email:sp-cell", desk="sp"),
    )
    seeded = seed_tip(services, [sp.desk], excluded=("email:lanka-never",))
    for _ in range(2):
        direct_whole(sp.casework, sp.casework.open(seeded.number), "lanka", "जाँच करें")
    assert {row.destination for row in rows(services, tables.delivery)} == {
        "desk:*", "email:lanka-cell", "broker:lanka",
    }  # fmt: skip
    cell = Casework(services, "email:lanka-cell", identity)
    assert cell.open(seeded.number).tip == seeded.tip


def test_destinations_of_an_accused_desk_never_get_the_tip(services: Services, sp: SeededDesk) -> None:
    lanka = SeededDesk(services, "lanka", "station", "lanka")
    services.destination_rules = (DestinationRule(to="email:lanka-cell", desk="lanka", recipient=new_identity()[0]),)
    seeded = seed_tip(services, [sp.desk], accused=Accused(level="station", unit="lanka"))
    with pytest.raises(NoSuchDesk):
        direct_whole(sp.casework, sp.casework.open(seeded.number), lanka.desk.name, "x")
    assert rows(services, tables.delivery) == []
    assert holders(services, seeded) == ["sp"]


def test_an_answer_of_a_destination_reaches_the_tipster(services: Services, sp: SeededDesk) -> None:
    recipient, identity = new_identity()
    newest = new_identity()[1]
    rule = DestinationRule(to="police_system:cctns", desk="sp", recipient=recipient, verifier=desk_verifier(newest))
    services.write_now(lambda unit: close_roster(unit, [rule]))
    seeded = seed_tip(services, [sp.desk], destination_rules=[rule])
    # The destination's key was changed since: the older key stands on the line below the new one.
    work = Casework(services, rule.to, f"{newest}\n{identity}", audit_desk="sp")
    posted = respond(work, work.open(seeded.number), status="ACTED", text="धन्यवाद")
    (row,) = rows(services, tables.message)
    assert open_as(Message, row.sealed, seeded.receipt_identity) == posted.message
    assert row.notified is False
    assert sp.casework.open(seeded.number).status == "ACTED"
    (summary,) = work.summaries()
    assert summary.status == "ACTED"


@pytest.mark.parametrize(
    ("accused", "excluded", "allowed"),
    [
        (None, (), ["dig", "lanka", "nagwa"]),
        (None, ("lanka",), ["dig", "nagwa"]),
        (Accused(level="station", unit="lanka"), (), ["dig"]),
        (Accused(level="outpost", unit="lanka-nagwa"), (), ["dig"]),
        (Accused(level="district"), (), ["dig"]),
        (Accused(level="unknown"), (), ["dig"]),
    ],
)
def test_a_tip_can_be_directed_neither_to_a_desk_that_it_accuses_nor_to_the_probes(
    accused: Accused | None, excluded: tuple[str, ...], allowed: list[str], services: Services, sp: SeededDesk
) -> None:
    SeededDesk(services, "dig", "range")
    SeededDesk(services, "lanka", "station", "lanka")
    SeededDesk(services, "nagwa", "outpost", "lanka-nagwa")
    SeededDesk(services, "probe", "outpost")
    seeded = seed_tip(services, [sp.desk], accused=accused, excluded=excluded)
    opened = sp.casework.open(seeded.number)
    assert [desk.name for desk in sp.casework.directing.allowed_targets(opened)] == allowed
    refusals = set()
    for name in {"dig", "lanka", "nagwa", "probe", "sp", "nowhere"} - set(allowed):
        with pytest.raises(NoSuchDesk) as refusal:
            direct_whole(sp.casework, opened, name, "x")
        refusals.add(str(refusal.value))
    assert len(refusals) == 1
    assert holders(services, seeded) == ["sp"]
    assert services.read(lambda c: c.execute(select(tables.delivery)).all()) == []


def test_a_desk_without_an_envelope_can_not_tell_that_a_tip_exists(
    services: Services, sp: SeededDesk, lanka: SeededDesk
) -> None:
    seed_tip(services, [sp.desk, lanka.desk])

    def answers(number: str) -> list[Any]:
        with pytest.raises(NoSuchTip) as refusal:
            lanka.casework.open(number)
        found = lanka.casework.find("जुआ")
        return [str(refusal.value), lanka.casework.summaries(), found, lanka.casework.cache.unreadable]

    before = answers("K999-9999")
    secret = seed_tip(services, [sp.desk], answers={"what": "जुआ"}, accused=Accused(level="station", unit="lanka"))
    assert answers(secret.number) == before
    assert answers(secret.id) == before
    assert sp.casework.find("जुआ").keys() == {secret.id}


def test_a_search_finds_answers_and_messages_in_any_case(services: Services, sp: SeededDesk) -> None:
    one = seed_tip(services, [sp.desk], answers={"what": "Big RED truck", "where": {"text": "Assi"}, "who": ["Kallu"]})
    two = seed_tip(services, [sp.desk], answers={"what": "something", "many": 3})
    seed_message(services, two, Message(sender="tipster", text="Red Bike"))
    assert sp.casework.find("red").keys() == {one.id, two.id}
    assert sp.casework.find("red assi").keys() == {one.id}
    assert sp.casework.find("kallu").keys() == {one.id}
    assert sp.casework.find(two.number).keys() == {two.id}
    assert sp.casework.find("   ").keys() == {one.id, two.id}
    assert sp.casework.find("nothing").keys() == set()


def test_a_search_finds_captions_and_shows_the_found_words(services: Services, sp: SeededDesk) -> None:
    seeded = seed_tip(services, [sp.desk], evidence=("1", "2"))
    assert sp.casework.find("UP65CD4411") == {}
    seed_file(services, seeded, "1", b"one", b"clean one", caption="गाड़ी UP65 CD 4411")
    assert sp.casework.find("gadi up65cd4411").keys() == {seeded.id}
    assert "UP65 CD 4411" in sp.casework.find("UP65CD4411")[seeded.id]
    seed_file(services, seeded, "2", b"two", b"clean two", caption="दूसरी UP65 ZZ 1")
    assert sp.casework.find("up65zz1").keys() == {seeded.id}


def holders(services: Services, seeded: SeededTip) -> list[str]:
    names = ["dig", "email:lanka-cell", "lanka", "nagwa", "sp"]
    found = services.read_keys(lambda c: envelopes.holders_of(c, seeded.id, names))
    assert len(rows(services, tables.envelope)) == len(found) + 1, "and what vouches for them"
    return found


def tamper(services: Services, table: Any, seeded: SeededTip, **values: Any) -> None:
    column = table.c.id if "id" in table.c else table.c.tip
    if "desk" in values:
        values["holder"] = services.read_keys(lambda c: envelopes.tag(c, seeded.id, values.pop("desk")))
    statement = update(table).where(column == seeded.id).values(**values)
    if table is tables.envelope:
        statement = statement.where(table.c.sealed != b"")  # what vouches for the rows stays
    services.write_now(lambda unit: (unit.keys if table is tables.envelope else unit.main).execute(statement))


def test_a_swapped_document_is_refused(services: Services, sp: SeededDesk) -> None:
    mine, other = seed_tip(services, [sp.desk]), seed_tip(services, [sp.desk])
    swapped = services.read(lambda c: c.execute(select(tables.tip).where(tables.tip.c.id == other.id)).one())
    tamper(services, tables.tip, mine, document=swapped.document)
    with pytest.raises(CantOpen):
        sp.casework.open(mine.number)
    forged = seal(other.tip, mine.recipient)
    tamper(services, tables.tip, mine, document=forged)
    with pytest.raises(CantOpen):
        sp.casework.open(mine.number)
    assert sp.casework.find("शराब").keys() == {other.id}


def test_a_recipient_altered_in_the_store_can_not_open_new_messages(services: Services, sp: SeededDesk) -> None:
    seeded = seed_tip(services, [sp.desk])
    thief_recipient, thief_identity = new_identity()
    tamper(services, tables.tip, seeded, recipient=thief_recipient)
    sp.casework.note(sp.casework.open(seeded.number), "गोपनीय")
    row = services.read(lambda c: c.execute(select(tables.message)).one())
    with pytest.raises(CantOpen):
        open_as(Message, row.sealed, thief_identity)
