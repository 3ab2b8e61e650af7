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
        "police_answer",
        sa.Column(
            "id",
            sa.LargeBinary(length=32),
            nullable=False,
            comment="SHA-256 of the system's name and the request's id",
        ),
        sa.Column("day", sa.Integer(), nullable=False, comment="days since 1970, for expiry"),
        sa.PrimaryKeyConstraint("id"),
        comment="requests of police systems already taken: none is taken twice, none can be replayed",
    )
    op.create_index("police_answer_day", "police_answer", ["day"], unique=False)
    op.create_table(
        "police_progress",
        sa.Column("system", sa.String(length=40), nullable=False),
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False, comment="of the newest answer that was applied"),
        sa.PrimaryKeyConstraint("system", "tip"),
        comment="how far the answers about a tip have come, so that an older one that arrives late changes nothing",
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("police_progress")
    op.drop_index("police_answer_day", table_name="police_answer")
    op.drop_table("police_answer")
