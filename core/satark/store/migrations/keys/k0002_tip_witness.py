"""The key store's own count of tips."""

from alembic import op

from satark.store.tables import tip_witness

revision = "k0002"
down_revision = "k0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, unless it came with the first ones."""
    tip_witness.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    """Drop the table."""
    tip_witness.drop(op.get_bind())
