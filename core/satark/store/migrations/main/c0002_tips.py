"""Create the tables of tips: their messages, evidence, deliveries, retention and custody."""

import sqlalchemy as sa
from alembic import op

revision = "c0002"
down_revision = "c0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _create_tips()
    _create_messages()
    _create_evidence()
    _create_deliveries()
    _create_retention()
    _create_custody()


def downgrade() -> None:
    """Drop the tables."""
    for table in (
        "custody_head",
        "custody",
        "retention_key",
        "retention",
        "open_breaker",
        "delivery",
        "file",
        "reach",
        "message",
        "receipt",
        "tip",
    ):
        op.drop_table(table)


def _create_tips() -> None:
    op.create_table(
        "tip",
        sa.Column("id", sa.String(length=32), nullable=False, comment="random; the session's"),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False, comment="the tip's age recipient"),
        sa.Column("receipt_recipient", sa.Text(), nullable=False, comment="the receipt's age recipient"),
        sa.Column(
            "key_changes",
            sa.LargeBinary(),
            nullable=False,
            comment="new keys of the tip since it was submitted: routing.tip_keys.TipKeyChange",
        ),
        sa.Column("document", sa.LargeBinary(), nullable=False, comment="age, to the tip's recipient: tip.Tip"),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
        comment="confirmed tips",
    )
    op.create_table(
        "receipt",
        sa.Column("lookup", sa.LargeBinary(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="what the code opens; names its tip only inside"),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column(
            "link",
            sa.LargeBinary(length=16),
            nullable=False,
            comment="keyed link of the tip, to find the row when it is erased",
        ),
        sa.Column("erased", sa.Integer(), nullable=True, comment="day on which the tip was erased; null: it was not"),
        sa.PrimaryKeyConstraint("lookup"),
        comment="receipt codes, by a keyed and memory-hard look-up",
    )


def _create_messages() -> None:
    op.create_table(
        "message",
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="age: tip.Message"),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column(
            "notified", sa.Boolean(), nullable=False, comment="whether a tipster who may be reached was notified of it"
        ),
        sa.PrimaryKeyConstraint("tip", "seq"),
        comment="messages between the desks and the tipster",
    )
    op.create_index("message_notified", "message", ["notified"], unique=False)
    op.create_table(
        "reach",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False, comment="keyed link of the tip"),
        sa.Column(
            "sender",
            sa.LargeBinary(length=32),
            nullable=False,
            comment="look-up of the sender's pseudonym, by the epoch key",
        ),
        sa.Column("handle", sa.LargeBinary(), nullable=False, comment="under the epoch key"),
        sa.Column("expires_at", sa.BigInteger(), nullable=False, comment="end of a six-hour band, Unix seconds"),
        sa.PrimaryKeyConstraint("id"),
        comment="reply handles of tipsters who asked to be reached",
    )
    op.create_index("reach_sender", "reach", ["sender"], unique=False)


def _create_evidence() -> None:
    op.create_table(
        "file",
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.Column("ordinal", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False, comment="due, sealed or lost"),
        sa.Column(
            "job", sa.LargeBinary(), nullable=False, comment="what to fetch, under the epoch key; emptied when done"
        ),
        sa.Column("record", sa.LargeBinary(), nullable=False, comment="age, to the tip's recipient: tip.Evidence"),
        sa.Column(
            "record_with_origin",
            sa.LargeBinary(),
            nullable=False,
            comment="as record, with tip.Origin; emptied once the tipster decided whether the desks may know it",
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column(
            "due_at",
            sa.BigInteger(),
            nullable=False,
            comment="Unix seconds; 0 when done",
        ),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("tip", "ordinal"),
        comment="evidence: to be fetched, or sealed in the evidence folder",
    )
    op.create_index("file_due", "file", ["state", "due_at"], unique=False)


def _create_deliveries() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column(
            "tip",
            sa.String(length=50),
            nullable=False,
            comment="id of a tip, or of a notification: <kind>:<what>",
        ),
        sa.Column("destination", sa.String(length=80), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False, comment="due, blocked, done or dead_letter"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column(
            "due_at",
            sa.BigInteger(),
            nullable=False,
            comment="Unix seconds; once done or dead, of a six-hour band",
        ),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tip", "destination", "revision"),
        comment="one revision of a tip for one destination",
    )
    op.create_index("delivery_due", "delivery", ["state", "destination", "due_at"], unique=False)
    op.create_table(
        "open_breaker",
        sa.Column("destination", sa.String(length=80), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("half_open_at", sa.BigInteger(), nullable=False, comment="when the next trial is due, Unix seconds"),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column(
            "reason", sa.String(length=200), nullable=False, comment="of the last failure: a code, never content"
        ),
        sa.PrimaryKeyConstraint("destination"),
        comment="open circuit breakers: destinations that are down",
    )


def _create_retention() -> None:
    op.create_table(
        "retention",
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.Column(
            "sealed",
            sa.LargeBinary(),
            nullable=False,
            comment="age, to the retention key: retention.schedule.Term",
        ),
        sa.PrimaryKeyConstraint("tip"),
        comment="when tips are due to be erased, readable for the scheduled job alone",
    )
    op.create_table(
        "retention_key",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False, comment="age recipient of the terms"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="its private half, under the edge key"),
        sa.PrimaryKeyConstraint("id"),
        comment="the key that desks seal terms to, and the scheduled job opens",
    )


def _create_custody() -> None:
    op.create_table(
        "custody",
        sa.Column(
            "position",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="order among all tips, 1 upwards",
        ),
        sa.Column(
            "tip", sa.String(length=32), nullable=False, comment="or `officers`: an officer's act, whose tip is sealed"
        ),
        sa.Column("seq", sa.Integer(), nullable=False, comment="order within the tip, 1 upwards"),
        sa.Column("file", sa.String(length=8), nullable=False, comment="ordinal of the file; empty: the whole tip"),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("entry", sa.LargeBinary(length=32), nullable=False, comment="SHA-256 of the entry, which is salted"),
        sa.Column(
            "content",
            sa.LargeBinary(length=32),
            nullable=False,
            comment="SHA-256 of what was sealed; of nothing: an erasure",
        ),
        sa.Column(
            "sealed",
            sa.LargeBinary(),
            nullable=False,
            comment="age: custody.chain.LogEntry, audit.entries.SignedAct",
        ),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False, comment="over the tip's row before, and this one"),
        sa.Column(
            "link", sa.LargeBinary(length=32), nullable=False, comment="over the row before of any tip, and this one"
        ),
        sa.PrimaryKeyConstraint("position"),
        sa.UniqueConstraint("tip", "seq"),
        comment="who did what with a tip: two hash chains, `satark audit verify` checks them",
    )
    op.create_table(
        "custody_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("link", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        comment="head of the custody log; the row is the log's lock",
    )
