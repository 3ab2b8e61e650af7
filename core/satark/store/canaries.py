"""Canaries: values by which the database recognises the key files that it was written with."""

from typing import Final

from sqlalchemy import Connection, delete, select, update

from satark.identity import epoch_keys
from satark.identity.edge_key import Identity
from satark.store import envelopes, tables
from satark.store.unit_of_work import UnitOfWork

EDGE: Final = "edge"
EPOCHS: Final = "epochs"
NAMES: Final = "names"
STORE: Final = "folder"
"""The canary of the store in which the database's files lie."""
KEY_LOST: Final = "its epoch key is lost"
"""Why a file that is still to be fetched is lost with the epoch keys."""
UNDER_EPOCH_KEYS: Final = (
    tables.conversation, tables.alias, tables.provider_message, tables.outbox, tables.reach, tables.handoff_code,
)  # fmt: skip
"""Tables whose rows can't be opened without the epoch keys. The table of conversations comes first."""


def wrong_keys(unit: UnitOfWork, identity: Identity | None) -> list[str]:
    """Return which of `NAMES`, `EDGE` and `EPOCHS` differ from the database's; store in it those that it lacks.

    `identity`: the edge key and the epoch keys, where the process has them.
    """
    own = _own(unit.keys, identity)
    unit.insert_new(tables.key_canary, [{"name": name, "value": value} for name, value in own.items()], "name")
    return differing_keys(unit.main, unit.keys, identity)


def differing_keys(main: Connection, keys: Connection, identity: Identity | None) -> list[str]:
    """Return which of `NAMES`, `EDGE` and `EPOCHS` differ from the database's, and write nothing."""
    stored = {row.name: row.value for row in main.execute(select(tables.key_canary))}
    return [name for name, value in _own(keys, identity).items() if stored.get(name, value) != value]


def take_store(unit: UnitOfWork, own: bytes) -> None:
    """Store the canary of the store of files, if the database has none."""
    unit.insert_new(tables.key_canary, [{"name": STORE, "value": own}], "name")


def is_elsewhere(main: Connection, own: bytes) -> bool:
    """Whether the database's files lie in another store than the one with this canary."""
    stored = main.execute(select(tables.key_canary.c.value).where(tables.key_canary.c.name == STORE)).scalar()
    return stored not in {None, own}


def _own(keys: Connection, identity: Identity | None) -> dict[str, bytes]:
    own = {NAMES: envelopes.tag(keys, "", "canary")}
    return own | ({EDGE: identity.canary, EPOCHS: identity.epochs.file_id} if identity else {})


def ended_with_power(unit: UnitOfWork, identity: Identity) -> bool:
    """Whether the database's epoch keys were in this machine's memory, and died with its power. Locks their canary."""
    query = select(tables.key_canary.c.value).where(tables.key_canary.c.name == EPOCHS)
    stored = unit.main.execute(query.with_for_update()).scalar() or b""
    return epoch_keys.ended_with_power(stored, identity.epochs.file_id)


def forget_drafts(unit: UnitOfWork, identity: Identity) -> int:
    """Erase the drafts, replies and reply handles that other epoch keys sealed. From now on use these epoch keys.

    Their files go with `satark.custody.lost_drafts`, which calls this. For a day, new conversations tell of the loss.

    Returns:
        The number of conversations that were erased.
    """
    here = tables.key_canary.c.name == EPOCHS
    former = unit.main.execute(select(tables.key_canary.c.value).where(here)).scalar() or b""
    erased, *_ = [unit.main.execute(delete(table)).rowcount for table in UNDER_EPOCH_KEYS]
    lost = update(tables.file).where(tables.file.c.state == "due")
    unit.main.execute(lost.values(state="lost", job=b"", due_at=0, reason=KEY_LOST))
    unit.main.execute(update(tables.key_canary).where(here).values(value=identity.epochs.file_id))
    if erased or epoch_keys.made_lately(former, unit.now):
        identity.epochs.note_loss()
    return erased
