"""An installation that a simulated Twilio calls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from satark_testing.installation import Installation
from satark_testing.twilio.api import TwilioPeer
from support.processes.forked import set_up_installation


@asynccontextmanager
async def twilio_installation(
    peer: TwilioPeer, url: str, folder: Path, environment: Mapping[str, str]
) -> AsyncIterator[Installation]:
    """Set up and start a service that uses the simulated Twilio at `url`."""
    public = {"SATARK_PUBLIC_URL": "http://127.0.0.1:1"}
    async with set_up_installation(folder, {**environment, **peer.settings(url), **public}) as installation:
        # Twilio signs the URL that it calls, and the port is known only now.
        installation.service.environment["SATARK_PUBLIC_URL"] = installation.service.url
        peer.configure(installation.service.url)
        await installation.service.start()
        yield installation
