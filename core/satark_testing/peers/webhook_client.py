"""The client with which a simulated provider posts its webhooks."""

from __future__ import annotations

import aiohttp

from satark_testing.processes.serving import provider_session


class WebhookClient:
    """Opens its session at the first webhook. Once it is closed, webhooks fail as on a network that is down."""

    def __init__(self, user_agent: str = "a-provider") -> None:
        self._user_agent = user_agent
        self._session: aiohttp.ClientSession | None = None
        self._is_closed = False

    @property
    def session(self) -> aiohttp.ClientSession:
        """The open session.

        Raises:
            aiohttp.ClientConnectionError: the client is closed: whoever still posts in the background would leave a
                session behind that nobody closes.
        """
        if self._is_closed:
            raise aiohttp.ClientConnectionError("the provider is gone")
        if self._session is None:
            self._session = provider_session(self._user_agent)
        return self._session

    async def close(self) -> None:
        """Close the session for good."""
        self._is_closed = True
        if self._session is not None:
            await self._session.close()
