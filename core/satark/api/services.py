"""What the host lends to plugins: the store and the static data, and one context for each role and for commands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import msgspec

if TYPE_CHECKING:
    import click
    from sqlalchemy import Connection, Table

    from satark.api.channel import Channel, Outcome
    from satark.api.flow import Flow, FormView, Questionnaire
    from satark.api.inbound import Address, Batch
    from satark.api.prompt import Prompt, ReceiptPicture, VoiceNote
    from satark.api.providers import Transcriber
    from satark.api.routing import Desk, DestinationRule
    from satark.api.settings import Settings
    from satark.api.sink import Carrier, Delivery, OfficeLink, ReadableTip
    from satark.api.tip import Message
    from satark_words.catalogues import Catalogues
    from satark_words.geography.geography import Geography

__all__ = [
    "Branch",
    "ChannelContext",
    "CommandHost",
    "DeskContext",
    "DestinationReader",
    "Drafts",
    "Ingest",
    "OpenedTip",
    "Prepared",
    "Services",
    "UnitOfWork",
    "VoiceNotes",
    "WebContext",
    "WorkerContext",
    "command_host",
]

T = TypeVar("T")

COMMAND_HOST: Final = "satark.command_host"
"""Key of the `CommandHost` in click's `Context.meta`."""


class Branch(msgspec.Struct, frozen=True):
    """A plugin's own tables: a folder of Alembic revisions whose first has `branch_labels = ("<name>",)`."""

    name: str
    folder: Path


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a plugin prepared for a demo."""

    line: str
    """What a person at the terminal needs to know, such as how to sign in."""
    casework: Any = None
    """An opened desk (`satark.casework.Casework`), for the simulator to show how tips arrive there; None: no desk."""
    acting: Any = None
    """The same desk, opened for one of its officers, who acts in the sample week."""


class UnitOfWork(Protocol):
    """One transaction over the main database and the key store."""

    main: Connection
    """The connection to the main database."""
    now: int
    """When the transaction began, Unix seconds."""

    @property
    def keys(self) -> Connection:
        """The connection to the key store; its transaction begins on first use."""

    @property
    def day(self) -> int:
        """Today, in days since 1970 (UTC)."""

    def insert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows into the main database, if there are any."""

    def insert_new(self, table: Table, rows: Sequence[Mapping[str, Any]], returning: str) -> set[Any]:
        """Insert rows that do not exist yet; return the `returning` column of those inserted.

        Waits for the outcome of a competing transaction.
        """


class Services(Protocol):
    """The store and the static data, as every role and every command has them.

    Every method blocks: call it from a thread.
    """

    @property
    def geography(self) -> Geography:
        """The districts and stations."""

    @property
    def questionnaire(self) -> Questionnaire:
        """Names what stands in tips."""

    @property
    def destination_rules(self) -> Sequence[DestinationRule]:
        """The destinations beyond the desks."""

    def add_delivery(self, unit: UnitOfWork, delivery: str, destination: str) -> None:
        """Queue a notification of a sink's own, `<kind>:<when>`, unless it is or was queued (`Delivery.kind`)."""

    def mark_returned(
        self, unit: UnitOfWork, sink: str, is_it: Callable[[str], bool], *, reason: str, alarm_to: Sequence[str]
    ) -> bool:
        """Turn a delivery that counted as done into a dead letter, and queue an alarm: the destination sent it back.

        Args:
            unit: the transaction.
            sink: the sink's name.
            is_it: tells by its idempotency key whether it is the delivery.
            reason: as `DeadLetter.reason`.
            alarm_to: the setting `CoreSettings.alarm_to`.

        Returns:
            Whether there is such a delivery.
        """

    def desks(self) -> list[Desk]:
        """Return every desk, by name."""

    def temporary_folder(self) -> AbstractContextManager[Path]:
        """Create a folder for files that must lie in plain for a moment, in memory; it is removed after the block."""

    def read(self, query: Callable[[Connection], T]) -> T:
        """Run a query on the main database, on a connection of its own and on one snapshot."""

    def read_keys(self, query: Callable[[Connection], T]) -> T:
        """Run a query on the key store, on a connection of its own and on one snapshot."""

    def write_now(self, write: Callable[[UnitOfWork], T]) -> T:
        """Run a write in a transaction of its own, in this thread."""

    def secret_key(self, file: str) -> bytes:
        """Return the 32 random bytes in a file of the data folder, which has mode 0600; make it where there is none.

        Raises:
            OSError: the file can't be read or made, or others can read it.
        """


class OpenedTip(Protocol):
    """A tip that was opened with a destination's key."""

    @property
    def id(self) -> str:
        """The tip's random id in the store."""

    @property
    def content(self) -> ReadableTip:
        """What the destination may read of it."""

    def clean(self, ordinal: str) -> Iterator[bytes]:
        """Yield a file's clean copy in chunks, the first only after the whole copy was verified. Blocks.

        The custody log gets an entry, once per file and process.

        Raises:
            CaseworkError: the tip has no such file, it has no clean copy, or it is the tipster's voice.
            CantOpen: (while reading) it was altered.
            FileNotFoundError: (while reading) it was erased.
        """

    def post(self, unit: UnitOfWork, message: Message) -> None:
        """Add a message of the destination to the tip's thread.

        One that would finish a tip that a desk was directed to work on becomes that desk's request to close it.
        """


class DestinationReader(Protocol):
    """Opens tips with one destination's own key. Every method may be called from any thread, and blocks.

    The public half of the key stands in the destination's `[[destination]]`, the private half in a file on the one
    machine that runs the sink. A note that the tipster spoke is never given out: a voice tells who somebody is.
    """

    @property
    def to(self) -> str:
        """The destination."""

    def open(self, delivery: Delivery) -> OpenedTip:
        """Open a delivery.

        Raises:
            CantOpen: it is sealed to another key, was altered, or is not this destination's.
        """

    def find(self, number: str) -> OpenedTip:
        """Open a tip by its number, as it is now; the audit log of the destination's desk gets an entry.

        Raises:
            CaseworkError: the destination has no tip of this number.
            CantOpen: its document was altered.
        """


class WorkerContext(Services, Protocol):
    """What a process of the worker role lends to sinks."""

    async def write(self, write: Callable[[UnitOfWork], T]) -> T:
        """Run a write in the process's next transaction; the database being down raises."""

    def reader(self, to: str) -> DestinationReader:
        """Return what opens the tips of the destination `to`, with its key from this machine.

        Raises:
            SettingsError: no `[[destination]]` names it, or its key can't be used.
        """

    def office_link(self, key_file: Path, copies: Collection[str] = ()) -> OfficeLink:
        """Return what exchanges messages with remote offices.

        Args:
            key_file: this machine's link key (`Settings.link_key_file`); it is created if it does not exist.
            copies: desks at this host whose tips are copied to the carrier.

        Raises:
            SettingsError: the link key can't be used.
        """


class DeskContext(Services, Protocol):
    """What a process of the desk role lends to pages for officers."""

    async def write(self, write: Callable[[UnitOfWork], T]) -> T:
        """Run a write in the process's next transaction; the database being down raises."""

    def reader(self, to: str) -> DestinationReader:
        """Return what opens the tips of the destination `to`, with its key from this machine.

        Raises:
            SettingsError: no `[[destination]]` names it, or its key can't be used.
        """

    @property
    def transcribers(self) -> Sequence[Transcriber]:
        """Offline speech recognisers."""

    @property
    def has_fault(self) -> Callable[[], bool]:
        """Whether this machine has a fault, of which the log and `/readyz` say more."""


class WebContext(Services, Protocol):
    """What a process of the web role lends to pages for tipsters."""

    @property
    def ingest(self) -> Ingest:
        """Takes what a page received."""

    @property
    def drafts(self) -> Drafts:
        """Shows unfinished tips."""


class Ingest(Protocol):
    """Takes batches of inbound events."""

    async def receive(self, channel: Channel, batch: Batch) -> Outcome:
        """Ingest a batch; it is durable on return, unless `Outcome.state` is `refused`.

        What it raises means: nothing of the batch may be acknowledged; the provider must send it again.
        """


class Drafts(Protocol):
    """Shows where a conversation stands; changes nothing."""

    async def look(self, account: str, sender: Address) -> FormView | None:
        """Return the form of a sender's conversation; None where there is none.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database does not answer.
        """

    def blank(self, channel: str, language: str = "") -> FormView:
        """Return the form of a channel before anything is answered."""


class VoiceNotes(Protocol):
    """Makes voice notes of recorded clips."""

    @property
    def ready(self) -> bool:
        """Whether there are clips to make notes of."""

    def make(self, note: VoiceNote) -> bytes:
        """Join a note's parts to one Ogg file with Opus, one channel; empty: nothing of it can be heard. Blocks."""


class ChannelContext(Protocol):
    """What the host lends to channels: what they show or read out. They know no storage."""

    @property
    def voice_notes(self) -> VoiceNotes:
        """Makes the voice notes of `Prompt.spoken`."""

    def catalogues(self) -> Catalogues:
        """Load the texts of the questionnaire in use, in the languages that it is offered in."""

    def draw_receipt(self, picture: ReceiptPicture) -> bytes:
        """Draw the picture of `Prompt.receipt` as a PNG file. Takes some 50 ms: call it from a thread."""


class CommandHost(Protocol):
    """What the host lends to a plugin's commands; `command_host` gives it."""

    @property
    def settings(self) -> Settings:
        """The settings, read once an invocation."""

    def geography(self) -> Geography:
        """Load the districts and stations that the settings name."""

    def flow(self) -> Flow:
        """Load the questionnaire in use.

        Raises:
            click.ClickException: it can't be used; the message lists everything that is wrong with it.
        """

    def catalogues(self) -> Catalogues:
        """Load the texts of the questionnaire in use.

        Raises:
            click.ClickException: they can't be read.
        """

    def every_prompt(self, channel: str, *, filled: bool = True) -> Iterator[tuple[str, Prompt]]:
        """Yield each prompt that the questionnaire in use can put, in every language, with a name.

        `filled`: places have examples in them; else they stand as `{place}`, and a question stands alone.

        Raises:
            click.ClickException: the questionnaire can't be used.
        """

    def open_services(self) -> AbstractContextManager[Services]:
        """Open the store that the settings name.

        Raises:
            click.ClickException: the database was not set up for this version.
        """

    def serve_desk(
        self,
        *,
        host: str,
        port: int,
        background: Callable[[WorkerContext, Sequence[Carrier]], Callable[[], Awaitable[None]]],
    ) -> None:
        """Serve the officers' pages alone, in this process, with a background task beside them.

        Args:
            host: the address to listen at.
            port: the port to listen at.
            background: makes the task, an endless one that is restarted when it fails.

        Raises:
            click.ClickException: the port is taken, or the address is not this machine's.
        """


def command_host(ctx: click.Context) -> CommandHost:
    """Return what the host lends to the command that runs. Its methods raise `SettingsError` for wrong settings."""
    host: CommandHost = ctx.meta[COMMAND_HOST]
    return host
