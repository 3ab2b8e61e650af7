"""The tables. They hold nothing readable of a tip or a person: content is sealed, senders are pseudonyms.

There are two databases: `main`, and `keys`, which holds the envelopes. `keys` is backed up apart, so that deleting one
row there makes a tip unreadable in every old backup of `main` too.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

main = MetaData()
keys = MetaData()

key_canary = Table(
    "key_canary",
    main,
    Column("name", String(16), primary_key=True, comment="edge, epochs or names"),
    Column("value", LargeBinary(16), nullable=False, comment="what follows from the right key file, and from no other"),
    comment="which key files this database belongs to",
)

flow = Table(
    "flow",
    main,
    Column("hash", String(64), primary_key=True),
    Column("canonical", LargeBinary, nullable=False),
    comment="flows that sessions are pinned to",
)

seen = Table(
    "seen",
    main,
    Column("key", LargeBinary(16), primary_key=True, comment="keyed hash of (account, event key)"),
    Column("day", Integer, nullable=False, comment="days since 1970, for expiry"),
    Index("seen_day", "day"),
    comment="inbound events that were ingested",
)

conversation = Table(
    "conversation",
    main,
    Column("id", LargeBinary(32), primary_key=True, comment="random"),
    Column("draft", LargeBinary, nullable=False, comment="the session, under the epoch key"),
    Column("handle", LargeBinary, nullable=False, comment="the reply handle, under the epoch key"),
    Column("due", LargeBinary, nullable=False, comment="when it expires and is asked about, under the epoch key"),
    Column("ends_by", BigInteger, nullable=False, comment="end of the band in which it expires, Unix seconds"),
    Index("conversation_ends_by", "ends_by"),
    comment="open sessions; the row is the conversation's lock and is deleted with the session",
)

alias = Table(
    "alias",
    main,
    Column("lookup", LargeBinary(32), primary_key=True, comment="of the sender's pseudonym, by the epoch key"),
    Column("conversation", LargeBinary(32), nullable=False),
    Column("sealed", LargeBinary, nullable=False, comment="the pseudonym, under the epoch key"),
    Index("alias_conversation", "conversation"),
    comment="the pseudonyms of a conversation's sender",
)

provider_message = Table(
    "provider_message",
    main,
    Column("id", LargeBinary(16), primary_key=True),
    Column("conversation", LargeBinary(32), nullable=False),
    Column("sealed", LargeBinary, nullable=False, comment="the provider's message id, under the epoch key"),
    Column("expires_at", BigInteger, nullable=False, comment="end of a six-hour band, Unix seconds"),
    Index("provider_message_conversation", "conversation"),
    Index("provider_message_expires_at", "expires_at"),
    comment="ids of messages that can be deleted when their conversation ends",
)

outbox = Table(
    "outbox",
    main,
    Column("id", LargeBinary(16), primary_key=True),
    Column("position", BigInteger, nullable=False, comment="order within the conversation"),
    Column("conversation", LargeBinary(32), nullable=False),
    Column("call", LargeBinary, nullable=False, comment="the provider call, under the epoch key"),
    Column("state", String(12), nullable=False, comment="due, sent (its fallback may be needed) or dead_letter"),
    Column("must_arrive", Boolean, nullable=False, comment="sent even if a newer reply supersedes it"),
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False, comment="Unix seconds; once sent or dead, of a six-hour band"),
    Column("reason", String(80), nullable=False, comment="of the last failure: a code, never content"),
    Index("outbox_due", "state", "due_at"),
    Index("outbox_conversation", "conversation"),
    comment="replies: sent from memory after the commit, from here after a crash",
)

file = Table(
    "file",
    main,
    Column("tip", String(32), primary_key=True),
    Column("ordinal", String(8), primary_key=True),
    Column("state", String(8), nullable=False, comment="due, sealed or lost"),
    Column("job", LargeBinary, nullable=False, comment="what to fetch, under the epoch key; emptied when done"),
    Column("record", LargeBinary, nullable=False, comment="age, to the tip's recipient: tip.Evidence"),
    Column(
        "record_with_origin",
        LargeBinary,
        nullable=False,
        default=b"",
        comment="as record, with tip.Origin; emptied once the tipster decided whether the desks may know it",
    ),
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False, comment="Unix seconds; 0 when done"),
    Column("reason", String(80), nullable=False),
    Index("file_due", "state", "due_at"),
    comment="evidence: to be fetched, or sealed in the evidence folder",
)

tip = Table(
    "tip",
    main,
    Column("id", String(32), primary_key=True, comment="random; the session's"),
    Column("number", String(16), nullable=False, unique=True),
    Column("revision", Integer, nullable=False),
    Column("recipient", Text, nullable=False, comment="the tip's age recipient"),
    Column("receipt_recipient", Text, nullable=False, comment="the receipt's age recipient"),
    Column(
        "key_changes",
        LargeBinary,
        nullable=False,
        default=b"",
        comment="new keys of the tip since it was submitted: routing.tip_keys.TipKeyChange",
    ),
    Column("document", LargeBinary, nullable=False, comment="age, to the tip's recipient: tip.Tip"),
    Column("day", Integer, nullable=False),
    comment="confirmed tips",
)

receipt = Table(
    "receipt",
    main,
    Column("lookup", LargeBinary(16), primary_key=True),
    Column("sealed", LargeBinary, nullable=False, comment="what the code opens; names its tip only inside"),
    Column("day", Integer, nullable=False),
    Column("link", LargeBinary(16), nullable=False, comment="keyed link of the tip, to find the row when it is erased"),
    Column("erased", Integer, nullable=True, comment="day on which the tip was erased; null: it was not"),
    comment="receipt codes, by a keyed and memory-hard look-up",
)

handoff_code = Table(
    "handoff_code",
    main,
    Column("lookup", LargeBinary(16), primary_key=True),
    Column("sealed", LargeBinary, nullable=False, comment="what the code opens; names its conversation only inside"),
    Column("expires_at", BigInteger, nullable=False, comment="Unix seconds"),
    Index("handoff_code_expires_at", "expires_at"),
    comment="codes that move a draft to another channel, by a keyed and memory-hard look-up",
)

message = Table(
    "message",
    main,
    Column("tip", String(32), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("sealed", LargeBinary, nullable=False, comment="age: tip.Message"),
    Column("day", Integer, nullable=False),
    Column("notified", Boolean, nullable=False, comment="whether a tipster who may be reached was notified of it"),
    Index("message_notified", "notified"),
    comment="messages between the desks and the tipster",
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
    Column("sealed", LargeBinary, nullable=False, comment="age: custody.chain.LogEntry, audit.entries.SignedAct"),
    Column("hash", LargeBinary(32), nullable=False, comment="over the tip's row before, and this one"),
    Column("link", LargeBinary(32), nullable=False, comment="over the row before of any tip, and this one"),
    UniqueConstraint("tip", "seq"),
    comment="who did what with a tip: two hash chains, `satark audit verify` checks them",
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

custody_head = Table(
    "custody_head",
    main,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("link", LargeBinary(32), nullable=False),
    comment="head of the custody log; the row is the log's lock",
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
    Column("reason", String(200), nullable=False),
    UniqueConstraint("tip", "destination", "revision"),
    Index("delivery_due", "state", "destination", "due_at"),
    comment="one revision of a tip for one destination",
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

office = Table(
    "office",
    main,
    Column("desk", String(40), primary_key=True),
    Column("recipient", Text, nullable=False, comment="age recipient of the office's machine"),
    Column("verifier", String(64), nullable=False, comment="Ed25519 public key of the office's machine, hex"),
    Column("answer_verifier", String(64), nullable=False, comment="Ed25519 public key of the desk's answers, hex"),
    comment="at the host: desks that are in remote offices",
)

sent_transfer = Table(
    "sent_transfer",
    main,
    Column("desk", String(40), primary_key=True),
    Column("transfer_id", LargeBinary(16), primary_key=True, comment="the file or directory, as in Frame"),
    Column("chunks", Integer, nullable=False, comment="how many of its chunks the carrier has confirmed"),
    comment="at the host: files and directories sent to an office",
)

received_answer = Table(
    "received_answer",
    main,
    Column("id", LargeBinary(16), primary_key=True, comment="as in OfficeAnswer"),
    Column("desk", String(40), nullable=False),
    Column("tip", String(32), nullable=False),
    Column("seq", Integer, nullable=False, comment="of the message that it became; 0: refused, or a key change"),
    Index("received_answer_tip", "tip"),
    comment="at the host: answers accepted from offices, or refused",
)

host_link = Table(
    "host_link",
    main,
    Column("recipient", Text, primary_key=True, comment="age recipient of the host"),
    Column("verifier", String(64), nullable=False, comment="Ed25519 public key of the host, hex"),
    Column("directory", BigInteger, nullable=False, comment="version of the host's last directory"),
    Column("destination_rules", LargeBinary, nullable=False, comment="of the host's desks, encoded"),
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

chunk = Table(
    "chunk",
    main,
    Column("transfer_id", LargeBinary(16), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("day", Integer, nullable=False),
    comment="at an office: chunks of messages and sealed files that are incomplete",
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

retention = Table(
    "retention",
    main,
    Column("tip", String(32), primary_key=True),
    Column("sealed", LargeBinary, nullable=False, comment="age, to the retention key: retention.schedule.Term"),
    comment="when tips are due to be erased, readable for the scheduled job alone",
)

retention_key = Table(
    "retention_key",
    main,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("recipient", Text, nullable=False, comment="age recipient of the terms"),
    Column("sealed", LargeBinary, nullable=False, comment="its private half, under the edge key"),
    comment="the key that desks seal terms to, and the scheduled job opens",
)

roster_proposal = Table(
    "roster_proposal",
    main,
    Column("id", String(16), primary_key=True, comment="of what its signatures cover"),
    Column("entry", LargeBinary, nullable=False, comment="roster.entries.Entry, with the signatures so far"),
    Column("attachment", LargeBinary, nullable=False, comment="what is stored once it is signed, such as wrapped keys"),
    Column("day", Integer, nullable=False),
    comment="entries of the roster that still need signatures",
)

envelope = Table(
    "envelope",
    keys,
    Column("tip", String(32), primary_key=True),
    Column("holder", LargeBinary(16), primary_key=True, comment="tag of the desk or destination; a decoy's is random"),
    Column("sealed", LargeBinary, nullable=False, comment="age, to the holder's recipient: tip.Envelope"),
    comment="tip keys, one for each desk and destination that may read the tip, and decoys",
)

roster = Table(
    "roster",
    keys,
    Column("position", Integer, primary_key=True, autoincrement=False, comment="1 upwards"),
    Column("entry", LargeBinary, nullable=False, comment="roster.entries.Entry"),
    Column("hash", LargeBinary(32), nullable=False, comment="over the hash before, and the entry"),
    comment="who may read, and who said so: signed entries, never changed",
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
    Column("tag", LargeBinary(16), primary_key=True, comment="keyed hash of the tip's id"),
    comment="tips that were erased: a restored backup is held against this list before it is used",
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
