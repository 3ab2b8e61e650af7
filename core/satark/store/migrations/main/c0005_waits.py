"""Store how long each due row waits: if a clock was ahead, this shows which due times are too late."""

import sqlalchemy as sa
from alembic import op

revision = "c0005"
down_revision = "c0004"
branch_labels = None
depends_on = None

TABLES = ("outbox", "file", "delivery")


def upgrade() -> None:
    """Add the column."""
    for table in TABLES:
        column = sa.Column("wait", sa.Integer(), server_default="0", nullable=False)
        op.add_column(table, column)


def downgrade() -> None:
    """Drop the column."""
    for table in TABLES:
        op.drop_column(table, "wait")
