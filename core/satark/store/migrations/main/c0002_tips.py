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
        "tip_change",
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
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("receipt_recipient", sa.Text(), nullable=False),
        sa.Column("key_changes", sa.LargeBinary(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tip_change",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("position", "tip"),
    )
    op.create_table(
        "receipt",
        sa.Column("lookup", sa.LargeBinary(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("link", sa.LargeBinary(length=16), nullable=False),
        sa.Column("erased", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("lookup"),
        sqlite_with_rowid=False,
    )


def _create_messages() -> None:
    op.create_table(
        "message",
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("notified", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tip", "seq"),
        sqlite_with_rowid=False,
    )
    op.create_index("message_notified", "message", ["notified"], unique=False)
    op.create_table(
        "reach",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("sender", sa.LargeBinary(length=32), nullable=False),
        sa.Column("handle", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index("reach_sender", "reach", ["sender"], unique=False)


def _create_evidence() -> None:
    op.create_table(
        "file",
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.Column("ordinal", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("job", sa.LargeBinary(), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("record_with_origin", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.Column("wait", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("tip", "ordinal"),
        sqlite_with_rowid=False,
    )
    op.create_index("file_due", "file", ["state", "due_at"], unique=False)


def _create_deliveries() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("tip", sa.String(length=50), nullable=False),
        sa.Column("destination", sa.String(length=80), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("wait", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tip", "destination", "revision"),
        sqlite_with_rowid=False,
    )
    op.create_index("delivery_due", "delivery", ["state", "destination", "due_at"], unique=False)
    op.create_table(
        "open_breaker",
        sa.Column("destination", sa.String(length=80), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("half_open_at", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("destination"),
    )


def _create_retention() -> None:
    op.create_table(
        "retention",
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tip"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "retention_key",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _create_custody() -> None:
    op.create_table(
        "custody",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(length=8), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("entry", sa.LargeBinary(length=32), nullable=False),
        sa.Column("content", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("link", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("position"),
        sa.UniqueConstraint("tip", "seq"),
    )
    op.create_table(
        "custody_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("link", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
