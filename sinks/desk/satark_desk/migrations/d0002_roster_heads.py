"""Drop the positions in the roster that officers had seen: they sign its head now."""

import sqlalchemy as sa
from alembic import op

revision = "d0002"
down_revision = "d0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop the table."""
    op.drop_table("desk_roster_seen")


def downgrade() -> None:
    """Make the table again, empty."""
    op.create_table(
        "desk_roster_seen",
        sa.Column("desk", sa.String(length=40), primary_key=True),
        sa.Column("officer", sa.String(length=40), primary_key=True),
        sa.Column("position", sa.Integer(), nullable=False),
    )
