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
            comment="the officer's private key, encrypted with a passphrase",
        ),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("memory_kib", sa.Integer(), nullable=False, comment="parameter of Argon2id, as the next two"),
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
        comment="officers who can unlock a desk",
    )
    op.create_table(
        "desk_queue",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("delivered", sa.String(length=20), nullable=False, comment="date and six-hour band"),
        sa.PrimaryKeyConstraint("desk", "tip"),
        comment="tips that were delivered to a desk",
    )
    op.create_table(
        "desk_read_state",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("officer", sa.String(length=40), nullable=False),
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column(
            "last_message",
            sa.Integer(),
            nullable=False,
            comment="seq of the newest message from the tipster that was shown",
        ),
        sa.PrimaryKeyConstraint("desk", "officer", "tip"),
        comment="how much of a tip an officer has seen",
    )
    op.create_index("desk_read_state_tip", "desk_read_state", ["tip"], unique=False)


def downgrade() -> None:
    """Drop them."""
    op.drop_index("desk_read_state_tip", table_name="desk_read_state")
    op.drop_table("desk_read_state")
    op.drop_table("desk_queue")
    op.drop_table("desk_officer")
