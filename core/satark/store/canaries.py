"""Canaries: values by which the database recognises the key files that it was written with."""

from typing import Final

from sqlalchemy import Connection, delete, select

from satark.identity.edge_key import Identity
from satark.identity.epoch_keys import made_lately
from satark.store import envelopes, epochs, tables
from satark.store.unit_of_work import UnitOfWork

EDGE: Final = "edge"
NAMES: Final = "names"
STORE: Final = "folder"
"""The canary of the store of files that the database uses."""
UNDER_EPOCH_KEYS: Final = (
    tables.conversation, tables.alias, tables.provider_message, tables.outbox, tables.reach, tables.handoff_code,
)  # fmt: skip
"""Tables whose rows can't be opened without the epoch keys. The table of conversations must come first."""


def wrong_keys(unit: UnitOfWork, identity: Identity | None) -> list[str]:
    """Return which of the keys `NAMES` and `EDGE` differ from the database's. Store canaries that the database lacks.

    `identity`: the edge key, if the process has it.
    """
    own = _own(unit.keys, identity)
    unit.insert_new(tables.key_canary, [{"name": name, "value": value} for name, value in own.items()], "name")
    return differing_keys(unit.main, unit.keys, identity)


def differing_keys(main: Connection, keys: Connection, identity: Identity | None) -> list[str]:
    """Return which of the keys `NAMES` and `EDGE` differ from the database's. Write nothing."""
    stored = {row.name: row.value for row in main.execute(select(tables.key_canary))}
    return [name for name, value in _own(keys, identity).items() if stored.get(name, value) != value]


def take_store(unit: UnitOfWork, own: bytes) -> None:
    """Store the canary of the store of files, if the database has none."""
    unit.insert_new(tables.key_canary, [{"name": STORE, "value": own}], "name")


def is_elsewhere(main: Connection, own: bytes) -> bool:
    """Whether the database uses another store of files than the one with this canary."""
    stored = main.execute(select(tables.key_canary.c.value).where(tables.key_canary.c.name == STORE)).scalar()
    return stored not in {None, own}


def _own(keys: Connection, identity: Identity | None) -> dict[str, bytes]:
    own = {NAMES: envelopes.tag(keys, "", "canary")}
    return own | ({EDGE: identity.canary} if identity else {})


def forget_drafts(unit: UnitOfWork, identity: Identity) -> int:
    """Erase the drafts, replies and reply handles that epoch keys sealed; return how many conversations.

    Other epoch keys are used from then on, and for a day, new conversations tell of the loss.
    `satark.custody.lost_drafts` calls this and erases the files.
    """
    erased, *_ = [unit.main.execute(delete(table)).rowcount for table in UNDER_EPOCH_KEYS]
    former = epochs.start_anew(unit, identity.epochs)
    if erased or any(made_lately(machine, unit.now) for machine in former):
        identity.epochs.note_loss()
    return erased
