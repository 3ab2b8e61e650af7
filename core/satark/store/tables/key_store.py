"""Tables of the key store: envelopes, the roster, and rows that must outlast the main database."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from satark.store.tables.databases import keys, tip_counts

__all__ = [
    "anchor",
    "envelope",
    "erased_tip",
    "kept_term",
    "machine_note",
    "renewal",
    "roster",
    "roster_head",
    "tip_witness",
    "witness",
]

envelope = Table(
    "envelope",
    keys,
    Column("tip", String(32), primary_key=True),
    Column("holder", LargeBinary(16), primary_key=True, comment="tag of the desk or destination, or of a decoy"),
    Column("cover", LargeBinary(16), nullable=False, comment="hash of the random bytes that `sealed` begins with"),
    Column("mark", LargeBinary(16), nullable=False, default=b"", comment="release or not, to the name key alone"),
    Column("sealed", LargeBinary, nullable=False, comment="age, to the holder's recipient: tip.Envelope"),
    Index("envelope_cover", "tip", "holder", "cover"),
    comment="tip keys, one for each desk and destination that may read the tip; decoys; an empty row vouches for all",
    sqlite_with_rowid=False,
)

roster = Table(
    "roster",
    keys,
    Column("position", Integer, primary_key=True, autoincrement=False, comment="1 upwards"),
    Column("entry", LargeBinary, nullable=False, comment="roster.entries.Entry"),
    Column("hash", LargeBinary(32), nullable=False, comment="over the hash before, and the entry"),
    comment="who may read, and who said so: signed entries, never changed",
)

renewal = Table(
    "renewal",
    keys,
    Column("position", BigInteger, primary_key=True, autoincrement=False, comment="1 upwards"),
    Column("entry", LargeBinary, nullable=False, comment="roster.entries.Renewal, of a tip or made up"),
    comment="new keys of tips, which desks signed: as many for each desk that changed its key, and in no roster",
)

roster_head = Table(
    "roster_head",
    keys,
    Column("desk", String(40), primary_key=True),
    Column("officer", String(40), primary_key=True),
    Column("signer", String(64), nullable=False, comment="Ed25519 public key of the officer, hex"),
    Column("number", Integer, nullable=False, comment="how often they have signed"),
    Column("head", Text, nullable=False, comment="roster.heads.RosterHead"),
    Column("shown", String(64), nullable=False, comment="hash of the newest entry that they were shown, hex"),
    Column("given_up", Text, nullable=False, comment="hashes of heads that they no longer insist on, hex"),
    Column("signature", LargeBinary(64), nullable=False),
    comment="the roster's head at each officer's last sign-in, signed by the officer",
)

anchor = Table(
    "custody_anchor",
    keys,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("link", LargeBinary(32), nullable=False),
    Column("before", LargeBinary(32), nullable=False, comment="the previous link: a crash may leave the log there"),
    comment="head of the custody log, out of reach of whoever can write to the main database",
)

erased_tip = Table(
    "erased_tip",
    keys,
    Column("tag", LargeBinary(32), primary_key=True, comment="keyed link of the tip, and its tag under the name key"),
    comment="tips that were erased: a restored backup is held against this list before it is used",
)

kept_term = Table(
    "kept_term",
    keys,
    Column("tag", LargeBinary(16), primary_key=True, comment="tag of the tip, under the name key"),
    Column("hash", LargeBinary(32), nullable=False, comment="of its newest term and the signature, under the name key"),
    comment="which terms are the newest, out of reach of whoever can write to the main database",
    sqlite_with_rowid=False,
)

witness = Table(
    "audit_witness",
    keys,
    Column("desk", String(40), primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("link", LargeBinary(32), nullable=False),
    Column("signature", LargeBinary(64), nullable=False, comment="of position and link, under the desk's verifier"),
    comment="head of the custody log at each desk's last sign-in, signed by the desk",
)

machine_note = Table(
    "machine_note",
    keys,
    Column("id", LargeBinary(16), primary_key=True, comment="of the machine's data folder"),
    Column("note", LargeBinary, nullable=False, comment="custody.machine_notes.Note"),
    Column("tag", LargeBinary(16), nullable=False, comment="of id and note, under the name key"),
    comment="what each machine saw last: a database that shows one machine fewer rows is noticed",
)

tip_witness = tip_counts("tip_witness", keys)
