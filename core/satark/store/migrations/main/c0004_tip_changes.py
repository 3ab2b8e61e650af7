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
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("position", "tip"),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("tip_change")
