"""What a desk can do with sealed tips, with real age keys, and what it can never learn."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from satark.casework import Casework, NoSuchFile, NoSuchTip, TwoOfficerApproval
from satark.desk import CaseworkError, Desk, DeskExists, KeyChanged, NoSuchDesk
from satark.destination_rule import DestinationRule
from satark.identity.sealing import CantOpen, new_identity, open_as, open_envelope, seal
from satark.routing.desks import add_desk, all_desks, begin_key_change, end_key_change, find_desk
from satark.services import Services
from satark.store import tables
from satark.store.sealed_files import preview_path, put_in_place, seal_file
from satark.testing.store import fresh_services
from satark.testing.tips import SeededTip, seed_file, seed_file_state, seed_message, seed_tip
from satark.tip import Accused, Evidence, Message


class Office:
    """A desk with the key that its officers would open."""

    def __init__(self, services: Services, name: str, level: Any = "district", area: str = "") -> None:
        recipient, self.identity = new_identity()
        self.desk = Desk(name=name, title=f"{name} title", level=level, area=area, recipient=recipient)
        services.write_now(lambda unit: add_desk(unit, self.desk))
        self.work = Casework(services, name, self.identity)


@pytest.fixture
def services(tmp_path: Path, databases: Any) -> Iterator[Services]:
    """An empty store, on SQLite and on PostgreSQL in turn."""
    services = fresh_services(tmp_path / "data", database_url=databases.main, keys_url=databases.keys)
    yield services
    services.main.dispose()
    services.keys.dispose()


@pytest.fixture
def sp(services: Services) -> Office:
    return Office(services, "sp")


@pytest.fixture
def dig(services: Services) -> Office:
    return Office(services, "dig", "range")


@pytest.fixture
def lanka(services: Services) -> Office:
    return Office(services, "lanka", "station", "lanka")


def numbers(office: Office) -> list[str]:
    return [line.header.number for line in office.work.summaries()]


def test_a_desk_sees_the_tips_that_are_sealed_to_it_newest_first(services: Services, sp: Office, dig: Office) -> None:
    old = seed_tip(services, [sp.desk], received="2026-11-23T18/PT6H")
    new = seed_tip(services, [sp.desk], received="2026-11-24T00/PT6H")
    seed_tip(services, [dig.desk])
    assert numbers(sp) == [new.number, old.number]


def test_words_beside_more_information_needed_always_ask(services: Services, sp: Office) -> None:
    seeded = seed_tip(services, [sp.desk])
    asked = sp.work.respond(sp.work.open(seeded.number), status="NEED_INFO", text="कब?")
    told = sp.work.respond(sp.work.open(seeded.number), status="NEED_INFO")
    assert (asked.message.question, told.message.question) == (True, False)


def test_what_comes_later_is_seen_at_the_next_look(services: Services, sp: Office) -> None:
    seeded = seed_tip(services, [sp.desk])
    (line,) = sp.work.summaries()
    assert (line.status, line.newest_from_tipster, line.awaits_reply, line.finished) == ("RECEIVED", 0, False, False)
    sp.work.respond(sp.work.open(seeded.number), status="NEED_INFO", text="कब?", question=True)
    (line,) = sp.work.summaries()
    assert (line.status, line.awaits_reply) == ("NEED_INFO", True)
    seed_message(services, seeded, Message(sender="tipster", text="कल", answers=1))
    (line,) = sp.work.summaries()
    assert (line.status, line.newest_from_tipster, line.awaits_reply) == ("NEED_INFO", 2, False)
    sp.work.respond(sp.work.open(seeded.number), status="CLOSED")
    assert sp.work.summaries()[0].finished


def test_an_opened_tip_has_everything(services: Services, sp: Office) -> None:
    seeded = seed_tip(services, [sp.desk], evidence=("1", "2", "10", "11"))
    seed_file(services, seeded, "10", b"ten")
    seed_file(services, seeded, "2", b"two", b"clean two")
    seed_file_state(services, seeded, "1", "due")
    opened = sp.work.open(seeded.number.lower())
    assert opened.tip == seeded.tip
    assert [record.ordinal for record in opened.evidence] == ["2", "10"]
    assert (opened.pending, opened.lost, opened.damaged) == (("1",), ("11",), 0)
    assert b"".join(sp.work.evidence(opened, "2")) == b"clean two"
    assert b"".join(sp.work.original_of(opened, "2", TwoOfficerApproval("one", "other"))) == b"two"


def test_files_that_are_not_there_are_said_so(services: Services, sp: Office) -> None:
    seeded = seed_tip(services, [sp.desk], evidence=("1",))
    seed_file(services, seeded, "1", b"original")
    opened = sp.work.open(seeded.number)
    for ordinal in ("1", "2", "../../etc/passwd"):
        with pytest.raises(NoSuchFile):
            sp.work.evidence(opened, ordinal)


def test_a_preview_is_given_only_as_it_was_recorded(services: Services, sp: Office) -> None:
    seeded = seed_tip(services, [sp.desk])
    shown: dict[str, Any] = {
        "preview_mime": "image/jpeg",
        "preview_bytes": 5,
        "preview_sha256": sha256(b"small").hexdigest(),
    }
    seed_file(services, seeded, "1", b"original", b"clean", **shown)
    seed_file(services, seeded, "2", b"original")
    path = preview_path(services.evidence_dir, f"{seeded.id}-1")
    put_in_place(path, seal_file(io.BytesIO(b"small"), path, seeded.recipient)[0])
    opened = sp.work.open(seeded.number)
    assert sp.work.preview(opened, "1") == b"small"
    for ordinal in ("2", "3"):
        with pytest.raises(NoSuchFile):
            sp.work.preview(opened, ordinal)
    put_in_place(path, seal_file(io.BytesIO(b"other"), path, seeded.recipient)[0])
    with pytest.raises(CantOpen):
        sp.work.preview(opened, "1")


def test_nothing_of_a_tip_shows_in_a_repr(services: Services, sp: Office) -> None:
    seeded = seed_tip(services, [sp.desk])
    opened = sp.work.open(seeded.number)
    shown = f"{opened!r} {sp.work!r} {sp.work.summaries()!r}"
    assert seeded.number not in shown
    assert "SECRET" not in shown


def test_officers_who_write_at_the_same_moment_all_stand_in_the_thread(services: Services, sp: Office) -> None:
    seeded = seed_tip(services, [sp.desk])
    opened = sp.work.open(seeded.number)
    with ThreadPoolExecutor(4) as pool:
        posted = list(pool.map(lambda text: sp.work.note(opened, str(text)), range(12)))
    assert sorted(one.seq for one in posted) == list(range(1, 13))
    assert len(sp.work.open(seeded.number).thread) == 12


def test_a_response_opens_with_the_receipt_and_tells_its_time_coarsely(services: Services, sp: Office) -> None:
    seeded = seed_tip(services, [sp.desk])
    posted = sp.work.respond(sp.work.open(seeded.number), status="ACTED", text="धन्यवाद")
    row = services.read(lambda c: c.execute(select(tables.message)).one())
    told = open_as(Message, row.sealed, seeded.receipt_identity)
    assert told == posted.message
    assert (told.status, told.text, told.desk, told.internal) == ("ACTED", "धन्यवाद", "sp", False)
    assert told.band.endswith("/PT6H")
    assert row.notified is False


def test_what_desks_say_among_themselves_does_not_open_with_the_receipt(
    services: Services, sp: Office, lanka: Office
) -> None:
    seeded = seed_tip(services, [sp.desk])
    opened = sp.work.open(seeded.number)
    sp.work.note(opened, "गोपनीय")
    sp.work.direct(opened, "lanka", "जाँच करें")
    rows = services.read(lambda c: c.execute(select(tables.message)).all())
    assert [row.notified for row in rows] == [True, True]
    for row in rows:
        assert open_as(Message, row.sealed, seeded.identity).internal
        with pytest.raises(CantOpen):
            open_as(Message, row.sealed, seeded.receipt_identity)


def test_a_directed_tip_opens_at_the_other_desk_and_is_delivered_once(
    services: Services, sp: Office, lanka: Office
) -> None:
    seeded = seed_tip(services, [sp.desk])
    assert numbers(lanka) == []
    opened = sp.work.open(seeded.number)
    sp.work.direct(opened, "lanka", "जाँच करें")
    sp.work.direct(opened, "lanka", "जल्दी")
    assert lanka.work.open(seeded.number).tip == seeded.tip
    texts = [posted.message.text for posted in lanka.work.open(seeded.number).thread]
    assert texts == ["→ lanka title: जाँच करें", "→ lanka title: जल्दी"]
    (delivery,) = services.read(lambda c: c.execute(select(tables.delivery)).all())
    assert (delivery.destination, delivery.state, delivery.revision) == ("desk:lanka", "due", 1)


def rows(services: Services, table: Any) -> list[Any]:
    read = services.read_keys if table is tables.envelope else services.read
    return list(read(lambda c: c.execute(select(table)).all()))


def test_a_directed_tip_takes_the_other_desks_forwards_too(services: Services, sp: Office, lanka: Office) -> None:
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
        sp.work.direct(sp.work.open(seeded.number), "lanka", "जाँच करें")
    assert {row.destination for row in rows(services, tables.delivery)} == {
        "desk:lanka", "email:lanka-cell", "broker:lanka",
    }  # fmt: skip
    cell = Casework(services, "email:lanka-cell", identity)
    assert cell.open(seeded.number).tip == seeded.tip


def test_the_forwards_of_a_desk_that_must_never_have_a_tip_get_none_of_it(services: Services, sp: Office) -> None:
    lanka = Office(services, "lanka", "station", "lanka")
    services.destination_rules = (DestinationRule(to="email:lanka-cell", desk="lanka", recipient=new_identity()[0]),)
    seeded = seed_tip(services, [sp.desk], accused=Accused(level="station", unit="lanka"))
    with pytest.raises(NoSuchDesk):
        sp.work.direct(sp.work.open(seeded.number), lanka.desk.name, "x")
    assert rows(services, tables.delivery) == []
    assert {row.desk for row in rows(services, tables.envelope)} == {"sp"}


def test_what_a_destination_answers_reaches_the_tipster_as_a_desks_word_does(services: Services, sp: Office) -> None:
    recipient, identity = new_identity()
    rule = DestinationRule(to="police_system:cctns", desk="sp", recipient=recipient)
    seeded = seed_tip(services, [sp.desk], destination_rules=[rule])
    # The key was changed since: the older one stands below the new.
    work = Casework(services, rule.to, f"{new_identity()[1]}\n{identity}")
    posted = work.respond(work.open(seeded.number), status="ACTED", text="धन्यवाद")
    (row,) = rows(services, tables.message)
    assert open_as(Message, row.sealed, seeded.receipt_identity) == posted.message
    assert row.notified is False
    assert sp.work.open(seeded.number).status == "ACTED"
    (line,) = work.summaries()
    assert line.status == "ACTED"


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
def test_a_tip_is_never_directed_to_a_desk_that_it_is_about(
    accused: Accused | None, excluded: tuple[str, ...], allowed: list[str], services: Services, sp: Office
) -> None:
    Office(services, "dig", "range")
    Office(services, "lanka", "station", "lanka")
    Office(services, "nagwa", "outpost", "lanka-nagwa")
    seeded = seed_tip(services, [sp.desk], accused=accused, excluded=excluded)
    opened = sp.work.open(seeded.number)
    assert [desk.name for desk in sp.work.allowed_targets(opened)] == allowed
    refusals = set()
    for name in {"dig", "lanka", "nagwa", "sp", "nowhere"} - set(allowed):
        with pytest.raises(NoSuchDesk) as refusal:
            sp.work.direct(opened, name, "x")
        refusals.add(str(refusal.value))
    assert len(refusals) == 1
    (envelope,) = services.read_keys(lambda c: c.execute(select(tables.envelope)).all())
    assert envelope.desk == "sp"
    assert services.read(lambda c: c.execute(select(tables.delivery)).all()) == []


def test_a_desk_without_an_envelope_is_answered_as_if_there_were_no_tip(
    services: Services, sp: Office, lanka: Office
) -> None:
    seed_tip(services, [sp.desk, lanka.desk])

    def answers(number: str) -> list[Any]:
        with pytest.raises(NoSuchTip) as refusal:
            lanka.work.open(number)
        found = lanka.work.find("जुआ")
        return [str(refusal.value), lanka.work.summaries(), found, lanka.work.unreadable]

    before = answers("K999-9999")
    secret = seed_tip(services, [sp.desk], answers={"what": "जुआ"}, accused=Accused(level="station", unit="lanka"))
    assert answers(secret.number) == before
    assert answers(secret.id) == before
    assert sp.work.find("जुआ") == {secret.id}


def test_search_looks_through_answers_and_messages_in_any_case(services: Services, sp: Office) -> None:
    one = seed_tip(services, [sp.desk], answers={"what": "Big RED truck", "where": {"text": "Assi"}, "who": ["Kallu"]})
    two = seed_tip(services, [sp.desk], answers={"what": "something", "many": 3})
    seed_message(services, two, Message(sender="tipster", text="Red Bike"))
    assert sp.work.find("red") == {one.id, two.id}
    assert sp.work.find("red assi") == {one.id}
    assert sp.work.find("kallu") == {one.id}
    assert sp.work.find(two.number) == {two.id}
    assert sp.work.find("   ") == {one.id, two.id}
    assert sp.work.find("nothing") == set()


def tamper(services: Services, table: Any, seeded: SeededTip, **values: Any) -> None:
    column = table.c.id if "id" in table.c else table.c.tip
    statement = update(table).where(column == seeded.id).values(**values)
    services.write_now(lambda unit: (unit.keys if table is tables.envelope else unit.main).execute(statement))


def test_a_moved_or_altered_envelope_opens_nothing_and_is_counted(services: Services, sp: Office, dig: Office) -> None:
    mine, other, broken = seed_tip(services, [sp.desk]), seed_tip(services, [dig.desk]), seed_tip(services, [sp.desk])
    row = services.read_keys(lambda c: c.execute(select(tables.envelope).where(tables.envelope.c.tip == mine.id)).one())
    tamper(services, tables.envelope, other, desk="sp", sealed=row.sealed)
    tamper(services, tables.envelope, broken, sealed=row.sealed[:-1] + b"\0")
    assert numbers(sp) == [mine.number]
    assert sp.work.unreadable == 2
    with pytest.raises(NoSuchTip):
        sp.work.open(other.number)


def test_an_envelope_of_another_desk_is_refused_though_the_key_fits(services: Services, sp: Office) -> None:
    # Somebody with the sp's own key and the key store puts a tip into the dig's row, and the reverse.
    seeded = seed_tip(services, [sp.desk])
    tamper(services, tables.envelope, seeded, desk="dig")
    assert Casework(services, "dig", sp.identity).summaries() == []


def test_a_swapped_document_is_refused(services: Services, sp: Office) -> None:
    mine, other = seed_tip(services, [sp.desk]), seed_tip(services, [sp.desk])
    swapped = services.read(lambda c: c.execute(select(tables.tip).where(tables.tip.c.id == other.id)).one())
    tamper(services, tables.tip, mine, document=swapped.document)
    with pytest.raises(CantOpen):
        sp.work.open(mine.number)
    forged = seal(other.tip, mine.recipient)
    tamper(services, tables.tip, mine, document=forged)
    with pytest.raises(CantOpen):
        sp.work.open(mine.number)
    assert sp.work.find("शराब") == {other.id}


def test_messages_and_records_that_do_not_open_are_counted_and_break_nothing(services: Services, sp: Office) -> None:
    seeded, other = seed_tip(services, [sp.desk], evidence=("1", "2")), seed_tip(services, [sp.desk])
    seed_message(services, seeded, Message(sender="tipster", text="असली"))
    seed_file(services, seeded, "1", b"one")
    seed_file(services, seeded, "2", b"two")
    record = seal(Evidence(ordinal="1", role="x", kind="image", mime="", bytes=0, sha256=""), seeded.recipient)
    where = tables.file.c.ordinal
    foreign = seal(Message(sender="desk", text="नकली"), other.recipient)

    def write(unit: Any) -> None:
        unit.main.execute(update(tables.file).where(where == "2").values(record=record))
        unit.main.execute(update(tables.file).where(where == "1").values(record=b"junk"))
        row = {"tip": seeded.id, "seq": 2, "sealed": foreign, "day": 0, "notified": True}
        unit.insert(tables.message, [row])

    services.write_now(write)
    opened = sp.work.open(seeded.number)
    assert [posted.message.text for posted in opened.thread] == ["असली"]
    assert (opened.evidence, opened.damaged) == ((), 3)


def test_a_changed_recipient_in_the_store_does_not_get_the_desks_words(services: Services, sp: Office) -> None:
    seeded = seed_tip(services, [sp.desk])
    thief_recipient, thief_identity = new_identity()
    tamper(services, tables.tip, seeded, recipient=thief_recipient)
    sp.work.note(sp.work.open(seeded.number), "गोपनीय")
    row = services.read(lambda c: c.execute(select(tables.message)).one())
    with pytest.raises(CantOpen):
        open_as(Message, row.sealed, thief_identity)


def test_what_a_crash_between_the_databases_left_is_not_listed(services: Services, sp: Office) -> None:
    seeded = seed_tip(services, [sp.desk])
    services.write_now(lambda unit: unit.main.execute(delete(tables.tip).where(tables.tip.c.id == seeded.id)))
    assert sp.work.summaries() == []
    assert sp.work.unreadable == 0


def test_a_shredded_tip_leaves_the_queue(services: Services, sp: Office) -> None:
    seeded = seed_tip(services, [sp.desk])
    assert numbers(sp) == [seeded.number]
    services.write_now(lambda unit: unit.keys.execute(delete(tables.envelope)))
    assert numbers(sp) == []


def change_key(services: Services, office: Office) -> str:
    recipient, identity = new_identity()
    services.write_now(lambda unit: begin_key_change(unit, office.desk.name, office.identity, recipient))
    services.write_now(lambda unit: end_key_change(unit, office.desk.name, identity))
    return identity


def test_after_a_change_of_key_the_old_one_opens_nothing(services: Services, sp: Office) -> None:
    seeded = seed_tip(services, [sp.desk])
    identity = change_key(services, sp)
    later = seed_tip(services, [services.read(lambda c: find_desk(c, "sp"))])
    assert Casework(services, "sp", sp.identity).summaries() == []
    assert {line.header.number for line in Casework(services, "sp", identity).summaries()} == {
        seeded.number,
        later.number,
    }


def test_a_change_of_key_that_was_cut_short_locks_nobody_out(services: Services, sp: Office) -> None:
    seeded = seed_tip(services, [sp.desk])
    recipient, identity = new_identity()
    services.write_now(lambda unit: begin_key_change(unit, "sp", sp.identity, recipient))
    (row,) = services.read_keys(lambda c: c.execute(select(tables.envelope)).all())
    for key in (sp.identity, identity):
        assert open_envelope(row.sealed, key, tip=seeded.id, desk="sp").header == seeded.header


def test_two_changes_of_the_same_key_do_not_cross(services: Services, sp: Office) -> None:
    seed_tip(services, [sp.desk])
    identity = change_key(services, sp)
    with pytest.raises(KeyChanged):
        change_key(services, sp)
    assert len(Casework(services, "sp", identity).summaries()) == 1


def test_a_change_of_key_leaves_a_planted_envelope_alone(services: Services, sp: Office, dig: Office) -> None:
    seeded = seed_tip(services, [dig.desk])
    tamper(services, tables.envelope, seeded, desk="sp")
    (before,) = services.read_keys(lambda c: c.execute(select(tables.envelope)).all())
    change_key(services, sp)
    assert services.read_keys(lambda c: c.execute(select(tables.envelope)).all()) == [before]


def test_desks_are_listed_by_name_and_a_name_is_taken_once(services: Services, sp: Office, dig: Office) -> None:
    assert [desk.name for desk in services.read(all_desks)] == ["dig", "sp"]
    with pytest.raises(DeskExists):
        Office(services, "sp")
    with pytest.raises(NoSuchDesk):
        services.read(lambda c: find_desk(c, "nowhere"))


@pytest.mark.parametrize(("name", "level"), [("", "district"), ("Ä", "district"), ("a b", "district"), ("a", "planet")])
def test_a_desk_that_can_not_be_is_refused(name: str, level: str, services: Services) -> None:
    with pytest.raises(CaseworkError):
        Office(services, name, level)
