"""Terms: a tip is due by its status and category, and a legal hold keeps it."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
from sqlalchemy import delete, select, update

from satark.api.sealing import CantOpen, new_identity, open_as, seal
from satark.api.tip import STATUSES, Status
from satark.casework import Casework
from satark.casework.hold_acts import TipKeeping
from satark.casework.hold_rules import Keeping, StepRefused
from satark.identity import time_buckets
from satark.identity.edge_key import Identity
from satark.identity.signatures import signing_key, verifier_for
from satark.plugins.loader import Plugins
from satark.retention import schedule
from satark.retention.schedule import NoRetentionKey, SignedTerm, Term, store_term, term_days
from satark.routing.sent import TIPSTER_USE
from satark.runtime.retention_job import Retention
from satark.services import Services
from satark.settings.core import RetentionSettings
from satark.settings.settings import Settings
from satark.store import tables
from support.acts import respond
from support.desks import SeededDesk, agree, listed_officer
from support.tips import SeededTip, seed_tip

DEFAULTS = RetentionSettings()
FAR = 40_000
ROW = tables.retention.c


def keeping(services: Services, work: Casework, seeded: SeededTip) -> Keeping:
    return TipKeeping(services, work).of(work.open(seeded.number))


def two_officers(desk: SeededDesk) -> tuple[Casework, Casework]:
    for name in ("rao", "khan"):
        desk.add_officer(listed_officer(name))
    return desk.casework_of("rao"), desk.casework_of("khan")


def term_of(retention: Retention, seeded: SeededTip, today: int = 0) -> Term:
    return next(one.term for one in retention.scheduled(today) if one.tip == seeded.id)


def row_of(services: Services, seeded: SeededTip) -> Any:
    return services.read(lambda c: c.execute(select(tables.retention).where(ROW.tip == seeded.id)).one())


def put_row(services: Services, seeded: SeededTip, **values: bytes) -> None:
    """Write a tip's row of `retention`, as a person who writes to the main database can."""
    change = update(tables.retention).where(ROW.tip == seeded.id).values(**values)
    services.write_now(lambda unit: unit.main.execute(change))


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_has_a_term_and_all_unfinished_statuses_have_the_same(status: Status) -> None:
    finished = {"ACTED": 1825, "UNCONFIRMED": 180, "MERGED": 365, "SET_ASIDE": 180, "CLOSED": 365}
    finished["TRANSFERRED"] = 365
    assert term_days(DEFAULTS, status, "COW") == finished.get(status, 1095)


def test_category_days_lengthen_shorter_terms_of_finished_tips_and_shorten_none() -> None:
    settings = RetentionSettings(category_days={"ARMS": 400})
    days = [term_days(settings, status, "ARMS") for status in ("MERGED", "CLOSED", "ACTED", "RECEIVED")]
    assert days == [400, 400, 1825, 1095]


class CountedTip:
    """A tip with its term; the class counts how many there are at once."""

    living = most = 0

    def __init__(self) -> None:
        self.term = Term(due=FAR)
        CountedTip.living += 1
        CountedTip.most = max(CountedTip.most, CountedTip.living)

    def __del__(self) -> None:
        CountedTip.living -= 1


def test_few_of_the_tips_that_are_not_due_are_in_memory_at_once(
    retention: Retention, monkeypatch: pytest.MonkeyPatch
) -> None:
    tips = (CountedTip() for _ in range(100))
    monkeypatch.setattr("satark.retention.schedule.scheduled_tips", lambda *_: tips)
    assert retention.due(FAR - 1) == []
    assert 1 <= CountedTip.most < 5


def test_a_tip_is_due_when_the_term_of_its_status_is_over(
    services: Services, retention: Retention, sp: SeededDesk
) -> None:
    seeded = seed_tip(services, [sp.desk])
    day = services.write_now(lambda unit: unit.day)
    assert term_of(retention, seeded) == Term(due=day + 1095)
    respond(sp.casework, sp.casework.open(seeded.number), status="UNCONFIRMED")
    assert term_of(retention, seeded) == Term(due=day + 180)
    assert retention.due(day + 179) == []
    assert [one.number for one in retention.due(day + 180)] == [seeded.number]
    respond(sp.casework, sp.casework.open(seeded.number), status="REOPENED")
    assert term_of(retention, seeded) == Term(due=day + 1095)


@pytest.mark.slow("a desk's whole work")
def test_the_database_reveals_no_term(services: Services, retention: Retention, sp: SeededDesk) -> None:
    first, second = seed_tip(services, [sp.desk]), seed_tip(services, [sp.desk])
    respond(sp.casework, sp.casework.open(first.number), status="ACTED")
    respond(sp.casework, sp.casework.open(second.number), status="MERGED")
    held = TipKeeping(services, sp.casework_of("rao"))
    held.ask(sp.casework.open(second.number), "ask_hold", "court")
    encoded = {len(msgspec.json.encode(one.term)) for one in retention.scheduled(0)}
    assert len(encoded) == 1


@pytest.mark.slow("a third of a second of a processor")
def test_a_hold_needs_two_officers_and_keeps_the_tip_from_the_first_officers_request(
    services: Services, retention: Retention, sp: SeededDesk
) -> None:
    seeded = seed_tip(services, [sp.desk])
    rao, khan = two_officers(sp)
    first, second = TipKeeping(services, rao), TipKeeping(services, khan)
    first.ask(rao.open(seeded.number), "ask_hold", "High Court, 12/2026")
    asked = keeping(services, khan, seeded)
    assert (asked.held, asked.asked, asked.asked_by, asked.reason) == (
        True, "ask_hold", ("sp", "rao"), "High Court, 12/2026",
    )  # fmt: skip
    assert retention.due(FAR) == []
    with pytest.raises(StepRefused, match="two different officers"):
        agree(first, rao.open(seeded.number))
    agree(second, khan.open(seeded.number))
    assert (keeping(services, rao, seeded).held, keeping(services, rao, seeded).asked) == (True, "")
    respond(rao, rao.open(seeded.number), status="MERGED")
    assert retention.due(FAR) == []
    second.ask(khan.open(seeded.number), "ask_lift", "the case is over")
    with pytest.raises(StepRefused):
        agree(second, khan.open(seeded.number))
    assert keeping(services, rao, seeded).held
    agree(first, rao.open(seeded.number))
    assert not keeping(services, rao, seeded).held
    assert [one.number for one in retention.due(FAR)] == [seeded.number]


@pytest.mark.slow("a desk's whole work")
def test_without_the_automatic_job_two_officers_order_each_erasure_of_a_due_tip(
    services: Services, settings: Settings, plugins: Plugins, sp: SeededDesk
) -> None:
    manual = RetentionSettings(automatic=False, merged_days=1)
    settings.core = settings.core.model_copy(update={"retention": manual})
    services.retention = manual
    retention = Retention(settings, services, Identity(b"e" * 32), plugins)
    retention.prepare(services.write_now)
    seeded = seed_tip(services, [sp.desk])
    rao, khan = two_officers(sp)
    with pytest.raises(StepRefused):
        TipKeeping(services, rao).ask(rao.open(seeded.number), "ask_erasure", "")
    old = seed_tip(services, [sp.desk], received="2020-01-01T00/PT6H", category="COW")
    assert retention.due(FAR) == []
    services.retention = RetentionSettings(automatic=False, unfinished_days=30)
    TipKeeping(services, rao).ask(rao.open(old.number), "ask_erasure", "the term is over")
    assert retention.due(FAR) == []
    agree(TipKeeping(services, khan), khan.open(old.number))
    due = list(retention.due(FAR))
    assert [(one.number, one.term.ordered) for one in due] == [(old.number, 1)]


def test_a_term_that_can_not_be_opened_keeps_the_tip(services: Services, retention: Retention, sp: SeededDesk) -> None:
    seeded = seed_tip(services, [sp.desk])
    respond(sp.casework, sp.casework.open(seeded.number), status="MERGED")
    put_row(services, seeded, sealed=seal(SignedTerm(Term(due=0), b""), new_identity()[0]))
    assert (term_of(retention, seeded).held, list(retention.due(FAR))) == (1, [])


def test_an_attacker_who_writes_rows_of_both_databases_erases_nothing_without_the_key(
    services: Services, retention: Retention, sp: SeededDesk
) -> None:
    seeded, other = seed_tip(services, [sp.desk]), seed_tip(services, [sp.desk])
    recipient = services.read(lambda c: c.execute(select(tables.retention_key.c.recipient)).scalar_one())
    identity, term = new_identity()[1], Term(due=0, ordered=1)
    signature = signing_key(identity, "satark/1/term").sign(b"satark/1/term\0" + msgspec.json.encode((seeded.id, term)))
    own = bytes.fromhex(verifier_for("own", TIPSTER_USE) + verifier_for(identity, "satark/1/term"))
    keeper = own + bytes(4)
    keeper += signing_key("own", TIPSTER_USE).sign(b"satark/1/keeper\0" + keeper)
    forged = seal(SignedTerm(term, signature), recipient)
    put_row(services, seeded, sealed=forged)
    signed = SignedTerm(term, signature)  # as if they had the name key too
    services.write_now(lambda unit: unit.upsert(tables.kept_term, [schedule._kept(unit.keys, seeded.id, signed)]))
    assert [one.tip for one in retention.due(FAR)] == [other.id]
    put_row(services, seeded, sealed=forged, keeper=keeper)
    assert [one.tip for one in retention.due(FAR)] == [other.id]
    of_other = row_of(services, seed_tip(services, [sp.desk]))
    put_row(services, seeded, sealed=of_other.sealed, keeper=of_other.keeper)
    services.write_now(lambda unit: unit.main.execute(delete(tables.retention).where(ROW.tip == other.id)))
    assert {one.tip for one in retention.due(FAR)} == {of_other.tip}


@pytest.mark.slow("a desk's whole work")
def test_no_term_is_sealed_to_a_key_that_replaced_the_retention_key(
    services: Services, retention: Retention, sp: SeededDesk
) -> None:
    seeded = seed_tip(services, [sp.desk])
    recipient, identity = new_identity()
    services.write_now(lambda unit: unit.main.execute(update(tables.retention_key).values(recipient=recipient)))
    respond(sp.casework, sp.casework.open(seeded.number), status="MERGED")
    with pytest.raises(CantOpen):
        open_as(SignedTerm, row_of(services, seeded).sealed, identity)
    with pytest.raises(NoRetentionKey):
        TipKeeping(services, sp.casework).ask(sp.casework.open(seeded.number), "ask_hold", "court")
    retention.prepare(services.write_now)
    respond(sp.casework, sp.casework.open(seeded.number), status="ACTED")
    assert term_of(retention, seeded, FAR).due < FAR


def test_restoring_a_term_from_before_a_hold_does_not_lift_the_hold(
    services: Services, retention: Retention, sp: SeededDesk
) -> None:
    seeded = seed_tip(services, [sp.desk])
    before = row_of(services, seeded)
    rao, _ = two_officers(sp)
    TipKeeping(services, rao).ask(rao.open(seeded.number), "ask_hold", "High Court, 12/2026")
    put_row(services, seeded, sealed=before.sealed)
    assert retention.due(FAR) == []


def test_a_tip_is_kept_for_the_shortest_term_whatever_a_desk_says(
    services: Services, retention: Retention, sp: SeededDesk
) -> None:
    seeded = seed_tip(services, [sp.desk])
    day = services.write_now(lambda unit: unit.day)
    services.write_now(lambda unit: store_term(unit, seeded.id, Term(due=0, ordered=1), seeded.identity))
    older = update(tables.tip).values(day=0)
    services.write_now(lambda unit: unit.main.execute(older))
    assert retention.due(day + 179) == []
    assert [one.tip for one in retention.due(day + 180)] == [seeded.id]


def test_every_tip_has_a_retention_row_from_its_submission_and_checking_terms_adds_none(
    services: Services, retention: Retention, sp: SeededDesk, dig: SeededDesk
) -> None:
    received = time_buckets.band(int(time.time()))
    ordinary = seed_tip(services, [sp.desk, dig.desk], received=received)
    complaint = seed_tip(services, [dig.desk], excluded=("sp",), received=received)
    before = {one.id: row_of(services, one) for one in (ordinary, complaint)}
    sp.casework.keepings()
    assert {one.id: row_of(services, one) for one in (ordinary, complaint)} == before
    assert len({len(one.keeper) + len(one.sealed) for one in before.values()}) == 1
    assert retention.due(0) == []


def test_another_edge_key_makes_a_new_retention_key_and_erases_nothing_meanwhile(
    services: Services, settings: Settings, plugins: Plugins, retention: Retention, sp: SeededDesk
) -> None:
    seeded = seed_tip(services, [sp.desk])
    respond(sp.casework, sp.casework.open(seeded.number), status="MERGED")
    before = services.read(lambda c: c.execute(select(tables.retention_key.c.recipient)).scalar_one())
    rotated = Retention(settings, services, Identity(b"f" * 32), plugins)
    rotated.prepare(services.write_now)
    assert services.read(lambda c: c.execute(select(tables.retention_key.c.recipient)).scalar_one()) != before
    assert list(rotated.due(FAR)) == []
    sp.casework.note(sp.casework.open(seeded.number), "seen")
    assert [one.number for one in rotated.due(FAR)] == [seeded.number]
    del retention
