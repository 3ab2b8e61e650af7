"""Which terms are the newest, and entries of the list of erased tips that only the name key makes."""

from alembic import op
from sqlalchemy import select, update

from satark.store.tables import erased_tip, kept_term
from satark.store.tip_counts import erased_entry

revision = "k0003"
down_revision = "k0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, unless it came with the first ones, and vouch for the entries that are there."""
    bind = op.get_bind()
    kept_term.create(bind, checkfirst=True)
    for link in bind.execute(select(erased_tip.c.tag)).scalars().all():
        bind.execute(update(erased_tip).where(erased_tip.c.tag == link).values(tag=erased_entry(bind, link)))


def downgrade() -> None:
    """Drop the table."""
    kept_term.drop(op.get_bind())
