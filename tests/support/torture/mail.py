"""Mailboxes whose server answers 4xx and 5xx, cuts connections in the middle of a mail, and hangs."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from satark.api.routing import DestinationRule
from satark.services import Services
from satark.store import deliveries, envelopes, tables
from satark.store.unit_of_work import UnitOfWork
from satark_email.mime import message_id
from support.peers.mail import MailPeer, Received, mail_server
from support.torture.targets import DESTINATIONS, Answers, Effect

FAULTS = ("451 later", "421 shutting down", "552 too large", "cut", "hang")
SENDER = "satark@tips.example"


class Mailboxes:
    """Destinations of e-mail. Its notices reveal nothing of a tip and get no answer."""

    plugin = "email"

    def __init__(self, seed: int, *, faulty: float, folder: Path) -> None:
        del folder  # nothing is on disk
        self.restarts = 0
        self.destination_rules = [DestinationRule(to=f"email:cell{n}", desk="sp") for n in range(DESTINATIONS)]
        self._chance = random.Random(seed)
        self._faulty = faulty
        self._peer = MailPeer()
        self._peer.choose = self._choose

    @property
    def settings(self) -> Mapping[str, str]:
        """The plugin's settings."""
        boxes = {f"cell{n}": {"recipients": [f"cell{n}@up.example"]} for n in range(DESTINATIONS)}
        return {
            "SATARK_EMAIL__HOST": "127.0.0.1",
            "SATARK_EMAIL__PORT": str(self._peer.port),
            "SATARK_EMAIL__TLS": "none",
            "SATARK_EMAIL__SENDER": SENDER,
            "SATARK_EMAIL__TIMEOUT_SECONDS": "3",
            "SATARK_EMAIL__TO": json.dumps(boxes),
        }

    @property
    def is_idle(self) -> bool:
        """Whether every accepted mail is in a mailbox."""
        return True

    @property
    def effects(self) -> Sequence[Effect]:
        """Every accepted mail."""
        return [
            Effect(_message_id(mail), f"email:{mail.recipients[0].partition('@')[0]}") for mail in self._peer.received
        ]

    def key_of(self, delivery: str, tip: str) -> str:
        """Return the Message-ID."""
        del tip
        return message_id(delivery, SENDER)

    def seed_tip(self, services: Services, tips: int) -> None:
        """Store tips without content, since a notice reveals nothing of them."""
        names = [f"{n:032x}" for n in range(tips)]
        # The day is today's: the retention job erases a tip that is years old.
        empty = {"revision": 1, "recipient": "", "document": b""}
        to = [self.destination_rules[n % DESTINATIONS].to for n in range(tips)]
        due = [deliveries.new_row(services.keys, name, one, 0) for name, one in zip(names, to, strict=True)]

        def seed(unit: UnitOfWork) -> None:
            unit.insert(tables.tip, [{"id": name, "number": name[-12:], "day": unit.day, **empty} for name in names])
            for name in names:
                envelopes.store(unit, name, "sp", b"sealed")  # without one, a delivery of the desk is taken for a cover
            unit.insert(tables.delivery, due)

        services.write_now(seed)

    @asynccontextmanager
    async def running(self, services: Services, desk_url: str) -> AsyncIterator[None]:
        """Serve the mailboxes."""
        del services, desk_url
        async with mail_server(self._peer, None):
            yield

    async def interrupt(self) -> None:
        """Do nothing: single mails fail instead."""

    def stop_faults(self) -> None:
        """Accept all mail from now on."""
        self._faulty = 0

    def answers(self, services: Services) -> Answers:
        """Return no answers."""
        del services
        return Answers()

    def _choose(self, _mail: Received) -> str | None:
        return self._chance.choice(FAULTS) if self._chance.random() < self._faulty else None


def _message_id(mail: Received) -> str:
    head = mail.content.partition(b"\r\n\r\n")[0].decode()
    return next(line.split(": ", 1)[1] for line in head.split("\r\n") if line.startswith("Message-ID: "))
