"""Polls for messages.

Source: bbernhard/signal-cli-rest-api, `src/api/api.go` and `src/client/client.go`: outside the json-rpc modes,
`GET /v1/receive/{number}` has signal-cli fetch what waits at Signal, and hands it over once, as a list.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from satark.api import Batch, Receive, backoff, log, parse_each
from satark_signal.api import SignalApi
from satark_signal.events import batch_of

if TYPE_CHECKING:
    from satark_signal.plugin import SignalSettings

_LONGEST_PAUSE: Final = 60.0


class Poller:
    """Fetches the messages of one number. Run it in one process only: two would mix up the order."""

    def __init__(self, api: SignalApi, settings: SignalSettings) -> None:
        self._api = api
        self._settings = settings
        self._waiting: Batch | None = None
        """Fetched messages that `receive` has not accepted: signal-cli no longer has them."""

    async def run(self, receive: Receive) -> None:
        """Poll until cancelled. Messages that `receive` did not accept are passed to it again at the next run.

        Raises:
            Exception: any error that `receive` raises.
        """
        while True:
            self._waiting = self._waiting or await self._poll()
            await receive(self._waiting)
            self._waiting = None
            await asyncio.sleep(self._settings.poll_seconds)  # meanwhile signal-cli is free to send

    async def _poll(self) -> Batch:
        attempt = 0
        while True:
            try:
                messages = await self._api.get(f"/v1/receive/{self._settings.number}?timeout=1")
                read = partial(batch_of, number=self._settings.number)
                return parse_each(map(msgspec.json.encode, messages), read)
            except (ConnectionError, TypeError) as error:
                attempt += 1
                code = str(error) if isinstance(error, ConnectionError) else "not a list"
                log.warning("no messages from signal-cli, asking again", channel="signal", code=code, attempt=attempt)
                await asyncio.sleep(backoff(attempt, longest=_LONGEST_PAUSE))
