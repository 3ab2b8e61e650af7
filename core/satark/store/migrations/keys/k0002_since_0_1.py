"""Tables that the key store got after 0.1.0: its own count of tips, the newest terms, tags of erased tips."""

from alembic import op
from sqlalchemy import select, update

from satark.store.tables import erased_tip, kept_term, tip_witness
from satark.store.tip_counts import erased_entry

revision = "k0002"
down_revision = "k0001"
branch_labels = None
depends_on = None

_TABLES = (tip_witness, kept_term)


def upgrade() -> None:
    """Create the tables, and tag the list of erased tips."""
    bind = op.get_bind()
    for table in _TABLES:
        table.create(bind, checkfirst=True)
    for link in bind.execute(select(erased_tip.c.tag)).scalars().all():
        bind.execute(update(erased_tip).where(erased_tip.c.tag == link).values(tag=erased_entry(bind, link)))


def downgrade() -> None:
    """Drop the tables."""
    for table in _TABLES:
        table.drop(op.get_bind())
