"""The first tables of the key store. A new database gets the present ones instead: see `satark.store.migrations`."""

from alembic import op

from satark.store import tables

revision = "keys1"
down_revision = None
branch_labels = ("keys",)
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    tables.keys.create_all(op.get_bind())


def downgrade() -> None:
    """Drop the tables."""
    tables.keys.drop_all(op.get_bind())
