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
        "desk_roster_seen",
        "desk_officer",
    ):
        op.drop_table(table)


def _create_officers() -> None:
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
        sa.Column("temporary", sa.Boolean(), nullable=False, comment="whether somebody else knows the passphrase"),
        sa.Column(
            "desk_key",
            sa.LargeBinary(),
            nullable=False,
            comment="age, to the officer's recipient: desk_keys.DeskKey; empty: an auditor",
        ),
        sa.PrimaryKeyConstraint("desk", "name"),
        comment="officers who can unlock a desk; what they may do is in the roster",
    )
    op.create_table(
        "desk_roster_seen",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("officer", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, comment="of the newest entry of the roster that was shown"),
        sa.PrimaryKeyConstraint("desk", "officer"),
        comment="how much of the roster an officer has seen",
    )


def _create_sign_in() -> None:
    op.create_table(
        "desk_known_browser",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("officer", sa.String(length=40), nullable=False),
        sa.Column(
            "browser",
            sa.LargeBinary(length=32),
            nullable=False,
            comment="SHA-256 of a random value in the browser's cookie",
        ),
        sa.Column("name", sa.String(length=40), nullable=False, comment="as its officer calls it"),
        sa.Column("used", sa.BigInteger(), nullable=False, comment="last sign-in, Unix seconds"),
        sa.PrimaryKeyConstraint("desk", "officer", "browser"),
        comment="browsers in which an officer has signed in: strangers' wrong passphrases don't slow them",
    )
    op.create_table(
        "desk_second_factor",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("officer", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False, comment="totp or passkey"),
        sa.Column("name", sa.String(length=40), nullable=False, comment="as its officer calls it"),
        sa.Column(
            "sealed",
            sa.LargeBinary(),
            nullable=False,
            comment="age, to the officer's recipient: second_factors.Factor",
        ),
        sa.Column(
            "counter",
            sa.BigInteger(),
            nullable=False,
            comment="last time step of a code, or a passkey's signature counter",
        ),
        sa.Column("added", sa.BigInteger(), nullable=False, comment="Unix seconds"),
        sa.PrimaryKeyConstraint("desk", "officer", "id"),
        comment="what officers need to sign in besides their passphrase",
    )


def _create_recovery() -> None:
    op.create_table(
        "desk_recovery",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("officer", sa.String(length=40), nullable=False),
        sa.Column(
            "code",
            sa.LargeBinary(length=32),
            nullable=False,
            comment="public key of the code that the officer tells: KeyCode",
        ),
        sa.Column("recipient", sa.Text(), nullable=False, comment="age recipient of the officer's new key"),
        sa.Column(
            "signer", sa.String(length=64), nullable=False, comment="Ed25519 public key of the officer's new key, hex"
        ),
        sa.Column(
            "wrapped",
            sa.LargeBinary(),
            nullable=False,
            comment="its private key, encrypted with the new passphrase",
        ),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("memory_kib", sa.Integer(), nullable=False, comment="parameter of Argon2id, as the next two"),
        sa.Column("passes", sa.Integer(), nullable=False),
        sa.Column("lanes", sa.Integer(), nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False, comment="Unix seconds"),
        sa.PrimaryKeyConstraint("desk", "officer", "code"),
        comment="officers who lost a passphrase or a factor and wait for another officer's approval",
    )


def _create_tips() -> None:
    op.create_table(
        "desk_release",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.Column("officer", sa.String(length=40), nullable=False, comment="who asks for the originals"),
        sa.Column(
            "asked", sa.LargeBinary(length=64), nullable=False, comment="their signature: casework.OriginalsRequest"
        ),
        sa.Column("second", sa.String(length=40), nullable=False, comment="who approved; empty: nobody yet"),
        sa.Column("approved", sa.LargeBinary(length=64), nullable=False, comment="their signature"),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("desk", "tip", "officer"),
        comment="originals of tips that one officer asks for and another approves",
    )
    op.create_table(
        "desk_order_number",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False, comment="the last running number that was given"),
        sa.PrimaryKeyConstraint("desk", "year"),
        comment="numbers of written orders",
    )
    op.create_table(
        "desk_wording",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="age, to the desk's recipient: wordings.Wording"),
        sa.PrimaryKeyConstraint("desk", "id"),
        comment="texts that the officers of a desk often write to tipsters",
    )
    op.create_table(
        "desk_queue",
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("delivered", sa.String(length=20), nullable=False, comment="date and six-hour band"),
        sa.Column("position", sa.BigInteger(), nullable=False, comment="order of arrival within a band"),
        sa.PrimaryKeyConstraint("tip"),
        comment="tips that were delivered to the desks at this machine; which of them have it is not told",
    )
    op.create_table(
        "desk_read_state",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("officer", sa.String(length=40), nullable=False),
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("last_message", sa.Integer(), nullable=False, comment="seq of the newest message that was shown"),
        sa.Column("at", sa.BigInteger(), nullable=False, comment="when the officer last looked at it, Unix seconds"),
        sa.Column("first", sa.BigInteger(), nullable=False, comment="when the officer first looked at it"),
        sa.PrimaryKeyConstraint("desk", "officer", "tip"),
        comment="how much of a tip an officer has seen",
    )
    op.create_index("desk_read_state_tip", "desk_read_state", ["tip"], unique=False)
