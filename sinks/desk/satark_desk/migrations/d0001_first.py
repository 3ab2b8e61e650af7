"""The first tables of the desk."""

import sqlalchemy as sa
from alembic import op

revision = "d0001"
down_revision = None
branch_labels = ("desk",)
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "desk_officer",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False, comment="age recipient of the officer's own key"),
        sa.Column(
            "wrapped",
            sa.LargeBinary(),
            nullable=False,
            comment="the officer's key, under what Argon2id makes of a passphrase",
        ),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("memory_kib", sa.Integer(), nullable=False, comment="of Argon2id, as the next two"),
        sa.Column("passes", sa.Integer(), nullable=False),
        sa.Column("lanes", sa.Integer(), nullable=False),
        sa.Column("may_listen", sa.Boolean(), nullable=False, comment="whether they may hear tipsters' voices"),
        sa.Column(
            "desk_key",
            sa.LargeBinary(),
            nullable=False,
            comment="age, to the officer's recipient: officers.DeskKey",
        ),
        sa.PrimaryKeyConstraint("desk", "name"),
        comment="who can open a desk's key",
    )
    op.create_table(
        "desk_queue",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("arrived", sa.String(length=20), nullable=False, comment="coarse: date and six-hour band"),
        sa.PrimaryKeyConstraint("desk", "tip"),
        comment="tips that were delivered to a desk",
    )
    op.create_table(
        "desk_look",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("officer", sa.String(length=40), nullable=False),
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("heard", sa.Integer(), nullable=False, comment="seq of the tipster's newest message that was shown"),
        sa.PrimaryKeyConstraint("desk", "officer", "tip"),
        comment="which officer has seen a tip, and how much of it",
    )
    op.create_index("desk_look_tip", "desk_look", ["tip"], unique=False)


def downgrade() -> None:
    """Drop them."""
    op.drop_index("desk_look_tip", table_name="desk_look")
    op.drop_table("desk_look")
    op.drop_table("desk_queue")
    op.drop_table("desk_officer")
