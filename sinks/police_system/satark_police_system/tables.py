"""The plugin's own tables: which answers were taken. Nothing here is a tip's content or names a person."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, String, Table

metadata = MetaData()

answer = Table(
    "police_answer",
    metadata,
    Column("id", LargeBinary(32), primary_key=True, comment="SHA-256 of the system's name and the request's id"),
    Column("day", Integer, nullable=False, comment="days since 1970, for expiry"),
    Index("police_answer_day", "day"),
    comment="requests of police systems already taken: none is taken twice, none can be replayed",
)

progress = Table(
    "police_progress",
    metadata,
    Column("system", String(40), primary_key=True),
    Column("tip", String(32), primary_key=True),
    Column("sequence", Integer, nullable=False, comment="of the newest answer that was applied"),
    comment="how far the answers about a tip have come, so that an older one that arrives late changes nothing",
)
