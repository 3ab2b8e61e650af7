"""Which key signs a tip's terms: tips from before have none, and are kept."""

from alembic import op
from sqlalchemy import Column, LargeBinary, inspect

revision = "c0004"
down_revision = "c0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, unless it came with the table."""
    if "keeper" not in {one["name"] for one in inspect(op.get_bind()).get_columns("retention")}:
        op.add_column("retention", Column("keeper", LargeBinary, nullable=False, server_default=""))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("retention", "keeper")
