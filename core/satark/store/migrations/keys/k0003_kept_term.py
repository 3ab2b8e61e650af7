"""Which terms are the newest."""

from alembic import op

from satark.store.tables import kept_term

revision = "k0003"
down_revision = "k0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, unless it came with the first ones."""
    kept_term.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    """Drop the table."""
    kept_term.drop(op.get_bind())
