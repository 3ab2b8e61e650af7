"""What tips are sent to, and the first kind of it. A further one is one more `Target` in `__main__.TARGETS`."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

from satark.services import Services
from satark.store import deliveries, tables
from satark.testing.mail import MailPeer, Received, mail_server

FAULTS = ("451 later", "421 shutting down", "552 too large", "cut", "hang")
DESTINATIONS = 3


class Effect(NamedTuple):
    """What a destination got: the key by which its receiver tells a delivery that comes twice, and where it came."""

    key: str
    destination: str


class Target(Protocol):
    """One kind of destination, played by a peer in this process."""

    plugin: str
    """The plugin that serves it."""

    @property
    def destinations(self) -> Sequence[str]:
        """Where tips go, as `<sink>:<name>`."""

    @property
    def settings(self) -> Mapping[str, str]:
        """The workers' environment; there once it runs."""

    @property
    def effects(self) -> Sequence[Effect]:
        """What came, in order, what came twice twice."""

    def key_of(self, idempotency_key: str) -> str:
        """The receiver's key of a delivery."""

    def running(self) -> AbstractAsyncContextManager[None]:
        """Run the peer."""

    def plant(self, services: Services, tips: int) -> None:
        """Leave tips as the registry does, each for one destination."""

    def mend(self) -> None:
        """Have no more faults."""


class Mail:
    """E-mail: a server that says 4xx and 5xx, cuts connections in the middle of a mail, and hangs."""

    plugin = "email"

    def __init__(self, seed: int, *, faulty: float, folder: Path) -> None:
        del folder  # nothing of it lies on disk
        self._chance = random.Random(seed)
        self._faulty = faulty
        self._peer = MailPeer()
        self._peer.choose = self._choose

    @property
    def destinations(self) -> Sequence[str]:
        """Some mailboxes."""
        return [f"email:cell{n}" for n in range(DESTINATIONS)]

    @property
    def settings(self) -> Mapping[str, str]:
        """The plugin's section, and the forwards."""
        boxes = {f"cell{n}": f'{{"recipients": ["cell{n}@up.example"]}}' for n in range(DESTINATIONS)}
        to = ", ".join(f'"{name}": {box}' for name, box in boxes.items())
        forwards = ", ".join(f'{{"to": "{name}", "desk": "sp"}}' for name in self.destinations)
        return {
            "SATARK_FORWARD": f"[{forwards}]",
            "SATARK_EMAIL__HOST": "127.0.0.1",
            "SATARK_EMAIL__PORT": str(self._peer.port),
            "SATARK_EMAIL__TLS": "none",
            "SATARK_EMAIL__SENDER": "satark@tips.example",
            "SATARK_EMAIL__TIMEOUT_SECONDS": "3",
            "SATARK_EMAIL__TO": f"{{{to}}}",
        }

    @property
    def effects(self) -> Sequence[Effect]:
        """Every mail that was taken."""
        return [
            Effect(_message_id(mail), f"email:{mail.recipients[0].partition('@')[0]}") for mail in self._peer.received
        ]

    def key_of(self, idempotency_key: str) -> str:
        """The Message-ID."""
        from satark_email.messages import message_id  # noqa: PLC0415 - the plugin's, as is everything here

        return message_id(idempotency_key, "satark@tips.example")

    def plant(self, services: Services, tips: int) -> None:
        """Leave tips that nobody opens: a notice says nothing of any."""
        where = self.destinations
        names = [f"{n:032x}" for n in range(tips)]
        empty = {"revision": 1, "recipient": "", "receipt_recipient": "", "document": b"", "day": 0}
        rows = [{"id": name, "number": name[-12:], **empty} for name in names]
        due = [deliveries.new_row(name, where[n % len(where)], 0) for n, name in enumerate(names)]
        services.write_now(lambda unit: unit.insert(tables.tip, rows))
        services.write_now(lambda unit: unit.insert(tables.delivery, due))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve."""
        async with mail_server(self._peer, None):
            yield

    def mend(self) -> None:
        """Take everything from now on."""
        self._faulty = 0

    def _choose(self, _mail: Received) -> str | None:
        return self._chance.choice(FAULTS) if self._chance.random() < self._faulty else None


def _message_id(mail: Received) -> str:
    head = mail.content.partition(b"\r\n\r\n")[0].decode()
    return next(line.split(": ", 1)[1] for line in head.split("\r\n") if line.startswith("Message-ID: "))
