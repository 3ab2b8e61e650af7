"""From which row of the log an audit key signs. What the key before it signed after that row is forged."""

from alembic import op
from sqlalchemy import BigInteger, Column, inspect

revision = "c0007"
down_revision = "c0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, unless it came with the table. Keys from before don't say it; their signature is as it was."""
    if "since" not in {one["name"] for one in inspect(op.get_bind()).get_columns("audit_key")}:
        op.add_column("audit_key", Column("since", BigInteger, nullable=False, server_default="0"))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("audit_key", "since")
