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
        sa.Column("name", sa.String(length=16), nullable=False, comment="edge, epochs or names"),
        sa.Column(
            "value",
            sa.LargeBinary(length=16),
            nullable=False,
            comment="what follows from the right key file, and from no other",
        ),
        sa.PrimaryKeyConstraint("name"),
        comment="which key files this database belongs to",
    )


def _create_flows_and_events() -> None:
    op.create_table(
        "flow",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("canonical", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("hash"),
        comment="flows that sessions are pinned to",
    )
    op.create_table(
        "seen",
        sa.Column(
            "key",
            sa.LargeBinary(length=16),
            nullable=False,
            comment="the day, and a keyed hash of (account, event key)",
        ),
        sa.Column("day", sa.Integer(), nullable=False, comment="days since 1970, for expiry"),
        sa.PrimaryKeyConstraint("key"),
        comment="inbound events that were ingested",
    )
    op.create_index("seen_day", "seen", ["day"], unique=False)


def _create_drafts() -> None:
    op.create_table(
        "conversation",
        sa.Column("id", sa.LargeBinary(length=32), nullable=False, comment="random"),
        sa.Column("draft", sa.LargeBinary(), nullable=False, comment="the session, under the epoch key"),
        sa.Column("handle", sa.LargeBinary(), nullable=False, comment="the reply handle, under the epoch key"),
        sa.Column(
            "due", sa.LargeBinary(), nullable=False, comment="when it expires and is asked about, under the epoch key"
        ),
        sa.Column(
            "ends_by", sa.BigInteger(), nullable=False, comment="end of the band in which it expires, Unix seconds"
        ),
        sa.PrimaryKeyConstraint("id"),
        comment="open sessions; the row is the conversation's lock and is deleted with the session",
    )
    op.create_index("conversation_ends_by", "conversation", ["ends_by"], unique=False)
    op.create_table(
        "alias",
        sa.Column(
            "lookup",
            sa.LargeBinary(length=32),
            nullable=False,
            comment="of the sender's pseudonym, by the epoch key",
        ),
        sa.Column("conversation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="the pseudonym, under the epoch key"),
        sa.PrimaryKeyConstraint("lookup"),
        comment="the pseudonyms of a conversation's sender",
    )
    op.create_index("alias_conversation", "alias", ["conversation"], unique=False)
    op.create_table(
        "handoff_code",
        sa.Column("lookup", sa.LargeBinary(length=16), nullable=False),
        sa.Column(
            "sealed",
            sa.LargeBinary(),
            nullable=False,
            comment="what the code opens; names its conversation only inside",
        ),
        sa.Column("expires_at", sa.BigInteger(), nullable=False, comment="Unix seconds"),
        sa.PrimaryKeyConstraint("lookup"),
        comment="codes that move a draft to another channel, by a keyed and memory-hard look-up",
    )
    op.create_index("handoff_code_expires_at", "handoff_code", ["expires_at"], unique=False)


def _create_replies() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False, comment="order within the conversation"),
        sa.Column("conversation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("call", sa.LargeBinary(), nullable=False, comment="the provider call, under the epoch key"),
        sa.Column(
            "state",
            sa.String(length=12),
            nullable=False,
            comment="due, sent (its fallback may be needed) or dead_letter",
        ),
        sa.Column("must_arrive", sa.Boolean(), nullable=False, comment="sent even if a newer reply supersedes it"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column(
            "due_at",
            sa.BigInteger(),
            nullable=False,
            comment="Unix seconds; once sent or dead, of a six-hour band",
        ),
        sa.Column("reason", sa.String(length=80), nullable=False, comment="of the last failure: a code, never content"),
        sa.PrimaryKeyConstraint("id"),
        comment="replies: sent from memory after the commit, from here after a crash",
    )
    op.create_index("outbox_conversation", "outbox", ["conversation"], unique=False)
    op.create_index("outbox_due", "outbox", ["state", "due_at"], unique=False)
    op.create_table(
        "provider_message",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("conversation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="the provider's message id, under the epoch key"),
        sa.Column("expires_at", sa.BigInteger(), nullable=False, comment="end of a six-hour band, Unix seconds"),
        sa.PrimaryKeyConstraint("id"),
        comment="ids of messages that can be deleted when their conversation ends",
    )
    op.create_index("provider_message_conversation", "provider_message", ["conversation"], unique=False)
    op.create_index("provider_message_expires_at", "provider_message", ["expires_at"], unique=False)
