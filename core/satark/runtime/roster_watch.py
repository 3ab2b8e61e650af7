"""Roster watch: holds the databases against this machine's copy of the roster, at start and ever after."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from satark.routing.desks import all_desks

if TYPE_CHECKING:
    from satark.services import Services

EVERY = 30.0
"""Seconds between two looks. Whoever seals looks at the roster in each transaction besides."""


async def watch_roster(services: Services) -> None:
    """Look at the roster again and again, until cancelled; what was tampered with is logged, once."""
    while True:
        await asyncio.to_thread(look, services)
        await asyncio.sleep(EVERY)


def look(services: Services) -> tuple[str, ...]:
    """Let this machine's copy follow the roster, log what was tampered with, and return it."""
    stored = services.read(all_desks)
    return services.read_keys(lambda keys: services.roster.inspect(keys, stored, services.destination_rules))
