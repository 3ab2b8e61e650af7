"""At an office: everything that works beside the desk's pages. It takes what comes, and sends what officers wrote."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from satark.observability import log
from satark.remote import office_outbox
from satark.remote.frames import letter_cells, seal_cell

if TYPE_CHECKING:
    from satark.carrier import Carrier, CarrierConnection
    from satark.remote.link_keys import LinkCard, LinkKey
    from satark.remote.office_inbox import OfficeInbox
    from satark.services import ProcessServices

EVERY = 1.0
"""Seconds between two looks for answers to be sent."""


class OfficeAgent:
    """One office's."""

    def __init__(
        self,
        *,
        services: ProcessServices,
        carrier: Carrier,
        url: str,
        key: LinkKey,
        host: LinkCard,
        desks: Sequence[str],
        arrivals: OfficeInbox,
    ) -> None:
        self._services = services
        self._carrier = carrier
        self._url = url
        self._key = key
        self._host = host
        self._desks = desks
        self._arrivals = arrivals

    async def run(self) -> None:
        """Work on one connection, until it breaks (which raises) or this is cancelled; begin it again then."""
        await self._services.write(self._arrivals.sweep)
        async with self._carrier.line(self._url) as line:
            log.info("office connected")
            async with asyncio.TaskGroup() as tasks:
                for desk in self._desks:
                    tasks.create_task(line.consume(desk, self._arrivals.take))
                tasks.create_task(self._keep_sending(line))

    async def send(self, line: CarrierConnection) -> None:
        """Send what officers wrote, as far as it is its turn.

        Raises:
            NotCarried: the carrier did not take something: it stays, and is sent again.
        """
        due = await asyncio.to_thread(self._services.read, lambda c: office_outbox.due(c, int(time.time())))
        for answer in due:
            (cell,) = letter_cells(answer.desk, "up", answer.letter)
            await line.answer(await asyncio.to_thread(seal_cell, cell, self._key, self._host))
            await self._services.write(lambda unit: office_outbox.sent(unit, answer.id))  # noqa: B023 - awaited at once

    async def _keep_sending(self, line: CarrierConnection) -> None:
        while True:
            await self.send(line)
            await asyncio.sleep(EVERY)
