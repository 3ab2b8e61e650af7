"""The sink `police_system`: each tip handed over as one signed event, by HTTP or as a file."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pyrage

from satark.database import temporary_folder, workspace_dir
from satark.sealing import CantOpen
from satark.sink import Dead, Delivery, DeliveryResult
from satark_police_system.client import Client
from satark_police_system.events import Event, encode, encrypted, event, full, thin
from satark_police_system.filedrop import Drop, Folder, Sftp, pack

if TYPE_CHECKING:
    from satark.destination_reader import OpenedDelivery
    from satark_police_system.partners import Partner
    from satark_police_system.settings import System


class Way(Protocol):
    """How a system is reached."""

    async def open(self) -> None:
        """Start."""

    async def close(self) -> None:
        """Stop."""

    async def hand_over(self, key: str, event: Event, opened: OpenedDelivery) -> DeliveryResult:
        """Hand one tip over, once in effect: `key` is the same at every attempt."""


class ByHttp:
    """Posts the event; files are pulled."""

    def __init__(self, partner: Partner) -> None:
        self._client = Client(partner.system, partner.signer)

    async def open(self) -> None:
        """Open the client."""
        await self._client.open()

    async def close(self) -> None:
        """Close it."""
        await self._client.close()

    async def hand_over(self, key: str, event: Event, opened: OpenedDelivery) -> DeliveryResult:
        """Post the event."""
        return await self._client.post(key, encode(event))


class ByFile:
    """Puts a signed ZIP file, with the clean copies where the system may have them."""

    def __init__(self, partner: Partner, drop: Drop, room: Path) -> None:
        self._partner = partner
        self._drop = drop
        self._room = room

    async def open(self) -> None:
        """Nothing is to be opened: every file gets a connection of its own."""

    async def close(self) -> None:
        """Nothing is to be closed."""

    async def hand_over(self, key: str, event: Event, opened: OpenedDelivery) -> DeliveryResult:
        """Pack and put it."""
        with temporary_folder(self._room) as folder:
            archive = folder / "tip.zip"
            await asyncio.to_thread(self._pack, archive, key, event, opened, folder)
            return await self._drop.put(archive, f"satark-{key}.zip")

    def _pack(self, archive: Path, key: str, event: Event, opened: OpenedDelivery, folder: Path) -> None:
        files = _clean_copies(self._partner.system, opened, folder)
        pack(archive, encode(event), files, self._partner.signer, key)


class PoliceSink:
    """Hands tips over to the configured police systems."""

    name = "police_system"

    def __init__(self, partners: Mapping[str, Partner], data_dir: Path, source: str) -> None:
        self._partners = partners
        self._source = source
        room = workspace_dir(data_dir)
        self._ways = {name: _way(partner, room) for name, partner in partners.items()}

    async def open(self) -> None:
        """Open the ways.

        Raises:
            OSError: a certificate can't be read.
        """
        for way in self._ways.values():
            await way.open()

    async def close(self) -> None:
        """Close them."""
        for way in self._ways.values():
            await way.close()

    def reads(self, name: str) -> bool:
        """Every one of these destinations reads tips: `satark.sink.ReadingSink`."""
        return name in self._partners

    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        """Hand one tip over."""
        partner = self._partners.get(delivery.name)
        if partner is None:
            return Dead("no such police system is configured")
        try:
            opened = await asyncio.to_thread(partner.reader.open, delivery)
        except CantOpen:
            return Dead("it can't be opened with this system's key")
        described = self._describe(partner.system, delivery, opened)
        try:
            return await self._ways[delivery.name].hand_over(delivery.idempotency_key, described, opened)
        except CantOpen:
            return Dead("a file of the tip was altered")

    def _describe(self, system: System, delivery: Delivery, opened: OpenedDelivery) -> Event:
        content = opened.content
        data = (
            thin(content.header)
            if system.payload == "thin"
            else full(content.header, content.tip, content.evidence, content.thread, system.fields)
        )
        plain = event(delivery.idempotency_key, self._source, delivery.revision, data)
        return encrypted(plain, system.recipient) if system.recipient else plain


def _way(partner: Partner, room: Path) -> Way:
    system = partner.system
    if system.folder is not None:
        return ByFile(partner, Folder(system.folder), room)
    return ByFile(partner, Sftp(system), room) if system.sftp else ByHttp(partner)


def _clean_copies(system: System, opened: OpenedDelivery, folder: Path) -> Iterator[tuple[str, Iterator[bytes]]]:
    if "evidence" not in system.fields:
        return
    for record in opened.content.evidence:
        if record.clean_sha256:
            name = record.ordinal + (mimetypes.guess_extension(record.clean_mime) or ".bin")
            pieces = opened.clean(record.ordinal)
            yield (f"{name}.age", _sealed(pieces, system.recipient, folder)) if system.recipient else (name, pieces)


def _sealed(pieces: Iterator[bytes], recipient: str, folder: Path) -> Iterator[bytes]:
    """Encrypt a file on its way into the archive; both forms lie in the private folder in memory meanwhile."""
    plain, sealed = folder / "plain", folder / "sealed"
    with plain.open("wb") as write:
        write.writelines(pieces)
    with plain.open("rb") as read, sealed.open("wb") as write:
        pyrage.encrypt_io(read, write, [pyrage.x25519.Recipient.from_str(recipient)])
    plain.unlink()
    with sealed.open("rb") as read:
        yield from iter(lambda: read.read(1 << 20), b"")
    sealed.unlink()
