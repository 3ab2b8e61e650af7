"""Looks for faults of a process's dependencies: its databases, its queues, and the servers of its channels and sinks.

No message is sent to a provider, mail server, broker or police system: the channel or sink only asks for its state.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from secrets import token_bytes, token_hex
from typing import Final

import msgspec
from sqlalchemy import Connection, MetaData, Table, false, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from satark.api.background import run_in_thread
from satark.api.channel import Channel
from satark.api.observability import FaultFinder
from satark.api.routing import DESK_SINK, Destination
from satark.api.sink import Sink
from satark.custody.comparison import find_losses, find_missing, find_missing_files
from satark.custody.machine_notes import compare_machines
from satark.custody.verify_log import gone_files
from satark.identity.time_buckets import band_end
from satark.remote.offices import count_unconfirmed, count_withheld, days_without_list
from satark.runtime import compose
from satark.services import Services
from satark.store import deliveries, tables
from satark.store.breakers import read_open_breakers
from satark.store.unit_of_work import UnitOfWork
from satark.telemetry.faults import Fault, Faults
from satark_files import atomic_files
from satark_files.decoding import DECODING_ERRORS

OVERDUE: Final = 30
"""Seconds after which a due row that no process has claimed is a fault."""
FILES_OVERDUE: Final = 90
"""The same of files, which are cleaned one after the other and give way to answers."""
ATTEMPTS: Final = 4
"""Failed attempts after which a row counts as stuck."""
_DAY: Final = 86_400
"""Seconds that what is for a destination which a row calls down may wait, at least."""
_DAYS_CUT_OFF: Final = 2
"""Days after which an office should have a newer list of its tips, and its answers should be confirmed."""


def answer_faults(services: Services) -> list[Fault]:
    """Find the databases that do not answer."""
    found = []
    for code, name, read in (
        ("database_down", "main database (database_url)", services.read),
        ("key_store_down", "key store (keys_url)", services.read_keys),
    ):
        try:
            read(lambda connection: connection.execute(text("SELECT 1")))
        except SQLAlchemyError as error:
            found.append(_down(code, name, error))
    return found


def write_faults(services: Services) -> list[Fault]:
    """Check that both databases can be written. Call this when both answer."""
    try:
        try_writing(services)
    except SQLAlchemyError as error:
        return [_unwritable(error)]
    return []


def loss_faults(services: Services) -> list[Fault]:
    """Find tips and entries that the databases lost, as after the restore of an older copy.

    Raises:
        SnapshotBusy: the databases are written without a pause.
    """
    if not (lost := find_losses(services)):
        return []
    do = "restore the newer copy; if it is gone for good: satark db accept-loss (docs/runbook.md#the-stores-differ)"
    return [Fault("database_older", "; ".join(map(str, lost)), do)]


def missing_faults(services: Services, tag: Callable[[str], bytes] | None = None) -> list[Fault]:
    """Find tips that somebody deleted (see `find_missing`) or withheld; note the number of deleted ones for pages."""
    do = "find out who writes to the databases, and restore the newest backup (docs/runbook.md#the-stores-differ)"
    deleted = [Fault("tips_missing", str(one), do) for one in find_missing(services, note=True, tag=tag)]
    deleted += [Fault("tips_missing", str(one), do) for one in find_missing_files(services)]
    if gone := services.read_keys(lambda keys: services.read(lambda main: gone_files(main, keys))):
        deleted.append(
            Fault(
                "tips_missing", f"files of tips that no rule erased and whose rows are gone or altered: {len(gone)}", do
            )
        )
    do = "find out what the broker does with them, then at the host: satark desk resend"
    if (days := days_without_list(services)) >= _DAYS_CUT_OFF:
        deleted.append(Fault("tips_withheld", f"days for which no list of tips has come from the host: {days}", do))
    if waiting := count_unconfirmed(services, _DAYS_CUT_OFF):
        why = "see that the broker takes them, and at the host whether a head must confirm a key (/desk/roster)"
        deleted.append(Fault("answers_wait", f"answers and keys that the host has not confirmed: {waiting}", why))
    if withheld := count_withheld(services):
        deleted.append(Fault("tips_withheld", f"tips that the host has and that have not come: {withheld}", do))
    return deleted


def machine_faults(services: Services, now: float) -> list[Fault]:
    """Compare what the machines see in the databases, at a Unix time."""
    found, faults = compare_machines(services, now), []
    if found.differing:
        text = f"this machine and others see different rows in the databases: {', '.join(found.differing)}"
        do = "find out who owns the database's server (docs/runbook.md#the-stores-differ)"
        faults.append(Fault("machines_differ", text, do))
    if found.silent:
        text = f"machines of which no note came for hours: {', '.join(found.silent)}"
        do = "see that they run; of one that is gone for good: satark db forget-machine, with the code in brackets"
        faults.append(Fault("machine_silent", text, do))
    if found.absent:
        text = f"machines whose notes this machine was never shown: {found.absent}"
        do = "see that `machines` is their number and that all run; else the database's owner hides rows"
        faults.append(Fault("machine_silent", text, do))
    return faults


class _Looks(msgspec.Struct):
    """What this machine's looks noted, for those of later processes: none runs as long as a delivery may wait."""

    destinations: dict[str, int] = {}
    """Destination → the day of which this machine noted it first."""
    since: dict[str, int] = {}
    """Hash of what waits → end of the six hours, and not the hour, in which that was seen first; Unix time."""
    last: float = 0.0
    """When the last look was."""


class WaitWatch:
    """Finds deliveries, files and replies that nobody handles for hours although no row says that one is late."""

    def __init__(self, services: Services, limit: float) -> None:
        """`limit`: seconds after which what waits is late."""
        self._services, self._file, self._limit = services, services.data_dir / "waits.seen", limit

    def faults(self, now: float) -> list[Fault]:
        """Look once, at a Unix time. This reads every delivery."""
        looks = self._looks()
        # While the machine was off, or if its clock was set, nothing waited.
        earlier = looks.since if 0 <= now - looks.last < self._limit else {}
        known, holders = self._known(looks.destinations, int(now) // 86_400)
        down = self._services.read(read_open_breakers)
        waiting = self._services.read_keys(
            lambda keys: self._services.read(lambda main: _waiting(main, keys, known, holders))
        )
        since = {one: earlier.get(_hashed(one), band_end(int(now))) for one in waiting}
        noted = {_hashed(one): first for one, first in since.items()}
        atomic_files.replace(self._file, [msgspec.json.encode(_Looks(known, noted, now))])
        # Whoever writes rows calls a destination down for the moment of each look.
        limits = {one: max(_DAY, self._limit) if one[1] in down else self._limit for one in waiting}
        if not (late := sum(now - first >= limits[one] for one, first in since.items())):
            return []
        do = "find out who writes to the databases, and tell the desks (docs/runbook.md#the-stores-differ)"
        return [Fault("deliveries_missing", f"deliveries, files and replies that nobody handles: {late}", do)]

    def _looks(self) -> _Looks:
        with suppress(FileNotFoundError, *DECODING_ERRORS):
            return msgspec.json.decode(self._file.read_bytes(), type=_Looks)
        return _Looks()

    def _known(self, earlier: Mapping[str, int], today: int) -> tuple[dict[str, int], dict[str, str]]:
        """Return the destinations, each with the day of which this machine noted it first, and holders of envelopes.

        Each of these holders belongs to one destination, which gets every tip that the holder can open.
        """
        desks = () if self._services.signers().host else self._services.desks()
        holders = {one.name: str(one.destination) for one in desks if one.via != DESK_SINK}
        holders |= {rule.to: rule.to for rule in self._services.destination_rules if rule.recipient}
        names = {rule.to for rule in self._services.destination_rules}.union(holders.values())
        return {name: earlier.get(name, today) for name in sorted(names)}, holders


def _hashed(one: tuple[str, str]) -> str:
    return blake2b(" ".join(one).encode(), digest_size=8).hexdigest()


def _waiting(
    main: Connection, keys: Connection, known: Mapping[str, int], holders: Mapping[str, str]
) -> set[tuple[str, str]]:
    file, reply = tables.file.c, tables.outbox.c
    found = deliveries.undelivered(main, keys, known, holders)
    files = main.execute(select(file.tip, file.ordinal).where(file.state == "due")).all()
    replies = main.execute(select(reply.id).where(reply.state == "due")).scalars()
    return found | {(one.tip, one.ordinal) for one in files} | {(one.hex(), "") for one in replies}


def queue_faults(services: Services, configured: frozenset[str]) -> list[Fault]:
    """Look for replies, files and deliveries that no process handles, dead letters, and destinations that are down."""
    return services.read(lambda connection: list(_queues(connection, configured)))


def server_time(services: Services) -> float | None:
    """Return the Unix time of the database's server; None for SQLite, which uses this machine's clock."""
    if services.main.dialect.name == "sqlite":
        return None
    now: float = services.read(lambda c: c.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
    return float(now)


def try_writing(services: Services) -> None:
    """Delete no row of each table, to find locked ones; write a row to each database and delete it again.

    Nobody waits for these transactions, even if this process or its machine is stopped within one: a row of its own is
    all that it locks, and no transaction is of both databases. On SQLite every write waits for every other.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: a database can't be written, or a table is locked.
    """
    for engine, metadata in ((services.main, tables.main), (services.keys, tables.keys)):
        with engine.begin() as connection:
            _try_writing(connection, metadata)


def try_within(unit: UnitOfWork) -> None:
    """Do as `try_writing` in a transaction of the writer: on SQLite another thread would wait for it."""
    _try_writing(unit.main, tables.main)
    _try_writing(unit.keys, tables.keys)


def _try_writing(connection: Connection, metadata: MetaData) -> None:
    for table in metadata.sorted_tables:
        connection.execute(table.delete().where(false()))
    if metadata is tables.main:
        row, own = tables.key_canary, {"name": token_hex(8), "value": bytes(16)}
    else:
        row, own = tables.erased_tip, {"tag": token_bytes(32)}
    connection.execute(row.insert().values(own))
    (key,) = row.primary_key
    connection.execute(row.delete().where(key == own[key.name]))


def _down(code: str, name: str, error: SQLAlchemyError) -> Fault:
    kind = type(getattr(error, "orig", None) or error).__name__
    do = "start its server, or mend the connection; calls, texts and forms are spooled, chats are sent again"
    return Fault(code, f"the {name} does not answer ({kind})", do, stops=True)


def _unwritable(error: SQLAlchemyError) -> Fault:
    why = str(getattr(error, "orig", "")).lower()
    if "full" in why or "no space" in why or "diskfull" in type(getattr(error, "orig", None)).__name__.lower():
        return Fault(
            "database_full", "the disk of a database is full", "make room at once: nothing can be taken", stops=True
        )
    if "readonly" in why.replace("-", "") or "read only" in why:
        do = "make it writable: its file or disk is read-only, or its server is a standby"
        return Fault("database_read_only", "a database can only be read", do, stops=True)
    kind = type(getattr(error, "orig", None) or error).__name__
    return Fault("database_not_writable", f"a database can't be written ({kind})", "look into its log", stops=True)


def _queues(connection: Connection, configured: frozenset[str]) -> Iterator[Fault]:
    down = read_open_breakers(connection)
    for code, table, overdue, what, do in _QUEUES:
        if count := _stuck(connection, table, overdue, down):
            yield Fault(code, f"{count} {what}", do)
    counts = deliveries.counts(connection)
    if dead := sum(count for (_, state), count in counts.items() if state == "dead_letter"):
        yield Fault(
            "dead_letters", f"{dead} deliveries were given up", "`satark deliveries dead` says why; mend that and retry"
        )
    for name in sorted(down):
        shown = name if name in configured else Destination(name).sink
        yield Fault(
            f"destination_down:{shown}",
            f"the destination {shown} is down; what is for it waits",
            "look at its server and its settings; `satark deliveries list` says what waits and why",
        )


_QUEUES: Final = (
    (
        "replies_wait",
        tables.outbox,
        OVERDUE,
        "replies were not sent in time",
        "see that a process with the role worker runs, and that the provider can be reached from it",
    ),
    (
        "files_wait",
        tables.file,
        FILES_OVERDUE,
        "files of tips were not fetched in time",
        "see that a process with the role worker runs, and that its disk and its isolation work (satark check)",
    ),
    (
        "deliveries_wait",
        tables.delivery,
        OVERDUE,
        "deliveries were not tried in time",
        "see that a process with the role worker runs and loads the sink's plugin",
    ),
)


def _stuck(connection: Connection, table: Table, overdue: int, down: Collection[str]) -> int:
    """Count the rows that are long overdue or failed several times, except rows for destinations that are down."""
    due = table.c.due_at < int(time.time()) - overdue
    query = select(func.count()).select_from(table).where(table.c.state == "due", due | (table.c.attempts >= ATTEMPTS))
    if table is tables.delivery:
        query = query.where(table.c.destination.not_in(down))
    return int(connection.execute(query).scalar_one())


PEER_SECONDS: Final = 20.0
"""Most seconds that one channel or sink may take to ask its peers."""
PEERS_EVERY: Final = 25.0
"""Seconds between two rounds of asking peers, so that a fault is told within a minute."""
_DO: Final = "mend that, it is over by itself; what is for it waits (docs/runbook.md#a-peer-reports-a-fault)"


class FileStoreFinder:
    """Asks the service that has the files in a bucket; a folder is looked at with its disk."""

    name = "storage_url"

    def __init__(self, services: Services) -> None:
        self._services = services

    async def find_faults(self) -> Sequence[str]:
        """Write to the bucket, and compare it with that of the other machines."""
        with suppress(SQLAlchemyError):  # the database's own fault tells
            found = await run_in_thread(compose.storage_problems, self._services)
            return [f"the store of files {one.message}; {one.hint}" for one in found]
        return ()


async def ask_peers(plugins: Iterable[Channel | Sink | FileStoreFinder]) -> list[tuple[str, str]]:
    """Let each channel and sink that can do so ask its peers, all at once; return names of plugins and what is wrong.

    None of these plugins may be open already: this would close it.
    """
    asked = [one for one in plugins if isinstance(one, FaultFinder)]
    found = await asyncio.gather(*(_ask(one) for one in asked))
    return [(one.name, what) for one, many in zip(asked, found, strict=True) for what in many]


class PeerWatch:
    """Asks the peers of one process repeatedly. `make_plugins` makes its channels and sinks anew for that."""

    def __init__(self, make_plugins: Callable[[], Sequence[Channel | Sink | FileStoreFinder]], faults: Faults) -> None:
        self._make_plugins, self._faults = make_plugins, faults
        self._plugins: Sequence[Channel | Sink | FileStoreFinder] | None = None

    async def run(self) -> None:
        """Ask again and again until cancelled. The first round is late, since a start has more urgent work."""
        while True:
            await asyncio.sleep(PEERS_EVERY)
            await self.look_once()

    async def look_once(self) -> None:
        """Ask once; report which faults began and which are over."""
        if self._plugins is None:
            self._plugins = self._make_plugins()
        wrong: dict[str, list[str]] = {}
        for name, what in await ask_peers(self._plugins):
            wrong.setdefault(name, []).append(what)
        found = [Fault(f"peer_fault:{name}", f"{name}: {'; '.join(many)}", _DO) for name, many in wrong.items()]
        self._faults.show("peers", found)


async def _ask(plugin: FaultFinder) -> Sequence[str]:
    try:
        async with asyncio.timeout(PEER_SECONDS):
            return await plugin.find_faults()
    except TimeoutError:
        return [f"does not answer within {PEER_SECONDS:.0f} seconds"]
