"""At an office: the background task that receives the host's messages and sends officers' answers."""

import asyncio
import time
from collections.abc import Sequence

from satark.api.background import run_in_thread
from satark.api.observability import log
from satark.api.sink import Carrier, CarrierConnection
from satark.remote import office_outbox
from satark.remote.frames import message_frames, seal_frame
from satark.remote.link_keys import LinkKey, LinkPublicKeys
from satark.remote.office_inbox import OfficeInbox, TipStored
from satark.services import ProcessServices

POLL_SECONDS = 1.0
"""Seconds between two checks for answers that are due."""


class OfficeAgent:
    """Exchanges messages with the host for the desks of one office."""

    def __init__(
        self,
        *,
        services: ProcessServices,
        carrier: Carrier,
        url: str,
        key: LinkKey,
        host: LinkPublicKeys,
        desks: Sequence[str],
        tip_stored: TipStored,
    ) -> None:
        """Set the agent up; it calls `tip_stored` in each transaction that stores a tip or a change of it."""
        self._services = services
        self._carrier = carrier
        self._url = url
        self._key = key
        self._host = host
        self._desks = desks
        self._inbox = OfficeInbox(services, key, host, desks, tip_stored)

    async def run(self) -> None:
        """Connect and exchange messages until cancelled. Raises when the connection breaks; call it again then."""
        await self._services.write(self._inbox.purge_abandoned_chunks)
        async with self._carrier.connect(self._url) as connection:
            log.info("office connected")
            async with asyncio.TaskGroup() as tasks:
                for desk in self._desks:
                    tasks.create_task(connection.consume(desk, self._inbox.accept))
                tasks.create_task(self._keep_sending(connection))

    async def send_due_answers(self, connection: CarrierConnection) -> None:
        """Send the answers that are due now.

        Raises:
            CarrierError: an answer was not confirmed. It stays in the outbox and is sent again.
        """
        due = await run_in_thread(self._services.read, lambda c: office_outbox.due_answers(c, int(time.time())))
        for answer in due:
            (frame,) = message_frames(answer.desk, "to_host", answer.message)
            await connection.publish_answer(await run_in_thread(seal_frame, frame, self._key, self._host))
            await self._services.write(lambda unit: office_outbox.mark_sent(unit, answer.id))  # noqa: B023 - awaited

    async def _keep_sending(self, connection: CarrierConnection) -> None:
        while True:
            await self.send_due_answers(connection)
            await asyncio.sleep(POLL_SECONDS)
