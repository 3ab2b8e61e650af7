"""The plugin's own tables. As in the core, they hold no content of a tip and no tipster."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

metadata = MetaData()

officer = Table(
    "desk_officer",
    metadata,
    Column("desk", String(40), primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("recipient", Text, nullable=False, comment="age recipient of the officer's own key"),
    Column("wrapped", LargeBinary, nullable=False, comment="the officer's private key, encrypted with a passphrase"),
    Column("salt", LargeBinary(16), nullable=False),
    Column("memory_kib", Integer, nullable=False, comment="parameter of Argon2id, as the next two"),
    Column("passes", Integer, nullable=False),
    Column("lanes", Integer, nullable=False),
    Column("may_listen", Boolean, nullable=False, comment="whether they may hear tipsters' voices"),
    Column("desk_key", LargeBinary, nullable=False, comment="age, to the officer's recipient: officers.DeskKey"),
    comment="officers who can unlock a desk",
)

queue = Table(
    "desk_queue",
    metadata,
    Column("desk", String(40), primary_key=True),
    Column("tip", String(32), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("delivered", String(20), nullable=False, comment="date and six-hour band"),
    comment="tips that were delivered to a desk",
)

read_state = Table(
    "desk_read_state",
    metadata,
    Column("desk", String(40), primary_key=True),
    Column("officer", String(40), primary_key=True),
    Column("tip", String(32), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column(
        "last_message", Integer, nullable=False, comment="seq of the newest message from the tipster that was shown"
    ),
    Index("desk_read_state_tip", "tip"),
    comment="how much of a tip an officer has seen",
)
