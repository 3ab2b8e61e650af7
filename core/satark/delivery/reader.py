"""Destination reader: opens tips for sinks whose destination must read them (sealed e-mail, police systems).

The key is the destination's own: its public half stands in its `[[destination]]`, its private half in a file on the one
machine that runs the sink. A note that the tipster spoke is never given out, since a voice tells who somebody is.
"""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from satark.api.sealing import (
    CantOpen,
    check_identity,
    new_identity,
    open_as,
    open_envelope,
    open_tip,
    recipient_of,
)
from satark.api.settings import SettingProblem, SettingsError
from satark.api.sink import ReadingSink
from satark.api.tip import Envelope, Evidence, Header, Message, Tip
from satark.casework.errors import NoSuchFile
from satark.casework.posted_message import PostedMessage
from satark.casework.work import corrected
from satark.custody import entries
from satark.custody import log as custody
from satark.evidence.own_voice import as_passed_on, is_muted, is_own_voice
from satark.evidence.records import open_records
from satark.store.sealed_files import open_sealed
from satark.store.workspace import workspace_dir
from satark_files import atomic_files

if TYPE_CHECKING:
    from pathlib import Path

    from satark.api.routing import DestinationRule
    from satark.api.sink import Delivery, Sink
    from satark.services import Services
    from satark.store.unit_of_work import UnitOfWork


class ReadableTip(msgspec.Struct, frozen=True, kw_only=True):
    """A tip as a destination may read it."""

    header: Header
    tip: Tip
    thread: tuple[PostedMessage, ...]
    """What the tipster wrote since, in order; never what desks said."""
    evidence: tuple[Evidence, ...]
    """Files that are here and may leave, in the order they were sent."""
    pending: tuple[str, ...] = ()
    """Ordinals of files that are still being fetched; a later revision brings them."""
    lost: tuple[str, ...] = ()
    """Ordinals of files that the provider no longer had."""
    withheld: tuple[str, ...] = ()
    """Ordinals of files that hold the tipster's voice: officers hear them at the desk alone."""
    damaged: int = 0
    """Messages and file records that do not open: altered, or not this tip's."""

    def __repr__(self) -> str:
        return "ReadableTip(…)"


class DestinationReader:
    """Opens what is delivered to one destination. Every method may be called from any thread."""

    def __init__(self, to: str, identity: str, services: Services) -> None:
        self.to = to
        self._identity = identity
        self._services = services
        self._once = threading.Lock()
        self._logged: set[tuple[str, str]] = set()

    def __repr__(self) -> str:
        return f"DestinationReader({self.to})"

    def open(self, delivery: Delivery) -> OpenedDelivery:
        """Open a delivery.

        Raises:
            CantOpen: it is sealed to another key, was altered, or is not this destination's.
        """
        envelope = open_envelope(delivery.envelope, self._identity, tip=delivery.tip, desk=self.to)
        return OpenedDelivery(envelope, delivery, self)

    def read(self, envelope: Envelope, key: str, ordinal: str, sealed: Path, expected: str) -> Iterator[bytes]:
        """Give the bytes of a sealed clean copy. The custody log gets a row for it, once for each delivery `key`."""
        with self._once:
            if (key, ordinal) not in self._logged:
                self._services.write_now(lambda unit: _log(unit, envelope, ordinal, self.to))
                self._logged.add((key, ordinal))
        return open_sealed(sealed, envelope.identity, workspace_dir(self._services.evidence_dir.parent), expected)


class OpenedDelivery:
    """One opened delivery: `content`, and the files."""

    def __init__(self, envelope: Envelope, delivery: Delivery, reader: DestinationReader) -> None:
        self._envelope = envelope
        self._key = delivery.idempotency_key
        self._reader = reader
        self._files = {file.ordinal: file for file in delivery.files}
        tip = open_tip(delivery.document, envelope)
        thread, torn = _thread(delivery, envelope.identity)
        stored, damaged = open_records(delivery.files, envelope.identity)
        records = [as_passed_on(record, tip) for record in stored]
        spoken = {record.ordinal for record in records if is_own_voice(record, tip)}
        self.content = ReadableTip(
            header=corrected(envelope.header, thread),
            tip=tip,
            thread=thread,
            evidence=tuple(record for record in records if record.ordinal not in spoken),
            pending=_in_state(delivery, "due"),
            lost=_in_state(delivery, "lost"),
            withheld=tuple(record.ordinal for record in records if record.ordinal in spoken),
            damaged=torn + damaged,
        )

    def __repr__(self) -> str:
        return "OpenedDelivery(…)"

    def clean(self, ordinal: str) -> Iterator[bytes]:
        """Give a file's clean copy in pieces, none before all of it proved to be what was recorded. Blocks.

        The custody log gets a row for it, once for each delivery in the time that this process lives.

        Raises:
            NoSuchFile: the tip has no such file, it has no clean copy, or it is the tipster's voice.
            CantOpen: (while reading) it was altered.
            FileNotFoundError: (while reading) it was erased.
        """
        record = next((record for record in self.content.evidence if record.ordinal == ordinal), None)
        if record is None or not record.clean_sha256:
            raise NoSuchFile
        file = self._files[ordinal]
        sealed = file.muted if is_muted(record) else file.clean
        if sealed is None:
            raise NoSuchFile
        return self._reader.read(self._envelope, self._key, ordinal, sealed, record.clean_sha256)


def reader(rule: DestinationRule, services: Services) -> DestinationReader:
    """Make a destination's reader with its private key. `identity_file` may hold several keys: the newest, older ones.

    Raises:
        SettingsError: the file is missing, others may read it, or its keys are not those of `recipient`.
    """
    return DestinationReader(rule.to, load_identity(rule), services)


def load_identity(rule: DestinationRule) -> str:
    """Read a destination's private key (or keys, one a line), for `DestinationReader` and `Casework`.

    Raises:
        SettingsError: as `reader`.
    """
    path = rule.identity_file
    if not rule.recipient:
        raise _wrong(rule, "recipient", "is missing: the destination must read tips, so it needs a key of its own")
    if path is None:
        raise _wrong(rule, "identity_file", "is missing: this machine runs the sink, which must read tips")
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise _wrong(rule, "identity_file", f"{path} can be read by others: chmod 600 it")
        identity = "\n".join(line for line in path.read_text().split() if line.startswith("AGE-SECRET-KEY-"))
        check_identity(identity)
    except (OSError, UnicodeDecodeError, CantOpen) as error:
        raise _wrong(rule, "identity_file", f"{path} can't be used ({type(error).__name__})") from None
    if rule.recipient not in {recipient_of(one) for one in identity.split()}:
        raise _wrong(rule, "identity_file", f"{path} holds another key than that of `recipient`")
    return identity


def own_key(path: Path) -> str:
    """Give the recipient of a key of Satark's own, made where it is not there yet, for a destination on this machine.

    Raises:
        SettingsError: it can't be read or made.
    """
    try:
        if not path.exists():
            atomic_files.create(path, f"{new_identity()[1]}\n".encode())
        identity = path.read_text().strip()
        check_identity(identity)
        return recipient_of(identity)
    except (OSError, UnicodeDecodeError, CantOpen) as error:
        message = f"{path} can't be used ({type(error).__name__})"
        raise SettingsError([SettingProblem("data_dir", "SATARK_DATA_DIR", message)]) from None


def _log(unit: UnitOfWork, envelope: Envelope, ordinal: str, to: str) -> None:
    custody.append_entries(
        unit, envelope.tip, recipient_of(envelope.identity), ordinal, entries.delivery_entry(to, unit.now)
    )


def key_problems(destination_rules: Sequence[DestinationRule], sinks: Sequence[Sink]) -> list[SettingProblem]:
    """Find the destinations of these sinks that must read tips, and whose key can't be used on this machine."""
    reading = {sink.name: sink for sink in sinks if isinstance(sink, ReadingSink)}
    problems = []
    for rule in destination_rules:
        if rule.sink in reading and reading[rule.sink].reads(rule.name):
            try:
                load_identity(rule)
            except SettingsError as error:
                problems += error.problems
    return problems


def _wrong(rule: DestinationRule, field: str, message: str) -> SettingsError:
    hint = "make a key pair with: satark destination keygen FILE"
    return SettingsError([SettingProblem(f"destination {rule.to}: {field}", "SATARK_DESTINATION", message, hint)])


def _in_state(delivery: Delivery, state: str) -> tuple[str, ...]:
    return tuple(file.ordinal for file in delivery.files if file.state == state)


def _thread(delivery: Delivery, identity: str) -> tuple[tuple[PostedMessage, ...], int]:
    posted, damaged = [], 0
    for one in delivery.messages:
        try:
            message = open_as(Message, one.sealed, identity)
        except CantOpen:
            damaged += 1
            continue
        if message.sender == "tipster":
            posted.append(PostedMessage(one.seq, message))
    return tuple(posted), damaged
