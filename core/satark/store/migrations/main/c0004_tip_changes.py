"""Create the table of tip changes."""

import sqlalchemy as sa
from alembic import op

revision = "c0004"
down_revision = "c0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "tip_change",
        sa.Column(
            "position",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="order of the commits; on PostgreSQL the transaction's id",
        ),
        sa.Column(
            "tip", sa.String(length=32), nullable=False, comment="whose messages, files or keys changed; empty: erased"
        ),
        sa.PrimaryKeyConstraint("position", "tip"),
        comment="which tips changed lately, so that desks read only those again",
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("tip_change")
