"""Seal what officers have seen of a tip under the tip's key. What was recorded before is deleted: every tip is new."""

import sqlalchemy as sa
from alembic import op

revision = "d0003"
down_revision = "d0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Replace the table."""
    op.drop_table("desk_read_state")
    op.create_table(
        "desk_read_state",
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tip"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Restore the former table."""
    op.drop_table("desk_read_state")
    op.create_table(
        "desk_read_state",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("officer", sa.String(length=40), nullable=False),
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("last_message", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("desk", "officer", "tip"),
    )
    op.create_index("desk_read_state_tip", "desk_read_state", ["tip"], unique=False)
