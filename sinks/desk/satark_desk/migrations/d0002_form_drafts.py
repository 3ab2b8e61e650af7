"""Forms that officers have not finished are kept in the database, sealed."""

from alembic import op

from satark_desk.tables import form_draft

revision = "d0002"
down_revision = "d0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, unless it came with the first ones."""
    form_draft.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    """Drop the table."""
    form_draft.drop(op.get_bind())
