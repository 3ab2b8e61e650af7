"""An opened tip: its document, its files, the missing ones, and no content in its representation."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from satark.api.sealing import seal
from satark.api.tip import Evidence, Message
from satark.casework import TwoOfficerApproval
from satark.casework.errors import NoSuchFile
from satark.services import Services
from satark.store import tables
from support.acts import respond
from support.desks import SeededDesk
from support.tips import seed_file, seed_file_state, seed_message, seed_tip


def test_a_text_with_the_status_more_information_needed_always_counts_as_a_question(
    services: Services, sp: SeededDesk
) -> None:
    seeded = seed_tip(services, [sp.desk])
    asked = respond(sp.casework, sp.casework.open(seeded.number), status="NEED_INFO", text="कब?")
    status_only = respond(sp.casework, sp.casework.open(seeded.number), status="NEED_INFO")
    assert (asked.message.question, status_only.message.question) == (True, False)


def test_an_opened_tip_has_its_document_files_and_missing_files(services: Services, sp: SeededDesk) -> None:
    seeded = seed_tip(services, [sp.desk], evidence=("1", "2", "10", "11"))
    seed_file(services, seeded, "10", b"ten")
    seed_file(services, seeded, "2", b"two", b"clean two")
    seed_file_state(services, seeded, "1", "due")
    opened = sp.casework.open(seeded.number.lower())
    assert opened.tip == seeded.tip
    assert [record.ordinal for record in opened.evidence] == ["2", "10"]
    assert (opened.pending, opened.lost, opened.gone, opened.damaged) == (("1",), (), ("11",), 0)
    assert b"".join(sp.casework.evidence(opened, "2")) == b"clean two"
    assert b"".join(sp.casework.original_of(opened, "2", TwoOfficerApproval("one", "other", may_listen=True))) == b"two"


def test_a_file_without_a_clean_copy_is_reported_as_missing(services: Services, sp: SeededDesk) -> None:
    seeded = seed_tip(services, [sp.desk], evidence=("1",))
    seed_file(services, seeded, "1", b"original")
    opened = sp.casework.open(seeded.number)
    for ordinal in ("1", "2", "../../etc/passwd"):
        with pytest.raises(NoSuchFile):
            sp.casework.evidence(opened, ordinal)


def test_no_repr_shows_content_of_a_tip(services: Services, sp: SeededDesk) -> None:
    seeded = seed_tip(services, [sp.desk])
    opened = sp.casework.open(seeded.number)
    shown = f"{opened!r} {sp.casework!r} {sp.casework.summaries()!r}"
    assert seeded.number not in shown
    assert "SECRET" not in shown


def test_messages_and_records_that_do_not_open_are_counted(services: Services, sp: SeededDesk) -> None:
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
    opened = sp.casework.open(seeded.number)
    assert [posted.message.text for posted in opened.thread] == ["असली"]
    assert (opened.evidence, opened.damaged, opened.damaged_messages) == ((), 3, 1)
