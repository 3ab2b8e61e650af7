"""Queue metrics: gauges of waiting and dead-lettered deliveries and open breakers, read when `/metrics` is asked.

The counts are by sink. By desk they would tell whoever runs one office's machines that another got a tip which was kept
from theirs. Destinations are named only where the configuration names them.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from satark.api.destination import Destination
from satark.store import deliveries
from satark.store.breakers import read_open_breakers

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from satark.services import Services
    from satark.settings.core import Core
    from satark.telemetry.metrics import Metrics


class QueueMetrics:
    """The gauges on deliveries; every process tells the same, since all look at one store."""

    def __init__(self, services: Services, metrics: Metrics, settings: Core) -> None:
        self._services = services
        self._metrics = metrics
        self._configured = {rule.to for rule in services.destination_rules} | set(settings.alarm_to)

    def look(self) -> None:
        """Set the gauges to what the store holds now. It reads the database: call it from a thread.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database does not answer; the gauges are empty then.
        """
        self._metrics.clear_queue_gauges()
        counts, down = self._services.read(_ask)
        waiting, dead_letters = Counter[str](), Counter[str]()
        for (destination, state), count in counts.items():
            (dead_letters if state == "dead_letter" else waiting)[Destination(destination).sink] += count
        for sink in waiting.keys() | dead_letters.keys() | {Destination(name).sink for name in self._configured}:
            self._metrics.deliveries_waiting.labels(sink).set(waiting[sink])
            self._metrics.deliveries_dead_lettered.labels(sink).set(dead_letters[sink])
        names = Counter(name if name in self._configured else Destination(name).sink for name in down)
        for name in names.keys() | self._configured:
            self._metrics.destinations_down.labels(name).set(names[name])


def _ask(connection: Connection) -> tuple[dict[tuple[str, str], int], list[str]]:
    return deliveries.counts(connection), list(read_open_breakers(connection))
