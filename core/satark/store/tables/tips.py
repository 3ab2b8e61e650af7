"""Tables of tips: their messages, evidence, deliveries, retention and custody.

On SQLite, tables with rows of single tips have no row numbers, which would tell the order of arrival and join a receipt
to its tip: their rows lie in the order of their random keys.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from satark.store.tables.databases import main, tip_counts, wait_column

__all__ = [
    "custody", "custody_head", "delivery", "file", "message", "open_breaker", "reach", "receipt", "retention",
    "retention_key", "tip", "tip_change", "tip_count", "tip_index",
]  # fmt: skip

tip = Table(
    "tip",
    main,
    Column("id", String(32), primary_key=True, comment="random; the session's"),
    Column("number", String(16), nullable=False, unique=True),
    Column("revision", Integer, nullable=False),
    Column("recipient", Text, nullable=False, comment="age recipient of the tip's first key"),
    Column(
        "key_changes",
        LargeBinary,
        nullable=False,
        default=b"",
        comment="under the name key, as long for all tips: routing.tip_keys.TipKeyChange",
    ),
    Column(
        "routed",
        LargeBinary,
        nullable=True,
        comment="who had it first, for its files under way, under the tipster's key: routing.tip_keys.seal_routed",
    ),
    Column("document", LargeBinary, nullable=False, comment="age, to the tip's recipient: tip.Tip"),
    Column("day", Integer, nullable=False),
    comment="confirmed tips",
    sqlite_with_rowid=False,
)

tip_count = tip_counts("tip_count", main)

receipt = Table(
    "receipt",
    main,
    Column("lookup", LargeBinary(16), primary_key=True),
    Column("sealed", LargeBinary, nullable=False, comment="what the code opens; names its tip only inside"),
    Column("day", Integer, nullable=False),
    Column("link", LargeBinary(16), nullable=False, comment="keyed link of the tip, to find the row when it is erased"),
    Column("erased", Integer, nullable=True, comment="day on which the tip was erased; null: it was not"),
    comment="receipt codes, by a keyed and memory-hard look-up",
    sqlite_with_rowid=False,
)

message = Table(
    "message",
    main,
    Column("tip", String(32), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("cover", LargeBinary(16), nullable=False, default=b"", comment="store.envelopes.cover of `sealed`"),
    Column("sealed", LargeBinary, nullable=False, comment="age: tip.Message"),
    Column("day", Integer, nullable=False),
    Column("notified", Boolean, nullable=False, comment="whether a tipster who may be reached was notified of it"),
    Column("news", LargeBinary(16), nullable=False, default=b"", comment="until then, what only the name key makes"),
    Column("mark", LargeBinary(16), nullable=False, default=b"", comment="a desk's or not, to the name key alone"),
    Index("message_notified", "notified"),
    Index("message_cover", "tip", "seq", "cover"),
    comment="messages between the desks and the tipster",
    sqlite_with_rowid=False,
)

tip_change = Table(
    "tip_change",
    main,
    Column(
        "position",
        BigInteger,
        primary_key=True,
        autoincrement=False,
        comment="order of the commits; on PostgreSQL the transaction's id",
    ),
    Column("tip", String(32), primary_key=True, comment="whose messages, files or keys changed; empty: erased"),
    comment="which tips changed lately, so that desks read only those again",
)

tip_index = Table(
    "tip_index",
    main,
    Column("desk", LargeBinary(16), primary_key=True, comment="tag of the desk, under the name key"),
    Column("part", LargeBinary(16), primary_key=True, comment="random; zeros: the row that lists the others"),
    Column("sealed", LargeBinary, nullable=False, comment="under a key that follows from the desk's"),
    comment="what a desk's lists say of its tips, so that the desk opens soon: casework.sealed_index",
    sqlite_with_rowid=False,
)

reach = Table(
    "reach",
    main,
    Column("id", LargeBinary(16), primary_key=True, comment="keyed link of the tip"),
    Column("sender", LargeBinary(32), nullable=False, comment="look-up of the sender's pseudonym, by the epoch key"),
    Column("handle", LargeBinary, nullable=False, comment="under the epoch key"),
    Column("expires_at", BigInteger, nullable=False, comment="end of a six-hour band, Unix seconds"),
    Index("reach_sender", "sender"),
    comment="reply handles of tipsters who asked to be reached",
    sqlite_with_rowid=False,
)

file = Table(
    "file",
    main,
    Column("tip", String(32), primary_key=True),
    Column("ordinal", String(8), primary_key=True),
    Column("state", String(8), nullable=False, comment="due, sealed or lost"),
    Column("job", LargeBinary, nullable=False, comment="what to fetch, under the epoch key; emptied when done"),
    Column("cover", LargeBinary(16), nullable=False, default=b"", comment="store.envelopes.cover of `record`"),
    Column("record", LargeBinary, nullable=False, comment="age, to the tip's recipient: tip.Evidence; lost: a tag"),
    Column(
        "content",
        LargeBinary,
        nullable=False,
        default=b"",
        server_default="",
        comment="what stands for its content and caption under the tipster's key, or random bytes",
    ),
    Column(
        "forms",
        LargeBinary(16),
        nullable=False,
        default=b"",
        comment="tag of the sizes of its sealed forms, under the name key",
    ),
    Column(
        "record_with_origin",
        LargeBinary,
        nullable=False,
        default=b"",
        comment="as record, with tip.Origin; emptied once the tipster decided whether the desks may know it",
    ),
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False, comment="Unix seconds; 0 when done"),
    wait_column(),
    Column("reason", String(80), nullable=False),
    Index("file_due", "state", "due_at"),
    Index("file_cover", "tip", "ordinal", "cover"),
    comment="evidence: to be fetched, or sealed in the evidence folder",
    sqlite_with_rowid=False,
)

delivery = Table(
    "delivery",
    main,
    Column("id", LargeBinary(16), primary_key=True),
    Column("tip", String(50), nullable=False, comment="id of a tip, or of a notification: <kind>:<what>"),
    Column("destination", String(80), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("state", String(12), nullable=False, comment="due, blocked, done or dead_letter"),
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False, comment="Unix seconds; once done or dead, of a six-hour band"),
    wait_column(),
    Column("reason", String(200), nullable=False),
    Column("ended", LargeBinary(16), nullable=False, default=b"", comment="once done, what only the name key makes"),
    Column("mark", LargeBinary(16), nullable=False, default=b"", comment="cover or not, to the name key alone"),
    UniqueConstraint("tip", "destination", "revision"),
    Index("delivery_due", "state", "destination", "due_at"),
    comment="one revision of a tip for one destination",
    sqlite_with_rowid=False,
)

open_breaker = Table(
    "open_breaker",
    main,
    Column("destination", String(80), primary_key=True),
    Column("since", BigInteger, nullable=False),
    Column("half_open_at", BigInteger, nullable=False, comment="when the next trial is due, Unix seconds"),
    Column("failures", Integer, nullable=False),
    Column("reason", String(200), nullable=False, comment="of the last failure: a code, never content"),
    comment="open circuit breakers: destinations that are down",
)

retention = Table(
    "retention",
    main,
    Column("tip", String(32), primary_key=True),
    Column(
        "keeper",
        LargeBinary,
        nullable=False,
        default=b"",
        comment="which key signs the tip's terms, and the tip's day, signed with the tipster's key",
    ),
    Column("sealed", LargeBinary, nullable=False, comment="age, to the retention key: retention.schedule.SignedTerm"),
    comment="when tips are due to be erased, readable for the scheduled job alone",
    sqlite_with_rowid=False,
)

retention_key = Table(
    "retention_key",
    main,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("recipient", Text, nullable=False, comment="age recipient of the terms"),
    Column("sealed", LargeBinary, nullable=False, comment="its private half, under the edge key"),
    comment="the key that desks seal terms to, and the scheduled job opens",
)

custody = Table(
    "custody",
    main,
    Column("position", BigInteger, primary_key=True, autoincrement=False, comment="order among all tips, 1 upwards"),
    Column("tip", String(32), nullable=False, comment="or `officers`: an officer's act, whose tip is sealed"),
    Column("seq", Integer, nullable=False, comment="order within the tip, 1 upwards"),
    Column("file", String(8), nullable=False, comment="ordinal of the file; empty: the whole tip"),
    Column("day", Integer, nullable=False),
    Column("entry", LargeBinary(32), nullable=False, comment="SHA-256 of the entry, which is salted"),
    Column("content", LargeBinary(32), nullable=False, comment="SHA-256 of what was sealed; of nothing: an erasure"),
    Column(
        "sealed",
        LargeBinary,
        nullable=False,
        comment="age: custody.chain.LogEntry, audit.entries.SignedAct; erasure: its tag",
    ),
    Column("hash", LargeBinary(32), nullable=False, comment="over the tip's row before, and this one"),
    Column("link", LargeBinary(32), nullable=False, comment="over the row before of any tip, and this one"),
    UniqueConstraint("tip", "seq"),
    Index("custody_link", "link"),
    comment="who did what with a tip: two hash chains, `satark audit verify` checks them",
)

custody_head = Table(
    "custody_head",
    main,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("link", LargeBinary(32), nullable=False),
    Column("band", BigInteger, nullable=False, comment="start of the last row's six hours"),
    Column("band_position", BigInteger, nullable=False, comment="head at that time, which officers are shown"),
    Column("band_link", LargeBinary(32), nullable=False),
    comment="head of the custody log; the row is the log's lock",
)
