"""Create the tables of conversations: flows, inbound events, drafts and replies."""

import sqlalchemy as sa
from alembic import op

revision = "c0001"
down_revision = None
branch_labels = ("core",)
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _create_canaries()
    _create_flows_and_events()
    _create_drafts()
    _create_replies()


def downgrade() -> None:
    """Drop the tables."""
    for table in ("provider_message", "outbox", "handoff_code", "alias", "conversation", "seen", "flow", "key_canary"):
        op.drop_table(table)


def _create_canaries() -> None:
    op.create_table(
        "key_canary",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("value", sa.LargeBinary(length=16), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _create_flows_and_events() -> None:
    op.create_table(
        "flow",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("canonical", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_table(
        "seen",
        sa.Column("key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("seen_day", "seen", ["day"], unique=False)


def _create_drafts() -> None:
    op.create_table(
        "conversation",
        sa.Column("id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("draft", sa.LargeBinary(), nullable=False),
        sa.Column("handle", sa.LargeBinary(), nullable=False),
        sa.Column("due", sa.LargeBinary(), nullable=False),
        sa.Column("ends_by", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("conversation_ends_by", "conversation", ["ends_by"], unique=False)
    op.create_table(
        "alias",
        sa.Column("lookup", sa.LargeBinary(length=32), nullable=False),
        sa.Column("conversation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("lookup"),
    )
    op.create_index("alias_conversation", "alias", ["conversation"], unique=False)
    op.create_table(
        "handoff_code",
        sa.Column("lookup", sa.LargeBinary(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("lookup"),
    )
    op.create_index("handoff_code_expires_at", "handoff_code", ["expires_at"], unique=False)


def _create_replies() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("conversation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("call", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("must_arrive", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.Column("wait", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("outbox_conversation", "outbox", ["conversation"], unique=False)
    op.create_index("outbox_due", "outbox", ["state", "due_at"], unique=False)
    op.create_table(
        "provider_message",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("conversation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("provider_message_conversation", "provider_message", ["conversation"], unique=False)
    op.create_index("provider_message_expires_at", "provider_message", ["expires_at"], unique=False)
