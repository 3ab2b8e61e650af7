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
        sa.Column("signer", sa.String(length=64), nullable=False, comment="Ed25519 public key of the officer, hex"),
        sa.Column("number", sa.Integer(), nullable=False, comment="how often they have signed"),
        sa.Column("head", sa.Text(), nullable=False, comment="roster.heads.RosterHead"),
        sa.Column(
            "shown", sa.String(length=64), nullable=False, comment="hash of the newest entry that they were shown, hex"
        ),
        sa.Column("given_up", sa.Text(), nullable=False, comment="hashes of heads that they no longer insist on, hex"),
        sa.Column("signature", sa.LargeBinary(length=64), nullable=False),
        comment="the roster's head at each officer's last sign-in, signed by the officer",
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("roster_head")
