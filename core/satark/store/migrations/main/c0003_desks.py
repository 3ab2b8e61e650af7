"""Create the tables of desks: their roster and audit keys, and desks in remote offices."""

import sqlalchemy as sa
from alembic import op

revision = "c0003"
down_revision = "c0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _create_desks()
    _create_audit_keys()
    _create_offices()
    _create_host()
    _create_transfers()


def downgrade() -> None:
    """Drop the tables."""
    for table in (
        "chunk",
        "announced_file",
        "sent_transfer",
        "former_key",
        "office_outbox",
        "host_link",
        "received_answer",
        "office",
        "audit_key_copy",
        "audit_key",
        "roster_proposal",
        "desk",
    ):
        op.drop_table(table)


def _create_desks() -> None:
    op.create_table(
        "desk",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False, comment="code in the geography; empty: everywhere"),
        sa.Column("recipient", sa.Text(), nullable=False, comment="age recipient of the desk's key"),
        sa.Column(
            "via",
            sa.String(length=40),
            nullable=False,
            comment="the sink that delivers its tips: `desk` for a desk at this host",
        ),
        sa.PrimaryKeyConstraint("name"),
        comment="desks",
    )
    op.create_table(
        "roster_proposal",
        sa.Column("id", sa.String(length=16), nullable=False, comment="of what its signatures cover"),
        sa.Column(
            "entry",
            sa.LargeBinary(),
            nullable=False,
            comment="roster.entries.Entry, with the signatures so far",
        ),
        sa.Column(
            "attachment",
            sa.LargeBinary(),
            nullable=False,
            comment="what is stored once it is signed, such as wrapped keys",
        ),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        comment="entries of the roster that still need signatures",
    )


def _create_audit_keys() -> None:
    op.create_table(
        "audit_key",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="1 upwards; the highest is in use"),
        sa.Column(
            "recipient",
            sa.Text(),
            nullable=False,
            comment="age recipient that the acts of the desk's officers are sealed to",
        ),
        sa.Column(
            "verifier", sa.String(length=64), nullable=False, comment="Ed25519 public key of the desk's acts, hex"
        ),
        sa.Column("signature", sa.LargeBinary(length=64), nullable=False, comment="of the row, under its own verifier"),
        sa.Column(
            "former",
            sa.String(length=64),
            nullable=False,
            comment="the verifier before, for which it vouches; empty: none",
        ),
        sa.PrimaryKeyConstraint("desk", "number"),
        comment="public keys of the audit log",
    )
    op.create_table(
        "audit_key_copy",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=90), nullable=False, comment="desk:<name> or officer:<desk>/<name>"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="age, to the holder: audit.keys.AuditKey"),
        sa.PrimaryKeyConstraint("desk", "number", "holder"),
        comment="private keys of the audit log, for each who may read it",
    )


def _create_offices() -> None:
    op.create_table(
        "office",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False, comment="age recipient of the office's machine"),
        sa.Column(
            "verifier", sa.String(length=64), nullable=False, comment="Ed25519 public key of the office's machine, hex"
        ),
        sa.Column(
            "answer_verifier",
            sa.String(length=64),
            nullable=False,
            comment="Ed25519 public key of the desk's answers, hex",
        ),
        sa.PrimaryKeyConstraint("desk"),
        comment="at the host: desks that are in remote offices",
    )
    op.create_table(
        "received_answer",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False, comment="as in OfficeAnswer"),
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.Column(
            "seq", sa.Integer(), nullable=False, comment="of the message that it became; 0: refused, or a key change"
        ),
        sa.PrimaryKeyConstraint("id"),
        comment="at the host: answers accepted from offices, or refused",
    )
    op.create_index("received_answer_tip", "received_answer", ["tip"], unique=False)


def _create_host() -> None:
    op.create_table(
        "host_link",
        sa.Column("recipient", sa.Text(), nullable=False, comment="age recipient of the host"),
        sa.Column("verifier", sa.String(length=64), nullable=False, comment="Ed25519 public key of the host, hex"),
        sa.Column("directory", sa.BigInteger(), nullable=False, comment="version of the host's last directory"),
        sa.Column("destination_rules", sa.LargeBinary(), nullable=False, comment="of the host's desks, encoded"),
        sa.PrimaryKeyConstraint("recipient"),
        comment="at an office: the host that it belongs to, in one row",
    )
    op.create_table(
        "office_outbox",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False, comment="order of writing"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="age: tip.Message"),
        sa.Column("message", sa.LargeBinary(), nullable=False, comment="encoded SignedAnswer"),
        sa.Column("state", sa.String(length=8), nullable=False, comment="due, or refused by the host"),
        sa.Column("sent_at", sa.BigInteger(), nullable=False, comment="Unix seconds; 0: not yet"),
        sa.PrimaryKeyConstraint("id"),
        comment="at an office: answers that the host has not sent back yet",
    )
    op.create_index("office_outbox_tip", "office_outbox", ["tip"], unique=False)
    op.create_table(
        "former_key",
        sa.Column("recipient", sa.Text(), nullable=False, comment="of the former key"),
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="age, to the desk's key: FormerKey"),
        sa.PrimaryKeyConstraint("recipient"),
        comment="at an office: keys that tips on their way may still be sealed to",
    )


def _create_transfers() -> None:
    op.create_table(
        "sent_transfer",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column(
            "transfer_id", sa.LargeBinary(length=16), nullable=False, comment="the file or directory, as in Frame"
        ),
        sa.Column("chunks", sa.Integer(), nullable=False, comment="how many of its chunks the carrier has confirmed"),
        sa.PrimaryKeyConstraint("desk", "transfer_id"),
        comment="at the host: files and directories sent to an office",
    )
    op.create_table(
        "announced_file",
        sa.Column("transfer_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("tip", sa.String(length=32), nullable=False),
        sa.Column("ordinal", sa.String(length=8), nullable=False),
        sa.Column("form", sa.String(length=10), nullable=False, comment="original, clean, muted, disguised or preview"),
        sa.Column("size", sa.BigInteger(), nullable=False, comment="bytes of the sealed file"),
        sa.Column("received", sa.Boolean(), nullable=False, comment="whether it is in the evidence folder"),
        sa.PrimaryKeyConstraint("transfer_id"),
        comment="at an office: sealed files that the host has announced",
    )
    op.create_index("announced_file_tip", "announced_file", ["tip", "ordinal"], unique=False)
    op.create_table(
        "chunk",
        sa.Column("transfer_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("transfer_id", "number"),
        comment="at an office: chunks of messages and sealed files that are incomplete",
    )
