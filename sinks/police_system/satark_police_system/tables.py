"""The plugin's own tables: the ids of processed requests. They hold no content of a tip and no person."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, String, Table

metadata = MetaData()

seen_request = Table(
    "police_seen_request",
    metadata,
    Column("id", LargeBinary(32), primary_key=True, comment="SHA-256 of the system's name and the request's id"),
    Column("day", Integer, nullable=False, comment="days since 1970, for expiry"),
    Index("police_seen_request_day", "day"),
    comment="ids of processed requests of police systems, so that none is processed twice or replayed",
)

answer_sequence = Table(
    "police_answer_sequence",
    metadata,
    Column("system", String(40), primary_key=True),
    Column("tip", String(32), primary_key=True),
    Column("sequence", Integer, nullable=False, comment="of the newest answer that was applied"),
    comment="highest sequence number of a system's answers about a tip, so that an older one changes no status",
)
