"""The first tables of the desk."""

import sqlalchemy as sa
from alembic import op

revision = "d0001"
down_revision = None
branch_labels = ("desk",)
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _create_officers()
    _create_sign_in()
    _create_recovery()
    _create_tips()


def downgrade() -> None:
    """Drop them."""
    for table in (
        "desk_read_state",
        "desk_queue",
        "desk_wording",
        "desk_order_number",
        "desk_release",
        "desk_recovery",
        "desk_second_factor",
        "desk_known_browser",
        "desk_officer",
    ):
        op.drop_table(table)


def _create_officers() -> None:
    op.create_table(
        "desk_officer",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("memory_kib", sa.Integer(), nullable=False),
        sa.Column("passes", sa.Integer(), nullable=False),
        sa.Column("lanes", sa.Integer(), nullable=False),
        sa.Column("temporary", sa.Boolean(), nullable=False),
        sa.Column("desk_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("desk", "name"),
    )


def _create_sign_in() -> None:
    op.create_table(
        "desk_known_browser",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("officer", sa.String(length=40), nullable=False),
        sa.Column("browser", sa.LargeBinary(length=32), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("desk", "officer", "browser"),
    )
    op.create_table(
        "desk_second_factor",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("officer", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("desk", "officer", "id"),
    )


def _create_recovery() -> None:
    op.create_table(
        "desk_recovery",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("officer", sa.String(length=40), nullable=False),
        sa.Column("code", sa.LargeBinary(length=32), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("signer", sa.String(length=64), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("memory_kib", sa.Integer(), nullable=False),
        sa.Column("passes", sa.Integer(), nullable=False),
        sa.Column("lanes", sa.Integer(), nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("desk", "officer", "code"),
    )


def _create_tips() -> None:
    op.create_table(
        "desk_release",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.Column("officer", sa.String(length=40), nullable=False),
        sa.Column("asked", sa.LargeBinary(length=64), nullable=False),
        sa.Column("second", sa.String(length=40), nullable=False),
        sa.Column("approved", sa.LargeBinary(length=64), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("desk", "tip", "officer"),
    )
    op.create_table(
        "desk_order_number",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("desk", "year"),
    )
    op.create_table(
        "desk_wording",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("desk", "id"),
    )
    op.create_table(
        "desk_queue",
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("delivered", sa.String(length=20), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tip"),
    )
    op.create_table(
        "desk_read_state",
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tip"),
        sqlite_with_rowid=False,
    )
