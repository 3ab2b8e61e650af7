"""Fixtures: an office with a destination of each kind, a mail server with planted faults, and a recipient's keyring."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from satark.api.routing import Desk, DestinationRule
from satark.api.sealing import new_identity
from satark.api.sink import Delivery
from satark.delivery.worker import load_deliveries
from satark.routing.desks import add_desk
from satark.store import deliveries
from satark_email.openpgp import load_certificates
from satark_email.settings import EmailSettings
from satark_email.sink import EmailSink
from support.peers.gnupg import Keyring
from support.peers.mail import Certificate, MailPeer, self_signed
from support.store import fresh_services, worker_context
from support.tips import SeededTip, seed_tip

CELL = "cell@up.example"


class Office:
    """The SP's desk, its two mail destinations, and the settings."""

    def __init__(self, folder: Path, certificate: Certificate) -> None:
        recipient, self.identity = new_identity()
        key = folder / "cell.key"
        key.touch(0o600)
        key.write_text(self.identity)
        self.cell = DestinationRule(to="email:cell", desk="sp", recipient=recipient, identity_file=key)
        self.notification = DestinationRule(to="email:notification", desk="sp", priority="urgent")
        self.desk = Desk(name="sp", title="SP", level="district", recipient=new_identity()[0])
        self.services = worker_context(fresh_services(folder / "data", destination=(self.cell, self.notification)))
        self.services.write_now(lambda unit: add_desk(unit, self.desk))
        self.certificate = certificate

    def settings(self, port: int, **changes: Any) -> EmailSettings:
        """Settings for a server at a port of this machine."""
        given = {
            "host": "localhost",
            "port": port,
            "sender": "satark@tips.example",
            "recipients": "sp@up.example, reader@up.example",
            "operators": "operator@up.example",
            "ca_file": self.certificate.certificate,
            "timeout_seconds": 5,
            "to": {"cell": {"recipients": [CELL], "language": "en"}},
        }
        return EmailSettings(**{**given, **changes})

    @asynccontextmanager
    async def sink(self, settings: EmailSettings, keys: Path | None = None) -> AsyncIterator[EmailSink]:
        """Open a sink; with `keys`, the destination `cell` gets encrypted tips."""
        sink = EmailSink(self.services, settings, {"cell": load_certificates(keys)} if keys else {})
        await sink.open()
        yield sink
        await sink.close()

    def seed_tip(self, rule: DestinationRule, **fields: Any) -> SeededTip:
        """Store a tip that is delivered by a rule."""
        return seed_tip(self.services, [self.desk], destination_rules=[rule], **fields)

    def claim(self, to: str) -> list[Delivery]:
        """Claim deliveries that are due for a destination."""
        claimed = self.services.write_now(
            lambda unit: load_deliveries(unit, deliveries.claim(unit, to, 100), self.services)
        )
        return [delivery for _, delivery in claimed]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def office(tmp_path: Path, certificate: Certificate) -> Iterator[Office]:
    office = Office(tmp_path, certificate)
    yield office
    office.services.close()


@pytest.fixture
def peer() -> MailPeer:
    return MailPeer()


@pytest.fixture(scope="session")
def keyring() -> Iterator[Keyring]:
    """A recipient's keyring."""
    with tempfile.TemporaryDirectory(prefix="satark-gpg-") as home:
        keyring = Keyring(Path(home))
        yield keyring
        keyring.close()


@pytest.fixture(scope="session")
def keys(keyring: Keyring, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file with the recipient's public key."""
    file = tmp_path_factory.mktemp("keys") / "cell.asc"
    file.write_bytes(keyring.make(CELL))
    return file
