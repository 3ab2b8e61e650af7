"""The first tables of the core. A new database gets the present ones instead: see `satark.store.migrations`."""

from alembic import op

from satark.store import tables

revision = "core1"
down_revision = None
branch_labels = ("core",)
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    tables.main.create_all(op.get_bind())


def downgrade() -> None:
    """Drop the tables."""
    tables.main.drop_all(op.get_bind())
