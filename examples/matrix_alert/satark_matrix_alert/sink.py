"""The sink: each destination is a room. For example, `matrix_alert:sp` is the room `sp`. See `satark.api.sink`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from satark.api import CantOpen, DeadLetter, Delivery, DeliveryResult, DestinationReader, Retry, WorkerContext, log
from satark_matrix_alert.client import REFUSED, MatrixClient
from satark_matrix_alert.words import Words

if TYPE_CHECKING:
    from satark_matrix_alert.plugin import MatrixAlertSettings


class MatrixAlertSink:
    """Tells rooms that tips wait at a desk."""

    name = "matrix_alert"

    def __init__(self, settings: MatrixAlertSettings, context: WorkerContext) -> None:
        self._rooms = settings.rooms
        self._client = MatrixClient(settings)
        self._words = Words(settings.language, context.geography, context.questionnaire)
        self._context = context
        self._rules = [rule for rule in context.destination_rules if rule.sink == self.name]
        self._readers: dict[str, DestinationReader] = {}

    def reads(self, name: str) -> bool:
        """Return whether a destination opens tips: true for each, which needs the category and the district."""
        return any(rule.name == name for rule in self._rules)

    async def open(self) -> None:
        """Load the keys of the destinations, and open the HTTP client."""
        self._readers = {rule.to: self._context.reader(rule.to) for rule in self._rules}
        await self._client.open()

    async def close(self) -> None:
        """Close the HTTP client."""
        await self._client.close()

    async def find_faults(self) -> Sequence[str]:
        """Ask the home server whether the token and the rooms are right."""
        return await self._client.find_faults()

    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        """Send the alert to a room. The delivery's key is the transaction id, so a repetition sends nothing twice."""
        room = self._rooms.get(delivery.name)
        if room is None:
            return DeadLetter("no room is configured: see matrix_alert.rooms")
        if delivery.kind not in {"tip", "alarm"}:
            return DeadLetter("a room is told of tips and alarms")
        try:
            text = await asyncio.to_thread(self._text, delivery)
        except CantOpen:
            return DeadLetter("does not open with this destination's key")
        result = await self._client.say(room, text, delivery.idempotency_key)
        if isinstance(result, Retry) and REFUSED in result.reason:
            log.error(f"no room is told of tips: {REFUSED}", sink=self.name)
        return result

    def _text(self, delivery: Delivery) -> str:
        if delivery.kind == "alarm":
            return delivery.alarm or self._words.of_alarm()
        header = self._readers[delivery.destination].open(delivery).content.header
        return self._words.of_tip(header, delivery.desk, again=delivery.revision > 1)
