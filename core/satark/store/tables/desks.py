"""Tables of desks: their roster and audit keys, and desks in remote offices."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text

from satark.store.tables.databases import main

__all__ = [
    "announced_file", "audit_key", "audit_key_copy", "chunk", "desk", "former_key", "host_link", "office",
    "office_outbox", "received_answer", "roster_proposal", "sent_transfer",
]  # fmt: skip

desk = Table(
    "desk",
    main,
    Column("name", String(40), primary_key=True),
    Column("title", String(200), nullable=False),
    Column("level", String(10), nullable=False),
    Column("area", String(80), nullable=False, comment="code in the geography; empty: everywhere"),
    Column("recipient", Text, nullable=False, comment="age recipient of the desk's key"),
    Column(
        "via",
        String(40),
        nullable=False,
        default="desk",
        comment="the sink that delivers its tips: `desk` for a desk at this host",
    ),
    comment="desks",
)

roster_proposal = Table(
    "roster_proposal",
    main,
    Column("id", String(16), primary_key=True, comment="the entry's id, cut; another entry's row is none"),
    Column("entry", LargeBinary, nullable=False, comment="roster.entries.Entry, with the signatures so far"),
    Column("attachment", LargeBinary, nullable=False, comment="what is stored once it is signed, such as wrapped keys"),
    Column("day", Integer, nullable=False),
    comment="entries of the roster that still need signatures",
)

audit_key = Table(
    "audit_key",
    main,
    Column("desk", String(40), primary_key=True),
    Column("number", Integer, primary_key=True, comment="1 upwards; the highest is in use"),
    Column(
        "recipient", Text, nullable=False, comment="age recipient that the acts of the desk's officers are sealed to"
    ),
    Column("verifier", String(64), nullable=False, comment="Ed25519 public key of the desk's acts, hex"),
    Column("signature", LargeBinary(64), nullable=False, comment="of the row, under its own verifier"),
    Column("former", String(64), nullable=False, comment="the verifier before, for which it vouches; empty: none"),
    Column("since", BigInteger, nullable=False, server_default="0", comment="the former signs no row after this one"),
    comment="public keys of the audit log",
)

audit_key_copy = Table(
    "audit_key_copy",
    main,
    Column("desk", String(40), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("holder", String(90), primary_key=True, comment="desk:<name> or officer:<desk>/<name>"),
    Column("sealed", LargeBinary, nullable=False, comment="age, to the holder: audit.keys.AuditKey"),
    comment="private keys of the audit log, for each who may read it",
)

office = Table(
    "office",
    main,
    Column("desk", String(40), primary_key=True),
    Column("recipient", Text, nullable=False, comment="age recipient of the office's machine"),
    Column("verifier", String(64), nullable=False, comment="Ed25519 public key of the office's machine, hex"),
    Column("tag", LargeBinary(16), nullable=False, comment="of both, under the name key"),
    comment="at the host: desks that are in remote offices",
)

received_answer = Table(
    "received_answer",
    main,
    Column("id", LargeBinary(16), primary_key=True, comment="as in OfficeAnswer"),
    Column("desk", String(40), nullable=False),
    Column("seq", Integer, nullable=False, comment="1: it became a message; 0: refused, or a key change"),
    comment="at the host: answers accepted from offices, or refused; of which tip would tell which desks have it",
)

host_link = Table(
    "host_link",
    main,
    Column("recipient", Text, primary_key=True, comment="age recipient of the host"),
    Column("verifier", String(64), nullable=False, comment="Ed25519 public key of the host, hex"),
    Column("directory", BigInteger, nullable=False, comment="version of the host's last directory"),
    Column("destination_rules", LargeBinary, nullable=False, comment="of the host's desks, encoded"),
    Column("paired", String(64), nullable=False, comment="hash of the roster's newest entry in the host's pairing"),
    Column("roster", LargeBinary, nullable=False, comment="the host's roster, an entry a line: roster.HostRoster"),
    Column("tips", LargeBinary, nullable=False, default=b"", comment="ids of its tips, by the host's last directory"),
    Column("tag", LargeBinary(16), nullable=False, default=b"", comment="of its keys and `paired`, under the name key"),
    comment="at an office: the host that it belongs to, in one row",
)

office_outbox = Table(
    "office_outbox",
    main,
    Column("id", LargeBinary(16), primary_key=True),
    Column("desk", String(40), nullable=False),
    Column("tip", String(32), nullable=False),
    Column("position", BigInteger, nullable=False, comment="order of writing"),
    Column("sealed", LargeBinary, nullable=False, comment="age: tip.Message"),
    Column("message", LargeBinary, nullable=False, comment="encoded SignedAnswer"),
    Column("state", String(8), nullable=False, comment="due, or refused by the host"),
    Column("sent_at", BigInteger, nullable=False, comment="Unix seconds; 0: not yet"),
    Index("office_outbox_tip", "tip"),
    comment="at an office: answers that the host has not sent back yet",
)

former_key = Table(
    "former_key",
    main,
    Column("recipient", Text, primary_key=True, comment="of the former key"),
    Column("desk", String(40), nullable=False),
    Column("sealed", LargeBinary, nullable=False, comment="age, to the desk's key: FormerKey"),
    comment="at an office: keys that tips on their way may still be sealed to",
)

sent_transfer = Table(
    "sent_transfer",
    main,
    Column("desk", String(40), primary_key=True),
    Column("transfer_id", LargeBinary(16), primary_key=True, comment="a tag under the name key; or a directory's"),
    Column("chunks", Integer, nullable=False, comment="how many of its chunks the carrier has confirmed"),
    comment="at the host: files and directories sent to an office",
)

announced_file = Table(
    "announced_file",
    main,
    Column("transfer_id", LargeBinary(16), primary_key=True),
    Column("tip", String(32), nullable=False),
    Column("ordinal", String(8), nullable=False),
    Column("form", String(10), nullable=False, comment="original, clean, muted, disguised or preview"),
    Column("size", BigInteger, nullable=False, comment="bytes of the sealed file"),
    Column("received", Boolean, nullable=False, comment="whether it is in the evidence folder"),
    Index("announced_file_tip", "tip", "ordinal"),
    comment="at an office: sealed files that the host has announced",
)

chunk = Table(
    "chunk",
    main,
    Column("transfer_id", LargeBinary(16), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("day", Integer, nullable=False),
    comment="at an office: chunks of messages and sealed files that are incomplete",
)
