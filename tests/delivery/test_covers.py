"""Deliveries tell nobody without the name key which destination must not have a tip."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from satark.api.routing import Desk, DestinationRule
from satark.api.sealing import new_identity
from satark.api.sink import DeadLetter, Retry
from satark.routing.desks import add_desk
from satark.runtime.host import Host
from satark.settings.settings import Settings
from satark.store import deliveries, envelopes, tables
from satark.store.breakers import open_breaker
from satark.store.delivery_marks import ALTERED, Kind, is_cover
from satark.store.unit_of_work import UnitOfWork
from satark_testing.waiting import until
from support.desks import SeededDesk
from support.scripted import ScriptedChannel, ScriptedSink, Tipster, scripted_host
from support.store import fresh_services
from support.tips import seed_tip
from support.tipsters import ENGLISH

pytestmark = pytest.mark.slow("a host at work")

NOBODY = {pattern: answer for pattern, answer in ENGLISH.items() if isinstance(answer, str)}
STATION = {
    "Whom do you suspect": "The police station of this area",
    "Which officer": "skip",
    **NOBODY,
    "Is a police officer involved": "Yes",
}
OFFICE = {**STATION, "Whom do you suspect": "SP office"}
GETS = {
    "nobody": {"email:sp", "email:sp-cell", "email:dig-cell", "email:all", "police_system:main"},
    "station": {"email:sp", "email:sp-cell", "email:dig-cell", "email:all"},
    "office": {"email:dig-cell", "email:all"},
}


def rules() -> list[DestinationRule]:
    recipients = [new_identity()[0] for _ in range(3)]
    return [
        DestinationRule(to="email:sp-cell", desk="sp", recipient=recipients[0]),
        DestinationRule(to="email:dig-cell", desk="dig", recipient=recipients[1]),
        DestinationRule(to="police_system:main", recipient=recipients[2]),
        DestinationRule(to="email:all", desk="dig"),
        DestinationRule(to="email:sp", desk="sp"),
        DestinationRule(to="email:arms", desk="dig", categories=("NONE",)),
    ]


class Place:
    """A host with two desks and destinations, and three tips about different units."""

    def __init__(self, host: Host, sinks: list[ScriptedSink]) -> None:
        self.host, self.sinks, self.tips = host, sinks, dict[str, str]()

    def rows(self) -> dict[str, list[Any]]:
        """Return the rows of each tip's deliveries without random values, by the accused unit."""
        table, found = tables.delivery.c, defaultdict(list)
        query = select(table.tip, table.destination, table.revision, table.state, table.attempts, table.reason)
        for tip, *rest in self.host.services.read(lambda c: c.execute(query).all()):
            found[next(about for about, id_ in self.tips.items() if id_ == tip)].append(tuple(rest))
        return {about: sorted(rows) for about, rows in found.items()}

    def delivered(self, about: str) -> set[str]:
        return {one.destination for sink in self.sinks for one in sink.delivered if one.tip == self.tips[about]}

    def give(self, about: str, to: str) -> None:
        """Give a tip to a destination later."""

        def write(unit: UnitOfWork) -> None:
            envelopes.store(unit, self.tips[about], to, b"an envelope")
            deliveries.add(unit, self.tips[about], to, again=True)

        self.host.services.write_now(write)

    def settled(self) -> bool:
        return {row[2] for rows in self.rows().values() for row in rows} <= {"done"}


@asynccontextmanager
async def three_tips(folder: Path) -> AsyncIterator[Place]:
    channel, sinks = ScriptedChannel(), [ScriptedSink("email"), ScriptedSink("police_system")]
    settings = Settings(data_dir=folder, settle_seconds=0, destination=rules())
    host = scripted_host(settings, channel, [ScriptedSink("desk"), *sinks])
    async with host.running():
        await until(lambda: channel.opened)
        for name, level in (("sp", "district"), ("dig", "range")):
            desk = Desk(name=name, title=name, level=level, recipient=new_identity()[0])  # type: ignore[arg-type]
            host.services.write_now(lambda unit, desk=desk: add_desk(unit, desk))  # type: ignore[misc]
        place = Place(host, sinks)
        for n, (about, answers) in enumerate({"nobody": NOBODY, "station": STATION, "office": OFFICE}.items()):
            tipster = Tipster(host.ingest_runtime, channel, f"9198000000{n}")  # type: ignore[arg-type]
            await tipster.walk(answers, r"\d{4} \d{4} \d{4} \d{4}")
            ids = host.services.read(lambda c: c.execute(select(tables.tip.c.id)).scalars().all())
            (place.tips[about],) = set(ids) - {*place.tips.values()}
        yield place


def alike(place: Place) -> bool:
    nobody, *others = place.rows().values()
    return all(one == nobody for one in others)


async def test_rows_and_metrics_are_the_same_for_every_tip_and_sinks_get_only_allowed_tips(tmp_path: Path) -> None:
    async with three_tips(tmp_path) as place:
        await until(place.settled)
        assert alike(place)
        assert {about: place.delivered(about) for about in place.tips} == GETS
        place.host.metrics.end_bands(10**11)
        shown = place.host.metrics.render().decode()
    assert 'satark_deliveries_total{result="done",sink="email"} 15.0' in shown
    assert 'satark_deliveries_total{result="done",sink="police_system"} 3.0' in shown


async def test_what_somebody_altered_goes_to_no_sink_and_ends_alike_be_it_a_cover_or_not(tmp_path: Path) -> None:
    table = tables.delivery
    async with three_tips(tmp_path) as place:
        await until(place.settled)

        def again(unit: UnitOfWork) -> None:
            for row in unit.main.execute(select(table.c.id)).all():
                values = {"id": os.urandom(16), "state": "due", "due_at": 1}
                unit.main.execute(table.update().where(table.c.id == row.id).values(values))

        for sink in place.sinks:
            sink.delivered.clear()
        place.host.services.write_now(again)

        def ended() -> set[tuple[str, str]]:
            return {(row[2], row[4]) for rows in place.rows().values() for row in rows}

        await until(lambda: "due" not in {state for state, _ in ended()})
        assert ended() == {("done", ""), ("dead_letter", ALTERED)}
        assert alike(place)
        assert [place.delivered(about) for about in place.tips] == [set()] * len(place.tips)


async def test_nothing_that_waits_goes_to_a_destination_whose_desk_lost_the_tip(tmp_path: Path) -> None:
    async with three_tips(tmp_path) as place:
        await until(place.settled)
        for sink in place.sinks:
            sink.delivered.clear()

        def take_back(unit: UnitOfWork) -> None:
            deliveries.add_revision(unit, place.tips["station"])
            envelopes.drop(unit, place.tips["station"], ["sp", "email:sp-cell"])

        place.host.services.write_now(take_back)
        await until(place.settled)
        assert place.delivered("station") == GETS["station"] - {"email:sp", "email:sp-cell"}


async def test_rows_from_when_a_desk_had_the_tip_tell_its_destinations_nothing_once_it_has_a_release(
    tmp_path: Path,
) -> None:
    async with three_tips(tmp_path) as place:
        await until(place.settled)
        for sink in place.sinks:
            sink.delivered.clear()
        tip = place.tips["station"]

        def give_release(unit: UnitOfWork) -> None:
            envelopes.drop(unit, tip, ["sp", "email:sp-cell"])
            envelopes.store(unit, tip, "sp", b"an envelope with a release", is_release=True)
            deliveries.add_revision(unit, tip)  # as the tipster writes, while the rows say that the desk has the tip

        place.host.services.write_now(give_release)
        await until(place.settled)
        assert place.delivered("station") == GETS["station"] - {"email:sp", "email:sp-cell"}
        place.host.services.write_now(lambda unit: deliveries.add(unit, tip, "email:sp", again=True, kind="release"))
        await until(place.settled)
        assert place.delivered("station") == GETS["station"] - {"email:sp-cell"}


async def test_a_revision_is_delivered_again_to_holders_and_covered_elsewhere(tmp_path: Path) -> None:
    async with three_tips(tmp_path) as place:
        await until(place.settled)
        for sink in place.sinks:
            sink.delivered.clear()
        for tip in place.tips.values():
            place.host.services.write_now(lambda unit, tip=tip: deliveries.add_revision(unit, tip))  # type: ignore[misc]
        await until(place.settled)
        assert alike(place)
        assert {about: place.delivered(about) for about in place.tips} == GETS


async def test_a_tip_given_to_one_destination_later_is_covered_at_all_others(tmp_path: Path) -> None:
    async with three_tips(tmp_path) as place:
        await until(place.settled)
        for sink in place.sinks:
            sink.delivered.clear()
        for about, to in {"nobody": "email:arms", "station": "police_system:main", "office": "email:sp-cell"}.items():
            place.give(about, to)
        await until(place.settled)
        assert alike(place)
        assert [place.delivered(about) for about in place.tips] == [
            {"email:arms"},
            {"police_system:main"},
            {"email:sp-cell"},
        ]


async def test_a_tip_given_while_its_cover_waits_is_delivered(tmp_path: Path) -> None:
    async with three_tips(tmp_path) as place:
        await until(place.settled)
        due = tables.delivery.update().values(state="due", attempts=0, due_at=10**11)
        place.host.services.write_now(lambda unit: unit.main.execute(due))
        place.give("office", "email:sp-cell")
        now = tables.delivery.update().values(due_at=0)
        place.host.services.write_now(lambda unit: unit.main.execute(now))
        await until(place.settled)
        assert "email:sp-cell" in place.delivered("office")


async def test_no_cover_is_done_or_ends_a_fault_while_its_destination_is_down(tmp_path: Path) -> None:
    async with three_tips(tmp_path) as place:
        await until(place.settled)
        mails = place.sinks[0]
        mails.outcomes.extend([Retry("down", down=True)] * 1000)
        to = "email:sp-cell"
        place.host.services.write_now(lambda unit: open_breaker(unit, to, "down"))
        due = tables.open_breaker.update().values(half_open_at=0)
        for tip in place.tips.values():
            place.host.services.write_now(lambda unit, tip=tip: deliveries.add_revision(unit, tip))  # type: ignore[misc]
        place.host.services.write_now(lambda unit: unit.main.execute(due))
        await until(lambda: any(one.destination == to and one.revision == 2 for one in mails.delivered))
        waiting = [row for row in place.rows()["office"] if row[0] == to]
        assert [row[2] for row in waiting] == ["done", "due"]
        assert place.host.services.read(lambda c: c.execute(select(tables.open_breaker.c.destination)).scalars().all())


def test_a_cover_replaces_no_dead_letter(tmp_path: Path) -> None:
    services = fresh_services(tmp_path)
    tip, to = seed_tip(services, [SeededDesk(services, "sp").desk]), "email:sp-cell"

    def fail(unit: Any) -> None:
        unit.insert(tables.delivery, [{**deliveries.new_row(unit.keys, tip.id, to, 0), "state": "dead_letter"}])
        row = deliveries.new_row(unit.keys, tip.id, to, 0, revision=2, kind="cover")
        unit.insert(tables.delivery, [row])
        deliveries.mark_done(unit, [row["id"]], covers=True)  # type: ignore[list-item]

    services.write_now(fail)
    assert services.write_now(deliveries.retry) == 1
    query = select(tables.delivery.c.state).order_by(tables.delivery.c.revision)
    assert services.read(lambda c: c.execute(query).scalars().all()) == ["due", "done"]


def test_a_tip_given_to_a_destination_that_is_down_waits_behind_no_cover(tmp_path: Path) -> None:
    services = fresh_services(tmp_path)
    tips, to = [seed_tip(services, [SeededDesk(services, name).desk]).id for name in ("sp", "dig")], "email:sp-cell"
    covers = [deliveries.new_row(services.keys, tip, to, 0, kind="cover") for tip in tips]
    services.write_now(lambda unit: unit.insert(tables.delivery, covers))
    services.write_now(lambda unit: deliveries.claim(unit, to, 1))  # a trial, which no cover is part of
    for tip, gets in zip(tips, (to, "email:other"), strict=True):
        services.write_now(lambda unit, tip=tip, gets=gets: deliveries.add_revision(unit, tip, only=gets))  # type: ignore[misc]
    made_due = tables.delivery.update().where(tables.delivery.c.state == "due").values(due_at=0)
    services.write_now(lambda unit: unit.main.execute(made_due))
    claimed = services.write_now(lambda unit: deliveries.claim(unit, to, 1))
    idle = services.write_now(lambda unit: deliveries.idle_covers(unit, claimed))
    assert {row.tip for row in claimed} - {row.tip for row in idle} == {tips[0]}


def test_rows_of_every_destination_change_alike_when_a_tip_is_given_to_one_whose_cover_waits(tmp_path: Path) -> None:
    services = fresh_services(tmp_path)
    tip, away = seed_tip(services, [SeededDesk(services, "sp").desk]).id, ["list:a", "list:b", "list:c", "list:d"]
    *waiting, tried = away

    def queue(unit: UnitOfWork) -> None:
        rows = {to: deliveries.new_row(unit.keys, tip, to, 0, kind="cover") for to in away}
        rows["list:a"] = deliveries.new_row(unit.keys, tip, "list:a", 0)  # it has the tip, and waits for a change of it
        rows[tried]["attempts"] = 1
        unit.insert(tables.delivery, [*rows.values()])

    def ids() -> dict[str, list[Any]]:
        found = defaultdict(list)
        in_order = select(tables.delivery).order_by(tables.delivery.c.revision)
        for row in services.read(lambda c: c.execute(in_order).all()):
            found[row.destination].append((row.id, row.state, row.due_at))
        return found

    def real() -> set[str]:
        rows = services.read(lambda c: c.execute(select(tables.delivery)).all())
        return {row.destination for row in rows if not is_cover(services.keys, row)}

    services.write_now(queue)
    before = ids()
    for to, gets in (("list:b", {"list:a", "list:b"}), (tried, {"list:a", "list:b", tried})):
        services.write_now(lambda unit, to=to: deliveries.add(unit, tip, to, again=True))  # type: ignore[misc]
        after = ids()
        for one in waiting:
            assert [row[1:] for row in after[one]] == [row[1:] for row in before[one]]
            assert after[one] != before[one]
        assert [row[1] for row in after[tried]] == ["due", "blocked"]
        assert after[tried][0] == before[tried][0], "it may be under way"
        assert real() == gets
        before = after


@pytest.mark.parametrize(
    ("outcome", "attempts", "reason"),
    [(Retry("down", down=True), 59, "given up after 60 attempts: down"), (DeadLetter("550"), 0, "550")],
    ids=["given up", "refused"],
)
async def test_a_cover_leaves_rows_metrics_and_log_like_a_refused_delivery(
    tmp_path: Path, outcome: Retry | DeadLetter, attempts: int, reason: str
) -> None:
    to, table = "email:sp-cell", tables.delivery

    def again(place: Place, *about: str) -> None:
        due = table.update().where(table.c.destination == to, table.c.tip.in_([place.tips[one] for one in about]))
        values = {"state": "due", "attempts": attempts, "due_at": 1}
        place.host.services.write_now(lambda unit: unit.main.execute(due.values(values)))

    async with three_tips(tmp_path) as place:
        await until(place.settled)
        place.sinks[0].outcomes.extend([outcome] * 1000)
        trial = tables.open_breaker.update().values(half_open_at=0)

        def dead(*about: str) -> bool:
            place.host.services.write_now(lambda unit: unit.main.execute(trial))
            rows = place.rows()
            return all((to, 1, "dead_letter", max(1, attempts + 1), reason) in rows[one] for one in about)

        with capture_logs() as lines:
            if isinstance(outcome, Retry):
                place.host.services.write_now(lambda unit: open_breaker(unit, to, "down"))
            again(place, "nobody", "station")
            await until(lambda: dead("nobody", "station"))
            again(place, "office")
            await until(lambda: dead("office") and sum("dead-lettered" in one["event"] for one in lines) == 3)
        place.host.metrics.end_bands(10**11)
        shown = place.host.metrics.render().decode()
        assert alike(place)
    kind = "retry" if isinstance(outcome, Retry) else "dead_letter"
    assert f'satark_deliveries_total{{result="{kind}",sink="email"}} 3.0' in shown
    ends = [one for one in lines if one["event"].startswith("delivery dead-lettered")]
    assert ends == [ends[0]] * 3


KINDS: tuple[Kind, ...] = ("cover", "tip")


def test_a_later_cover_replaces_a_covers_dead_letter_as_a_delivery_replaces_a_deliverys(tmp_path: Path) -> None:
    services, to = fresh_services(tmp_path), "email:sp-cell"
    tips = [seed_tip(services, [SeededDesk(services, name).desk]).id for name in ("sp", "dig")]

    def fail(unit: Any, *, again: bool) -> None:
        for tip, kind in zip(tips, KINDS, strict=True):
            first, later = (deliveries.new_row(unit.keys, tip, to, 0, revision=n, kind=kind) for n in (1, 2))
            unit.insert(tables.delivery, [{**first, "state": "dead_letter"}, later])
            if not again:
                deliveries.mark_done(unit, [later["id"]], covers=kind == "cover")  # type: ignore[list-item]

    def ended() -> list[tuple[str, str]]:
        rows = services.read(lambda c: c.execute(select(tables.delivery)).all())
        return [(state, reason) for _, state, reason in sorted((one.tip, one.state, one.reason) for one in rows)]

    services.write_now(lambda unit: fail(unit, again=False))
    assert {*ended()} == {("done", deliveries.SUPERSEDED), ("done", "")}
    services.write_now(lambda unit: unit.main.execute(tables.delivery.delete()))
    services.write_now(lambda unit: fail(unit, again=True))
    assert services.write_now(deliveries.retry) == 0
    assert ended() == [("done", deliveries.SUPERSEDED), ("due", "")] * 2
