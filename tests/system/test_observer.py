"""An observer of databases, files and metrics can't tell whether a day had a tip about the SP's office.

Days come in pairs that differ in one tip: in one it is about the SP's office, in the other about nobody. The observer
is tested on days that it was not trained on; guessing gives an accuracy of 0.5.
"""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from satark.api.routing import HERE, Desk, DestinationRule
from satark.api.sealing import new_identity, seal
from satark.api.tip import Envelope
from satark.identity.time_buckets import BAND_HOURS
from satark.ingest.submission import Submissions
from satark.routing.desks import add_desk
from satark.runtime.host import Host
from satark.settings.settings import Settings
from satark.store import deliveries, envelopes, tables
from satark_testing.waiting import until
from support.observer import Seen, accuracy, difference, look
from support.scripted import ScriptedChannel, ScriptedSink, Tipster, scripted_host
from support.tipsters import ENGLISH

pytestmark = pytest.mark.full("two days side by side")

PAIRS = 100
PAIRS_OF_A_TOWN = 10
CHANCE = 0.125
"""Largest difference from 0.5 that 200 random guesses reach in all but one of 2,000 runs: 3.5 standard errors of 0.035.
"""
RECEIPT = r"\d{4} \d{4} \d{4} \d{4}"
NOBODY = {pattern: answer for pattern, answer in ENGLISH.items() if isinstance(answer, str)}
STATION = {
    "Whom do you suspect": "The police station of this area",
    "Which officer": "skip",
    **NOBODY,
    "Is a police officer involved": "Yes",
}
OFFICE = {**STATION, "Whom do you suspect": "SP office"}


class Town:
    """A running host with two desks."""

    def __init__(self, host: Host, channel: ScriptedChannel, folder: Path) -> None:
        self.host, self.channel, self.folder = host, channel, folder
        self.bands = 0

    async def day(self, number: int, *, about_the_office: bool) -> Seen:
        """Simulate a day, which is the same for each number except for one tip; return what changed."""
        before, chance = self._look(), random.Random(number)
        tips = [chance.choice([NOBODY, NOBODY, STATION]) for _ in range(chance.randint(0, 2))]
        tips.insert(chance.randint(0, len(tips)), OFFICE if about_the_office else NOBODY)
        for answers in tips:
            await self._tip(answers, chance)
        await until(self._settled)
        return difference(before, self._look())

    async def _tip(self, answers: dict[str, str], chance: random.Random) -> None:
        assert self.host.ingest_runtime
        tipster = Tipster(self.host.ingest_runtime, self.channel, f"91{random.randrange(10**10):010}")
        told = {**answers, "happening": "Arms are sold at night. " * chance.randint(1, 8)}
        for _ in range(chance.randint(0, 3)):
            await tipster.say("Hi")
        await tipster.walk(told, RECEIPT)
        await tipster.say("1")

    def _settled(self) -> bool:
        states = self.host.services.read(lambda c: c.execute(select(tables.delivery.c.state)).scalars().all())
        return set(states) <= {"done"}

    def _look(self) -> Seen:
        self.bands += 1
        self.host.metrics.end_bands(time.time() + self.bands * BAND_HOURS * 3600)
        return look(self.host.services, self.folder, self.host.metrics.render())


@asynccontextmanager
async def town(folder: Path) -> AsyncIterator[Town]:
    channel, keys = ScriptedChannel(), [new_identity()[0] for _ in range(3)]
    rules = [
        DestinationRule(to="email:sp-cell", desk="sp", recipient=keys[0]),
        DestinationRule(to="email:dig-cell", desk="dig", recipient=keys[1]),
        DestinationRule(to="email:night", desk="dig", priority="urgent"),
        DestinationRule(to="police_system:main", recipient=keys[2]),
    ]
    sinks = [ScriptedSink(name) for name in ("desk", "email", "police_system")]
    host = scripted_host(Settings(data_dir=folder, settle_seconds=0, destination=rules), channel, sinks)
    async with host.running():
        await until(lambda: channel.opened)
        for name, level in (("sp", "district"), ("dig", "range")):
            desk = Desk(name=name, title=name, level=level, area="", recipient=new_identity()[0])  # type: ignore[arg-type]
            host.services.write_now(lambda unit, desk=desk: add_desk(unit, desk))  # type: ignore[misc]
        yield Town(host, channel, folder)


async def tell_days(folder: Path, pairs: int) -> float:
    """Return the share of days that the observer labels correctly. A new host every few days keeps each look short."""
    days: list[Seen] = []
    labels = [label for _ in range(pairs) for label in (True, False)]
    for first in range(0, pairs, PAIRS_OF_A_TOWN):
        async with town(folder / str(first)) as place:
            for number in range(first, min(first + PAIRS_OF_A_TOWN, pairs)):
                days += [await place.day(number, about_the_office=label) for label in (True, False)]
    return accuracy(days, labels, [at // 2 for at in range(len(labels))])


async def test_an_observer_cannot_tell_whether_a_days_tip_is_about_the_office(tmp_path: Path) -> None:
    assert await tell_days(tmp_path, PAIRS) == pytest.approx(0.5, abs=CHANCE)


async def test_the_observer_detects_such_a_day_from_rows_that_name_desks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Submissions, "_deliveries", naming_deliveries)
    assert await tell_days(tmp_path, 15) > 0.7


async def test_the_observer_detects_such_a_day_from_deliveries_without_covers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Submissions, "_deliveries", matching_deliveries)
    assert await tell_days(tmp_path, 15) > 0.7


async def test_the_observer_detects_such_a_day_from_the_number_of_envelopes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Submissions, "_seal_envelopes", envelopes_without_decoys)
    assert await tell_days(tmp_path, 15) > 0.7


def naming_deliveries(_self: Any, unit: Any, id_: str, route: Any, **_: Any) -> None:
    """Write one delivery for each desk, as an earlier version did."""
    unit.queue(
        tables.delivery, [deliveries.new_row(unit.keys, id_, desk.destination, unit.now) for desk in route.desks]
    )


def matching_deliveries(_self: Any, unit: Any, id_: str, route: Any, **_: Any) -> None:
    """Write a delivery for the desks and for each destination that gets the tip, as an earlier version did."""
    to = [HERE, *(rule.to for rule in route.destination_rules)]
    unit.queue(tables.delivery, [deliveries.new_row(unit.keys, id_, one, unit.now) for one in to])


def envelopes_without_decoys(_self: Any, unit: Any, envelope: Envelope, route: Any) -> None:
    """Write one envelope for each desk that has the tip, as an earlier version did."""
    for desk in route.desks:
        sealed = seal(replace(envelope, desk=desk.name), desk.recipient)
        unit.queue(tables.envelope, [envelopes.row(unit.keys, envelope.tip, desk.name, sealed)])
