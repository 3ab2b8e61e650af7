"""The sink `email`: notices that say nothing, and tips sealed to their recipients' OpenPGP keys."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timezone
from typing import TYPE_CHECKING

from satark.database import add_delivery
from satark.destination_reader import reader
from satark.observability import log
from satark.officer import NoSuchFile
from satark.sealing import CantOpen
from satark.sink import Dead, Delivery, DeliveryResult
from satark_email import clock, messages, openpgp
from satark_email.messages import Attachment, Stamp
from satark_email.settings import NOTICE
from satark_email.smtp import Postbox
from satark_email.writing import Writing

if TYPE_CHECKING:
    from pysequoia import Cert

    from satark.database import UnitOfWork
    from satark.destination_reader import DestinationReader, OpenedDelivery
    from satark.services import WorkerContext
    from satark.tip import Evidence
    from satark_email.settings import EmailSettings, Mailbox

LOOK_EVERY = 20.0
"""Seconds between two looks at the clock."""
_GROWTH = 2
"""Base64 within armor makes a mail some 1.8 times as large as its files."""
_ENDINGS = {"image/jpeg": "jpg", "video/mp4": "mp4", "audio/mpeg": "mp3", "text/plain": "txt"}


class EmailSink:
    """Every destination `email:<name>`."""

    name = "email"

    def __init__(self, context: WorkerContext, settings: EmailSettings, keys: Mapping[str, list[Cert]]) -> None:
        """`keys`: the certificates of the destinations in sealed mode."""
        self._context = context
        self._settings = settings
        self._keys = keys
        self._postbox = Postbox(settings)
        self._readers: dict[str, DestinationReader] = {}
        self._zone = timezone(clock.offset(settings.utc_offset))

    def reads(self, name: str) -> bool:
        """Those in sealed mode must read tips."""
        return name in self._keys

    async def open(self) -> None:
        """Open the keys of the destinations in sealed mode."""
        for rule in self._context.destination_rules:
            if rule.sink == self.name and self.reads(rule.to.partition(":")[2]):
                self._readers[rule.to] = reader(rule, self._context)

    async def close(self) -> None:
        """Forget them."""
        self._readers.clear()

    async def listen(self) -> None:
        """Watch the clock for notices."""
        if self._settings.mailbox(NOTICE) is not None:
            log.info(f"notices go {self._settings.rhythm}, be there tips or not", sink=self.name)
        while True:
            if self._settings.mailbox(NOTICE) is not None:
                await self._context.write(self.look)
            await asyncio.sleep(LOOK_EVERY)

    def look(self, unit: UnitOfWork) -> None:
        """Have the notices sent whose time has come."""
        own = self._settings
        for occasion in clock.due(unit.now, own.notice_times, own.utc_offset, own.notice_minutes):
            add_delivery(unit, occasion, f"{self.name}:{NOTICE}")

    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        """Send one mail. One that is sent again has the same Message-ID."""
        mailbox = self._settings.mailbox(delivery.name)
        if mailbox is None:
            return Dead("there is nobody to write to: see [email]")
        if delivery.occasion == "alarm":
            return await self._postbox.send(messages.alarm(self._stamp(delivery, mailbox)), mailbox)
        if delivery.occasion == "tip" and delivery.name in self._keys:
            return await self._send_sealed(delivery, mailbox)
        return await self._postbox.send(messages.notice(self._stamp(delivery, mailbox)), mailbox)

    async def _send_sealed(self, delivery: Delivery, mailbox: Mailbox) -> DeliveryResult:
        try:
            mail = await asyncio.to_thread(self._seal, delivery, mailbox)
        except CantOpen:
            return Dead("the tip does not open with this destination's key")
        except openpgp.UnusableKey as unusable:
            return Dead(str(unusable))
        return await self._postbox.send(mail, mailbox)

    def _seal(self, delivery: Delivery, mailbox: Mailbox) -> bytes:
        certificates = self._keys[delivery.name]
        for certificate in certificates:
            openpgp.check_certificate(certificate)  # it may have expired since the start
        opened = self._readers[delivery.destination].open(delivery)
        attached, left = self._attachments(opened)
        writing = Writing(mailbox.language, self._context.geography)
        content = opened.content
        names = [one.name for one in attached]
        text = writing.text(content, revision=delivery.revision, attached=names, left=left)
        stamp = self._stamp(delivery, mailbox)
        ciphertext = openpgp.seal(messages.inner(writing.subject(content), text, attached), certificates)
        mail = messages.sealed(stamp, ciphertext)
        return mail if len(mail) <= self._settings.max_bytes else messages.notice(stamp)

    def _attachments(self, opened: OpenedDelivery) -> tuple[list[Attachment], list[str]]:
        """Take the clean copies that fit into a mail, the first ones first; give the ordinals of the others too."""
        attached, left = [], []
        room = self._settings.max_bytes // _GROWTH - 50_000
        for record in opened.content.evidence:
            one = _attachment(opened, record) if 0 < record.clean_bytes <= room else None
            if one is None:
                left.append(record.ordinal)
            else:
                room -= len(one.content)
                attached.append(one)
        return attached, left

    def _stamp(self, delivery: Delivery, mailbox: Mailbox) -> Stamp:
        at = clock.moment_of(delivery.tip) if delivery.occasion == clock.OCCASION else int(time.time())
        when = datetime.fromtimestamp(at, UTC).astimezone(self._zone)
        return Stamp(sender=self._settings.sender, mailbox=mailbox, key=delivery.idempotency_key, when=when)


def _attachment(opened: OpenedDelivery, record: Evidence) -> Attachment | None:
    try:
        content = b"".join(opened.clean(record.ordinal))
    except (NoSuchFile, FileNotFoundError, CantOpen):
        return None
    ending = _ENDINGS.get(record.clean_mime, record.clean_mime.partition("/")[2])
    return Attachment(f"{record.ordinal}.{ending}", record.clean_mime, content)
