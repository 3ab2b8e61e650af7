"""Destination reader: opens tips for sinks whose destination must read them (sealed e-mail, police systems).

The private half of a destination's key is in a file on the one machine that runs the sink.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from functools import cached_property
from pathlib import Path
from typing import cast

from satark.api.routing import DestinationRule
from satark.api.sealing import CantOpen, open_as, open_envelope, open_tip, recipient_of
from satark.api.services import UnitOfWork as AnyUnitOfWork
from satark.api.settings import SettingProblem, SettingsError
from satark.api.sink import Delivery, ReadableTip
from satark.api.tip import Envelope, Message
from satark.casework.casework import Casework
from satark.casework.errors import NoSuchFile, NoSuchTip
from satark.casework.opened_tip import OpenTip
from satark.casework.work import PostedMessage, corrected
from satark.custody import entries
from satark.custody import log as custody
from satark.delivery.destination_keys import load_identity
from satark.evidence.own_voice import as_passed_on, is_muted, is_own_voice
from satark.evidence.records import open_records
from satark.remote.host_inbox import HostLink
from satark.routing.authors import is_by_tipster
from satark.routing.sent import is_as_sent
from satark.services import ProcessServices, Services
from satark.store.evidence_files import ordinal_order
from satark.store.sealed_files import StoredForm, open_sealed
from satark.store.unit_of_work import UnitOfWork


class DestinationReader:
    """Opens tips for one destination: see `satark.api.DestinationReader`."""

    def __init__(self, services: Services, rule: DestinationRule) -> None:
        """Load the destination's private key.

        Raises:
            SettingsError: the key can't be used.
        """
        self.to: str = rule.to
        self._rule = rule
        self._identity = load_identity(rule)
        self._services = services
        self._once = threading.Lock()
        self._logged: set[tuple[str, str]] = set()

    @classmethod
    def named(cls, services: Services, to: str) -> DestinationReader:
        """Return the reader of the destination `to`.

        Raises:
            SettingsError: there is no `[[destination]]` of this name, or its key can't be used.
        """
        rule = next((rule for rule in services.destination_rules if rule.to == to), None)
        if rule is None:
            message, hint = "no [[destination]] sends tips to it", f'[[destination]]: to = "{to}"'
            raise SettingsError([SettingProblem(f"destination {to}", "SATARK_DESTINATION", message, hint)])
        return cls(services, rule)

    def open(self, delivery: Delivery) -> OpenedDelivery:
        if not self._is_listed():
            raise CantOpen("by the roster this destination reads no tips any more")
        envelope = open_envelope(delivery.envelope, self._identity, tip=delivery.tip, desk=self.to)
        _check_sent(envelope)
        return OpenedDelivery(envelope, delivery, self)

    def find(self, number: str) -> FoundTip:
        tip = self._casework.open(number) if self._is_listed() else None
        if tip is None or self.to not in tip.access.holders.get(self._rule.desk, ()):
            raise NoSuchTip
        _check_sent(tip.envelope)
        return FoundTip(self._casework, tip)

    def _is_listed(self) -> bool:
        return bool(self._services.roster.readable_rules(self._services.roster_state(), [self._rule]))

    @cached_property
    def _casework(self) -> Casework:
        return Casework(self._services, self.to, self._identity, audit_desk=self._rule.desk)

    def read(self, envelope: Envelope, key: str, ordinal: str, sealed: StoredForm, expected: str) -> Iterator[bytes]:
        """Yield a clean copy in chunks. The custody log gets one entry per file and delivery (`key`)."""
        with self._once:
            if (key, ordinal) not in self._logged:
                self._services.write_now(lambda unit: _log(unit, envelope, ordinal, self.to))
                self._logged.add((key, ordinal))
        return open_sealed(sealed, envelope.identity, self._services.workspace, expected)


class OpenedDelivery:
    """An opened delivery: see `satark.api.OpenedTip`."""

    def __init__(self, envelope: Envelope, delivery: Delivery, reader: DestinationReader) -> None:
        self.id = delivery.tip
        self._envelope = envelope
        self._key = delivery.idempotency_key
        self._reader = reader
        self._files = {file.ordinal: file for file in delivery.files}
        tip = open_tip(delivery.document, envelope)
        posted, torn = _thread(delivery, envelope)
        stored, damaged = open_records(delivery.files, envelope)
        records = [as_passed_on(record, tip) for record in stored]
        spoken = {record.ordinal for record in records if is_own_voice(record, tip)}
        kept = {*_in_state(delivery, "due"), *_in_state(delivery, "sealed")}
        self.content: ReadableTip = ReadableTip(
            header=corrected(envelope.header, posted),
            tip=tip,
            thread=tuple(one.message for one in posted),
            evidence=tuple(record for record in records if record.ordinal not in spoken),
            pending=_in_state(delivery, "due"),
            lost=tuple(sorted({*tip.evidence, *self._files} - kept, key=ordinal_order)),
            withheld=tuple(record.ordinal for record in records if record.ordinal in spoken),
            damaged=torn + damaged,
        )

    def clean(self, ordinal: str) -> Iterator[bytes]:
        record = next((record for record in self.content.evidence if record.ordinal == ordinal), None)
        if record is None or not record.clean_sha256:
            raise NoSuchFile
        file = self._files[ordinal]
        sealed = file.muted if is_muted(record) else file.clean
        if not isinstance(sealed, StoredForm):
            raise NoSuchFile
        return self._reader.read(self._envelope, self._key, ordinal, sealed, record.clean_sha256)

    def post(self, unit: AnyUnitOfWork, message: Message) -> None:
        self._reader.find(self.id).post(unit, message)


class FoundTip:
    """A tip that was opened by its number: see `satark.api.OpenedTip`."""

    def __init__(self, casework: Casework, tip: OpenTip) -> None:
        self._casework = casework
        self._tip = tip
        self.id: str = tip.id
        self.content: ReadableTip = ReadableTip(
            header=tip.header,
            tip=tip.tip,
            thread=tuple(one.message for one in tip.thread if one.message.sender == "tipster"),
            evidence=tip.evidence,
            pending=tip.pending,
            lost=(*tip.lost, *tip.gone),
            withheld=tuple(voice.ordinal for voice in tip.voices),
            damaged=tip.damaged,
        )

    def clean(self, ordinal: str) -> Iterator[bytes]:
        return self._casework.evidence(self._tip, ordinal)

    def post(self, unit: AnyUnitOfWork, message: Message) -> None:
        self._casework.post(cast("UnitOfWork", unit), self._tip, message)


def _check_sent(envelope: Envelope) -> None:
    if not is_as_sent(envelope):
        raise CantOpen("the envelope does not say what the tipster sent")


def _log(unit: UnitOfWork, envelope: Envelope, ordinal: str, to: str) -> None:
    custody.append_entries(
        unit, envelope.tip, recipient_of(envelope.identity), ordinal, entries.delivery_entry(to, unit.now)
    )


def _in_state(delivery: Delivery, state: str) -> tuple[str, ...]:
    return tuple(file.ordinal for file in delivery.files if file.state == state)


def _thread(delivery: Delivery, envelope: Envelope) -> tuple[tuple[PostedMessage, ...], int]:
    posted, damaged = [], 0
    for one in delivery.messages:
        try:
            message = open_as(Message, one.sealed, envelope.identity)
        except CantOpen:
            damaged += 1
            continue
        if is_by_tipster(message, envelope, one.seq):
            posted.append(PostedMessage(one.seq, message))
        elif message.sender == "tipster":
            damaged += 1
    return tuple(posted), damaged


class WorkerContext(ProcessServices):
    """The services of a worker for sinks. With them a sink reads tips and exchanges messages with remote offices."""

    def reader(self, to: str) -> DestinationReader:
        return DestinationReader.named(self, to)

    def office_link(self, key_file: Path, copies: Collection[str] = ()) -> HostLink:
        return HostLink(self, key_file, copies)
