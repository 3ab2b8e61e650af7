"""The first tables of the police systems."""

from alembic import op

from satark_police_system.answers import metadata

revision = "police1"
down_revision = None
branch_labels = ("police_system",)
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    """Drop the tables."""
    metadata.drop_all(op.get_bind())
