"""The plugin's own tables. As in the core's, nothing here is tip content and nobody in it is a tipster."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

metadata = MetaData()

officer = Table(
    "desk_officer",
    metadata,
    Column("desk", String(40), primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("recipient", Text, nullable=False, comment="age recipient of the officer's own key"),
    Column(
        "wrapped", LargeBinary, nullable=False, comment="the officer's key, under what Argon2id makes of a passphrase"
    ),
    Column("salt", LargeBinary(16), nullable=False),
    Column("memory_kib", Integer, nullable=False, comment="of Argon2id, as the next two"),
    Column("passes", Integer, nullable=False),
    Column("lanes", Integer, nullable=False),
    Column("may_listen", Boolean, nullable=False, comment="whether they may hear tipsters' voices"),
    Column("desk_key", LargeBinary, nullable=False, comment="age, to the officer's recipient: officers.DeskKey"),
    comment="who can open a desk's key",
)

queue = Table(
    "desk_queue",
    metadata,
    Column("desk", String(40), primary_key=True),
    Column("tip", String(32), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("arrived", String(20), nullable=False, comment="coarse: date and six-hour band"),
    comment="tips that were delivered to a desk",
)

look = Table(
    "desk_look",
    metadata,
    Column("desk", String(40), primary_key=True),
    Column("officer", String(40), primary_key=True),
    Column("tip", String(32), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("heard", Integer, nullable=False, comment="seq of the tipster's newest message that was shown"),
    Index("desk_look_tip", "tip"),
    comment="which officer has seen a tip, and how much of it",
)
