"""Roster watch: holds the databases against this machine's copy of the roster, at start and ever after."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from typing import TYPE_CHECKING

from satark.api.threads import run_in_thread
from satark.routing.desks import all_desks
from satark.store.deliveries import ALARM_EVERY, add_alarm

if TYPE_CHECKING:
    from satark.services import ProcessServices, Services
    from satark.telemetry.metrics import Metrics

EVERY = 30.0
"""Seconds between two looks. Whoever seals looks at the roster in each transaction besides."""


class RosterWatch:
    """Looks at the roster again and again.

    Args:
        services: the store.
        metrics: where the number of reasons for an alarm is shown.
        alarm_to: the setting: destinations that are notified.
    """

    def __init__(self, services: ProcessServices, metrics: Metrics, alarm_to: Collection[str]) -> None:
        self._services = services
        self._metrics = metrics
        self._alarm_to = alarm_to
        self._notified = 0

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look_once()
            await asyncio.sleep(EVERY)

    async def look_once(self) -> None:
        """Look; log what was tampered with, once, count it, and notify the operators at most once an hour."""
        problems = await run_in_thread(look, self._services)
        self._metrics.roster_alarms.set(len(problems))
        hour = int(time.time()) // ALARM_EVERY
        if problems and self._alarm_to and hour != self._notified:
            await self._services.write(lambda unit: add_alarm(unit, self._alarm_to))
            self._notified = hour


def look(services: Services | ProcessServices) -> tuple[str, ...]:
    """Let this machine's copy follow the roster, log what was tampered with, and return it."""
    stored = services.read(all_desks)
    return services.read_keys(lambda keys: services.roster.inspect(keys, stored, services.destination_rules))
