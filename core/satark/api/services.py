"""The host's services for plugins: the store, the static data, and a context for each role and for commands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import msgspec

if TYPE_CHECKING:
    import click
    from sqlalchemy import Connection, MetaData, Table

    from satark.api.channel import Channel, Outcome
    from satark.api.flow import Flow, FormView
    from satark.api.inbound import Address, Batch
    from satark.api.prompt import Prompt, ReceiptPicture, VoiceNote
    from satark.api.providers import Transcriber
    from satark.api.routing import Desk, DestinationRule
    from satark.api.settings import Settings
    from satark.api.sink import Carrier, Delivery, OfficeLink, ReadableTip
    from satark.api.tip import Message
    from satark_words.catalogues import Catalogue, Catalogues
    from satark_words.geography.geography import Geography

__all__ = [
    "Branch", "ChannelContext", "CommandHost", "DeskContext", "DestinationReader", "Drafts", "Ingest", "OpenedTip",
    "Prepared", "Questionnaire", "Services", "UnitOfWork", "VoiceNotes", "WebContext", "WorkerContext", "command_host",
]  # fmt: skip

T = TypeVar("T")

COMMAND_HOST: Final = "satark.command_host"
"""Key in click's `Context.meta` under which the `CommandHost` is stored."""


class Branch(msgspec.Struct, frozen=True):
    """A plugin's own tables: a folder of Alembic revisions, the first of which has `branch_labels = ("<name>",)`.

    They run on a connection whose execution option `satark_secret_key` is `Services.secret_key`, to key older rows.
    """

    name: str
    folder: Path
    tables: MetaData | None = None
    """The tables. A new database gets them at once, with their comments. None: the revisions make them."""


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a demo that a plugin prepared."""

    line: str
    """A line for the person at the terminal, such as how to sign in."""
    casework: Any = None
    """An opened desk (`satark.casework.Casework`), at which the simulator shows arriving tips; None: no desk."""
    acting: Any = None
    """The same desk, opened for the officer who acts in the sample week."""


class UnitOfWork(Protocol):
    """One transaction over the main database and the key store."""

    main: Connection
    """The connection to the main database."""
    now: int
    """Unix time in seconds when the transaction began."""

    @property
    def keys(self) -> Connection:
        """The connection to the key store. Its transaction begins on first use."""

    @property
    def day(self) -> int:
        """Today's date, in days since 1970-01-01 (UTC)."""

    def insert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows into the main database, if there are any."""

    def insert_new(self, table: Table, rows: Sequence[Mapping[str, Any]], returning: str) -> set[Any]:
        """Insert the rows that don't exist yet; return the values of the column `returning` in the inserted rows.

        Waits for the outcome of a competing transaction.
        """


class Services(Protocol):
    """The store and the static data, which every role and every command has.

    Every method blocks: call it from a thread.
    """

    @property
    def geography(self) -> Geography:
        """The districts and police stations that this installation covers."""

    @property
    def questionnaire(self) -> Questionnaire:
        """The texts that name the questions, options and categories in tips."""

    @property
    def destination_rules(self) -> Sequence[DestinationRule]:
        """The rules of the destinations beyond the desks."""

    def add_delivery(self, unit: UnitOfWork, delivery: str, destination: str) -> None:
        """Queue a sink's own notification, named `<kind>:<when>` (see `Delivery.kind`), unless it was queued before."""

    def mark_returned(self, unit: UnitOfWork, sink: str, is_it: Callable[[str], bool], *, reason: str) -> bool:
        """Turn a delivery that was done but was sent back into a dead letter. False: there is none.

        `is_it` returns whether an idempotency key is that of the delivery.
        """

    def desks(self) -> list[Desk]:
        """Return every desk, by name."""

    def temporary_folder(self) -> AbstractContextManager[Path]:
        """Create a folder in memory for files that must be in plain text for a moment. It is removed after the
        block."""

    def read(self, query: Callable[[Connection], T]) -> T:
        """Run a query on the main database, on its own connection and on one snapshot."""

    def read_keys(self, query: Callable[[Connection], T]) -> T:
        """Run a query on the key store, on its own connection and on one snapshot."""

    def write_now(self, write: Callable[[UnitOfWork], T]) -> T:
        """Run a write in its own transaction, in this thread."""

    def secret_key(self, file: str) -> bytes:
        """Return 32 secret bytes for a name of your own, the same on every machine of the installation."""


class OpenedTip(Protocol):
    """A tip that was opened with a destination's key."""

    @property
    def id(self) -> str:
        """The tip's random id in the store."""

    @property
    def content(self) -> ReadableTip:
        """The parts of the tip that the destination may read."""

    def clean(self, ordinal: str) -> Iterator[bytes]:
        """Yield the clean copy of a file in chunks. The first chunk comes once the whole copy was verified. Blocks.

        The custody log gets an entry, once per file and process.

        Raises:
            CaseworkError: the tip has no such file, the file has no clean copy, or it is the tipster's voice.
            CantOpen: (while reading) the file was altered.
            FileNotFoundError: (while reading) the file was erased.
        """

    def post(self, unit: UnitOfWork, message: Message) -> None:
        """Add a message from the destination to the tip's thread.

        If the destination's desk was directed to work on the tip, a message that would finish the tip becomes that
        desk's request to close it.
        """


class Questionnaire(Protocol):
    """The texts of the questionnaire in use, which name the questions, options and categories in a tip."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages in which the questionnaire has texts."""

    @property
    def categories(self) -> tuple[str, ...]:
        """Codes of the categories, in the questionnaire's order."""

    def texts(self, language: str) -> Catalogue:
        """Return the texts in a language. A text that this language lacks is in English."""

    def category_key(self, code: str) -> str:
        """Return the id of the text that names a category."""


class DestinationReader(Protocol):
    """Opens tips with one destination's own key. Every method may be called from any thread, and blocks.

    The public key is in the destination's `[[destination]]` table. The private key is in a file on the one machine that
    runs the sink. Recordings of the tipster's voice are never returned, since a voice identifies a person.
    """

    @property
    def to(self) -> str:
        """The destination."""

    def open(self, delivery: Delivery) -> OpenedTip:
        """Open a delivery.

        Raises:
            CantOpen: the delivery is sealed to another key, was altered, or is for another destination.
        """

    def find(self, number: str) -> OpenedTip:
        """Open a tip by its number, in its present state. The audit log of the destination's desk gets an entry.

        Raises:
            CaseworkError: the destination has no tip with this number.
            CantOpen: the tip's document was altered.
        """


class _ProcessContext(Services, Protocol):
    """The services of a running process."""

    async def write(self, write: Callable[[UnitOfWork], T]) -> T:
        """Run a write in the process's next transaction. Raises if the database is unavailable."""

    def reader(self, to: str) -> DestinationReader:
        """Return the reader of the destination `to`, which uses this machine's key of the destination.

        Raises:
            SettingsError: no `[[destination]]` table names the destination, or its key can't be used.
        """


class WorkerContext(_ProcessContext, Protocol):
    """The services that a process of the worker role offers to sinks."""

    def office_link(self, key_file: Path, copies: Collection[str] = ()) -> OfficeLink:
        """Return an object that exchanges messages with remote offices, and copies these desks' tips to the carrier.

        `key_file`: this machine's link key (`Settings.link_key_file`), made if missing and no office is registered.

        Raises:
            SettingsError: the link key can't be used.
        """


class DeskContext(_ProcessContext, Protocol):
    """The services that a process of the desk role offers to officers' pages."""

    @property
    def transcribers(self) -> Sequence[Transcriber]:
        """Offline speech recognisers."""

    @property
    def has_fault(self) -> Callable[[], bool]:
        """Returns whether this machine has a fault; the log and `/readyz` tell which."""


class WebContext(Services, Protocol):
    """The services that a process of the web role offers to pages for tipsters."""

    @property
    def ingest(self) -> Ingest:
        """Ingests what a page received."""

    @property
    def drafts(self) -> Drafts:
        """Shows the state of unfinished tips."""


class Ingest(Protocol):
    """Ingests batches of inbound events."""

    async def receive(self, channel: Channel, batch: Batch) -> Outcome:
        """Ingest a batch. When this returns, the batch is durable, unless `Outcome.state` is `refused`.

        After any exception the page must acknowledge nothing of the batch, so that the provider sends it again.
        """


class Drafts(Protocol):
    """Shows the state of conversations; changes nothing."""

    async def look(self, account: str, sender: Address) -> FormView | None:
        """Return a sender's conversation as a form; None if there is none.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database is unavailable.
        """

    def blank(self, channel: str, language: str = "") -> FormView:
        """Return a channel's form before anything is answered."""


class VoiceNotes(Protocol):
    """Makes voice notes from recorded clips."""

    @property
    def ready(self) -> bool:
        """Whether there are clips from which to make notes."""

    def make(self, note: VoiceNote) -> bytes:
        """Join the parts of a note to one mono Ogg Opus file; empty bytes if no part can be made audible. Blocks."""


class ChannelContext(Protocol):
    """The services that the host offers to channels, for what they show or read out. They have no access to storage."""

    @property
    def voice_notes(self) -> VoiceNotes:
        """Makes the voice notes of `Prompt.spoken`."""

    def catalogues(self) -> Catalogues:
        """Load the texts of the questionnaire in use, in the languages in which it is offered."""

    def draw_receipt(self, picture: ReceiptPicture) -> bytes:
        """Draw the picture of `Prompt.receipt` and return it as a PNG file. Takes about 50 ms: call it from a
        thread."""


class CommandHost(Protocol):
    """The services that the host offers to a plugin's commands; `command_host` returns them."""

    @property
    def settings(self) -> Settings:
        """The settings, read once per invocation."""

    def geography(self) -> Geography:
        """Load the districts and stations that the settings name."""

    def flow(self) -> Flow:
        """Load the questionnaire in use.

        Raises:
            click.ClickException: the questionnaire can't be used; the message lists all of its problems.
        """

    def catalogues(self) -> Catalogues:
        """Load the texts of the questionnaire in use.

        Raises:
            click.ClickException: the texts can't be read.
        """

    def every_prompt(self, channel: str, *, filled: bool = True) -> Iterator[tuple[str, Prompt]]:
        """Yield each prompt that the questionnaire in use can show, in every language, each with a name.

        `filled`: whether placeholders are filled with examples. If not, `{place}` stays, and a question comes without
        the statements before it.

        Raises:
            click.ClickException: the questionnaire can't be used.
        """

    def open_services(self) -> AbstractContextManager[Services]:
        """Open the store that the settings name.

        Raises:
            click.ClickException: the database is not migrated to this version.
        """

    def serve_desk(
        self,
        *,
        host: str,
        port: int,
        background: Callable[[WorkerContext, Sequence[Carrier]], Callable[[], Awaitable[None]]],
    ) -> None:
        """Serve only the officers' pages, in this process, with a background task that is restarted when it fails.

        Raises:
            click.ClickException: the port is in use, or the address is not this machine's.
        """


def command_host(ctx: click.Context) -> CommandHost:
    """Return the host's services for the running command. Their methods raise `SettingsError` if settings are wrong."""
    host: CommandHost = ctx.meta[COMMAND_HOST]
    return host
