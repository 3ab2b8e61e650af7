"""A known browser may have an address at a push service."""

from alembic import op
from sqlalchemy import Column, LargeBinary, inspect

revision = "d0004"
down_revision = "d0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, unless it came with the first tables."""
    if "push" not in {one["name"] for one in inspect(op.get_bind()).get_columns("desk_known_browser")}:
        op.add_column("desk_known_browser", Column("push", LargeBinary, nullable=False, server_default=""))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("desk_known_browser", "push")
