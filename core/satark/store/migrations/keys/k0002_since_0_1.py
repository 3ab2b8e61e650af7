"""What came to the key store after 0.1.0: its own count of tips, and which terms are the newest."""

from alembic import op

from satark.store.tables import kept_term, tip_witness

revision = "k0002"
down_revision = "k0001"
branch_labels = None
depends_on = None

_TABLES = (tip_witness, kept_term)


def upgrade() -> None:
    """Create the tables."""
    for table in _TABLES:
        table.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    """Drop the tables."""
    for table in _TABLES:
        table.drop(op.get_bind())
