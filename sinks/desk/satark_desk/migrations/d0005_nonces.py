"""A row of the read state has its nonce in a column of its own, so that an opening reads no more of it."""

from alembic import op
from sqlalchemy import Column, LargeBinary, func, inspect, update

from satark_desk.tables import read_state

revision = "d0005"
down_revision = "d0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, unless it came with the first tables."""
    if "nonce" not in {one["name"] for one in inspect(op.get_bind()).get_columns("desk_read_state")}:
        op.add_column("desk_read_state", Column("nonce", LargeBinary(12), nullable=False, server_default=""))
    op.get_bind().execute(update(read_state).values(nonce=func.substr(read_state.c.sealed, 1, 12)))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("desk_read_state", "nonce")
