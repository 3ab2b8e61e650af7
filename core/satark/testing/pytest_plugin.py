"""Fixtures for everybody who tests against Satark; pytest loads them by itself once Satark is installed.

Everything is imported where it is used: pytest loads this module before it can measure coverage, and in every project.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from satark.testing.graph import GraphPeer


class ServedGraph(NamedTuple):
    """A pretended Meta that is up."""

    peer: GraphPeer
    url: str
    """Its base URL: the setting `graph_url` of the WhatsApp channel."""


@pytest.fixture
async def graph() -> AsyncIterator[ServedGraph]:
    """Serve a pretended Meta with one number; its secrets are `app-secret`, `verify-token` and `access-token`."""
    from satark.testing.graph import GraphPeer
    from satark.testing.serving import serve

    async with GraphPeer(
        app_secret="app-secret",  # noqa: S106 - a test's
        verify_token="verify-token",  # noqa: S106 - a test's
        access_token="access-token",  # noqa: S106 - a test's
        phone_number_id="106540352242922",
    ) as peer:
        async with serve(peer.app) as url:
            yield ServedGraph(peer, url)
