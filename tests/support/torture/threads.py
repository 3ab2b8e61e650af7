"""The message threads of seeded tips at the end of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import select

from satark.api.sealing import open_as
from satark.api.tip import Message
from satark.services import Services
from satark.store import tables
from support.tips import SeededTip


def sealed_threads(services: Services) -> dict[str, list[bytes]]:
    """Return every tip's messages in order, still sealed."""
    table = tables.message
    query = select(table.c.tip, table.c.sealed).order_by(table.c.tip, table.c.seq)
    found: dict[str, list[bytes]] = {}
    for tip, sealed in services.read(lambda c: c.execute(query).all()):
        found.setdefault(tip, []).append(sealed)
    return found


def threads(services: Services, seeded: Iterable[SeededTip]) -> dict[str, list[Message]]:
    """Return the opened messages of these tips."""
    sealed = sealed_threads(services)
    return {tip.id: [open_as(Message, one, tip.identity) for one in sealed.get(tip.id, [])] for tip in seeded}


def lost_and_duplicated(thread: Iterable[Message], texts: Iterable[str]) -> tuple[int, int]:
    """Count the texts that are missing from a thread, and the texts that occur more than once."""
    found = Counter(message.text for message in thread)
    return sum(not found[text] for text in texts), sum(max(0, found[text] - 1) for text in texts)
