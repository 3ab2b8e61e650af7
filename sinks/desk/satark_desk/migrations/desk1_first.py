"""The first tables of the desk."""

from alembic import op

from satark_desk.tables import metadata

revision = "desk1"
down_revision = None
branch_labels = ("desk",)
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    """Drop the tables."""
    metadata.drop_all(op.get_bind())
