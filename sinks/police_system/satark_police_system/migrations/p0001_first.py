"""The first tables of the police systems."""

import sqlalchemy as sa
from alembic import op

revision = "p0001"
down_revision = None
branch_labels = ("police_system",)
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "police_seen_request",
        sa.Column("id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("police_seen_request_day", "police_seen_request", ["day"], unique=False)
    op.create_table(
        "police_answer_sequence",
        sa.Column("system", sa.String(length=40), nullable=False),
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("system", "tip"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("police_answer_sequence")
    op.drop_index("police_seen_request_day", table_name="police_seen_request")
    op.drop_table("police_seen_request")
