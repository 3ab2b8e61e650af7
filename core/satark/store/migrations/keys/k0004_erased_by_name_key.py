"""Entries of the list of erased tips, which only the name key makes: a former edge key had rows erased."""

from alembic import op
from sqlalchemy import select, update

from satark.store.tables import erased_tip
from satark.store.tip_counts import erased_entry

revision = "k0004"
down_revision = "k0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Vouch for the entries that are there."""
    bind = op.get_bind()
    for link in bind.execute(select(erased_tip.c.tag)).scalars().all():
        bind.execute(update(erased_tip).where(erased_tip.c.tag == link).values(tag=erased_entry(bind, link)))


def downgrade() -> None:
    """Leave them: the tables go."""
