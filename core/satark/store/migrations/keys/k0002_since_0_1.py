"""Tables that the key store got after 0.1.0: its own count of tips, the newest terms, tips' new keys; tags of rows."""

from alembic import op
from sqlalchemy import delete, select, update

from satark.store.envelopes import vouch
from satark.store.tables import envelope, erased_tip, kept_term, renewal, tip_witness
from satark.store.tip_counts import erased_entry

revision = "k0002"
down_revision = "k0001"
branch_labels = None
depends_on = None

_TABLES = (tip_witness, kept_term, renewal)


def upgrade() -> None:
    """Create the tables, and tag the list of erased tips and each tip's rows."""
    bind = op.get_bind()
    for table in _TABLES:
        table.create(bind, checkfirst=True)
    for link in bind.execute(select(erased_tip.c.tag)).scalars().all():
        bind.execute(update(erased_tip).where(erased_tip.c.tag == link).values(tag=erased_entry(bind, link)))
    for tip in bind.execute(select(envelope.c.tip).distinct()).scalars().all():
        vouch(bind, tip)


def downgrade() -> None:
    """Drop the tables, and what vouches for rows."""
    op.get_bind().execute(delete(envelope).where(envelope.c.sealed == b""))
    for table in _TABLES:
        table.drop(op.get_bind())
