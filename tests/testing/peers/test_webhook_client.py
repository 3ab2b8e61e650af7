"""The client of a simulated provider opens one session, and none once it is closed."""

from __future__ import annotations

import aiohttp
import pytest

from satark_testing.processes.serving import WebhookClient


async def test_who_posts_after_the_end_opens_nothing_that_nobody_closes() -> None:
    client, unused = WebhookClient(), WebhookClient()
    session = client.session
    assert client.session is session
    for one in (client, unused):
        await one.close()
        with pytest.raises(aiohttp.ClientConnectionError):
            _ = one.session
    assert session.closed
