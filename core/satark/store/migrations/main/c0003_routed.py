"""Who had a tip first, for its files that are under way."""

from alembic import op
from sqlalchemy import Column, LargeBinary, inspect

revision = "c0003"
down_revision = "c0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, unless it came with the table."""
    if "routed" not in {one["name"] for one in inspect(op.get_bind()).get_columns("tip")}:
        op.add_column("tip", Column("routed", LargeBinary, nullable=True))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("tip", "routed")
