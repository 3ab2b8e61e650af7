"""Tables and the spool as records: all rows of a database of any kind, except those that no restore could open."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import Connection, MetaData, Table, exists, inspect, select

from satark.backup.sealed_stream import Record
from satark.identity.edge_key import BrokenSeal, Identity
from satark.identity.epoch_keys import Epoch, EpochKeys
from satark.ingest.spool import Spool
from satark.store import canaries, tables

_AT_ONCE: Final = 500
_VERSIONS: Final = ("alembic_version", "alembic_version_keys")
_RUNNING: Final = (tables.tip_change, tables.tip_index, tables.epoch_key, tables.epoch_machine)
LEFT_OUT: Final = frozenset(table.name for table in (*canaries.UNDER_EPOCH_KEYS, *_RUNNING))
"""Tables that no backup has: drafts, replies and reply handles, whose epoch keys are never copied, and the tables of
running processes: the order of changes, and the list of epochs."""
MADE_AT_START: Final = (
    tables.key_canary, tables.flow, tables.retention_key, tables.kept_term, tables.epoch_key, tables.epoch_machine,
)  # fmt: skip
"""Tables that the first start of a process fills."""


def main_records(connection: Connection) -> Iterator[Record]:
    """Yield the rows of the main database, including those of plugins, in this connection's snapshot."""
    others = {*_VERSIONS, *LEFT_OUT, *tables.keys.tables}
    for table in _tables(connection, others):
        query = select(table)
        if table.name == tables.file.name:
            query = query.where(exists().where(tables.tip.c.id == table.c.tip))  # the others are of drafts
        yield from _records(connection, table, query)


def key_records(connection: Connection) -> Iterator[Record]:
    for table in _tables(connection, set(_VERSIONS) | set(tables.main.tables)):
        if table.name in tables.keys.tables:
            yield from _records(connection, table, select(table))


def load(connection: Connection, records: Iterable[Record]) -> dict[str, int]:
    """Insert records into the empty tables of a database; return the number of rows by table.

    Raises:
        sqlalchemy.exc.NoSuchTableError: the database lacks a table, because the table's plugin is not loaded.
    """
    known: dict[str, Table] = {}
    counts: dict[str, int] = {}
    for record in records:
        name, columns, rows = record["table"], record["columns"], record["rows"]
        if name not in known:
            known[name] = Table(name, MetaData(), autoload_with=connection)
        connection.execute(known[name].insert(), [dict(zip(columns, row, strict=True)) for row in rows])
        counts[name] = counts.get(name, 0) + len(rows)
    return counts


def filled_tables(connection: Connection) -> list[str]:
    """Return the tables of a database that have rows, except those that a new database has."""
    found = _tables(connection, {*_VERSIONS, *(table.name for table in MADE_AT_START)})
    return [table.name for table in found if connection.execute(select(table).limit(1)).first() is not None]


def _tables(connection: Connection, without: set[str]) -> list[Table]:
    names = sorted(set(inspect(connection).get_table_names()) - without)
    return [Table(name, MetaData(), autoload_with=connection) for name in names]


def _records(connection: Connection, table: Table, query: Any) -> Iterator[Record]:
    columns = [str(column.name) for column in table.columns]
    for rows in connection.execute(query.execution_options(yield_per=_AT_ONCE)).partitions():
        cells = [[_without_job(table, column, cell) for column, cell in zip(columns, row, strict=True)] for row in rows]
        yield {"table": str(table.name), "columns": columns, "rows": cells}


def _without_job(table: Table, column: str, cell: Any) -> Any:
    """Leave out the job of a file that is still to be fetched: the job is sealed under an epoch key."""
    return b"" if table.name == tables.file.name and column == "job" else cell


def spool_records(spool: Spool, identity: Identity) -> Iterator[Record]:
    """Yield an epoch for this backup alone, then each waiting batch, sealed anew under it.

    The spool's epoch keys are never copied: they would open batches that were replayed and deleted. A batch that is
    replayed meanwhile is in the database.
    """
    fresh = identity.with_epochs(EpochKeys.in_memory())
    yield {"epoch": [*fresh.epochs.current()]}
    for name in spool.names():
        with suppress(FileNotFoundError, BrokenSeal):
            channel, batch = spool.open(name)
            yield {"channel": channel, "name": name, "sealed": fresh.seal_batch(batch, name.encode())}


def restore_spool(spool: Spool, identity: Identity, records: Iterable[Record]) -> int:
    """Spool the batches of a backup; return how many.

    Raises:
        BrokenSeal: the edge key is not the backup's.
        SpoolFull: the settings allow fewer batches.
    """
    opener, count = identity.with_epochs(EpochKeys.in_memory()), 0
    for record in records:
        if "epoch" in record:
            opener.epochs.add(Epoch(*record["epoch"]))
        else:
            spool.add(record["channel"], opener.open_batch(record["sealed"], record["name"].encode()))
            count += 1
    return count
