"""Each desk's sealed index of its tips, and the count of tips that an older copy lacks."""

from alembic import op

from satark.store.tables import tip_count, tip_index

revision = "c0002"
down_revision = "c0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, unless they came with the first ones."""
    tip_index.create(op.get_bind(), checkfirst=True)
    tip_count.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    """Drop the tables."""
    tip_index.drop(op.get_bind())
    tip_count.drop(op.get_bind())
