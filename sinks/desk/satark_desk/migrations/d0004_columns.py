"""A known browser may have an address at a push service; the read state's nonces have a column of their own."""

from alembic import op
from sqlalchemy import Column, LargeBinary, func, inspect, update

from satark_desk.tables import read_state

revision = "d0004"
down_revision = "d0003"
branch_labels = None
depends_on = None

_NEW = {"desk_known_browser": ("push", LargeBinary()), "desk_read_state": ("nonce", LargeBinary(12))}


def upgrade() -> None:
    """Add the columns, unless they came with the first tables."""
    for table, (name, kind) in _NEW.items():
        if name not in {one["name"] for one in inspect(op.get_bind()).get_columns(table)}:
            op.add_column(table, Column(name, kind, nullable=False, server_default=""))
    op.get_bind().execute(update(read_state).values(nonce=func.substr(read_state.c.sealed, 1, 12)))
    for index in read_state.indexes:
        index.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    """Drop the columns and the index."""
    op.drop_index("desk_read_state_nonce", "desk_read_state")
    for table, (name, _) in _NEW.items():
        op.drop_column(table, name)
