"""Create the tables of desks: their roster and audit keys, and desks in remote offices."""

import sqlalchemy as sa
from alembic import op

revision = "c0003"
down_revision = "c0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _create_desks()
    _create_audit_keys()
    _create_offices()
    _create_host()
    _create_transfers()


def downgrade() -> None:
    """Drop the tables."""
    for table in (
        "chunk",
        "announced_file",
        "sent_transfer",
        "former_key",
        "office_outbox",
        "host_link",
        "received_answer",
        "office",
        "audit_key_copy",
        "audit_key",
        "roster_proposal",
        "desk",
    ):
        op.drop_table(table)


def _create_desks() -> None:
    op.create_table(
        "desk",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("via", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "roster_proposal",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("attachment", sa.LargeBinary(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _create_audit_keys() -> None:
    op.create_table(
        "audit_key",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("verifier", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=64), nullable=False),
        sa.Column("former", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("desk", "number"),
    )
    op.create_table(
        "audit_key_copy",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=90), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("desk", "number", "holder"),
    )


def _create_offices() -> None:
    op.create_table(
        "office",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("verifier", sa.String(length=64), nullable=False),
        sa.Column("answer_verifier", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("desk"),
    )
    op.create_table(
        "received_answer",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("received_answer_tip", "received_answer", ["tip"], unique=False)


def _create_host() -> None:
    op.create_table(
        "host_link",
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("verifier", sa.String(length=64), nullable=False),
        sa.Column("directory", sa.BigInteger(), nullable=False),
        sa.Column("destination_rules", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("recipient"),
    )
    op.create_table(
        "office_outbox",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("office_outbox_tip", "office_outbox", ["tip"], unique=False)
    op.create_table(
        "former_key",
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("recipient"),
    )


def _create_transfers() -> None:
    op.create_table(
        "sent_transfer",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("transfer_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("chunks", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("desk", "transfer_id"),
    )
    op.create_table(
        "announced_file",
        sa.Column("transfer_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.Column("ordinal", sa.String(length=8), nullable=False),
        sa.Column("form", sa.String(length=10), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("transfer_id"),
    )
    op.create_index("announced_file_tip", "announced_file", ["tip", "ordinal"], unique=False)
    op.create_table(
        "chunk",
        sa.Column("transfer_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("transfer_id", "number"),
    )
