"""Store the roster's heads that officers signed."""

import sqlalchemy as sa
from alembic import op

revision = "k0002"
down_revision = "k0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "roster_head",
        sa.Column("desk", sa.String(length=40), primary_key=True),
        sa.Column("officer", sa.String(length=40), primary_key=True),
        sa.Column("signer", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("shown", sa.String(length=64), nullable=False),
        sa.Column("given_up", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=64), nullable=False),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("roster_head")
