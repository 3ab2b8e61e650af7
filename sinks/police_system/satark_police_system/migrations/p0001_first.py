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
        sa.Column(
            "id",
            sa.LargeBinary(length=32),
            nullable=False,
            comment="SHA-256 of the system's name and the request's id",
        ),
        sa.Column("day", sa.Integer(), nullable=False, comment="days since 1970, for expiry"),
        sa.PrimaryKeyConstraint("id"),
        comment="ids of processed requests of police systems, so that none is processed twice or replayed",
    )
    op.create_index("police_seen_request_day", "police_seen_request", ["day"], unique=False)
    op.create_table(
        "police_answer_sequence",
        sa.Column("system", sa.String(length=40), nullable=False),
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False, comment="of the newest answer that was applied"),
        sa.PrimaryKeyConstraint("system", "tip"),
        comment="highest sequence number of a system's answers about a tip, so that an older one changes no status",
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("police_answer_sequence")
    op.drop_index("police_seen_request_day", table_name="police_seen_request")
    op.drop_table("police_seen_request")
