"""The tables. Nothing here can be read as a tip or a person: content is sealed, senders are pseudonyms.

Two databases: `main`, and `keys`, which holds the envelopes alone and is backed up apart, so that deleting one row
there shreds a tip in every old backup of `main` too.
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

flow = Table(
    "flow",
    main,
    Column("hash", String(64), primary_key=True),
    Column("canonical", LargeBinary, nullable=False),
    comment="every flow that a session may be pinned to",
)

seen = Table(
    "seen",
    main,
    Column("key", LargeBinary(16), primary_key=True, comment="keyed hash of (account, event key)"),
    Column("day", Integer, nullable=False, comment="days since 1970, for expiry"),
    Index("seen_day", "day"),
    comment="events already taken",
)

conversation = Table(
    "conversation",
    main,
    Column("id", LargeBinary(32), primary_key=True, comment="pseudonym of the first address seen"),
    Column("draft", LargeBinary, nullable=False, comment="the session, under the draft key"),
    Column("handle", LargeBinary, nullable=False, comment="where to answer, under the edge key"),
    Column("expires_at", BigInteger, nullable=False, comment="Unix seconds"),
    Column("nudge_at", BigInteger, nullable=True, comment="when to ask once more, Unix seconds; null: never"),
    Index("conversation_expires_at", "expires_at"),
    Index("conversation_nudge_at", "nudge_at"),
    comment="open sessions; the row is the lock of its conversation, and goes with the session",
)

alias = Table(
    "alias",
    main,
    Column("pseudonym", LargeBinary(32), primary_key=True),
    Column("conversation", LargeBinary(32), nullable=False),
    Index("alias_conversation", "conversation"),
    comment="further addresses of a conversation's sender",
)

provider_message = Table(
    "trace",
    main,
    Column("id", LargeBinary(16), primary_key=True),
    Column("conversation", LargeBinary(32), nullable=False),
    Column("sealed", LargeBinary, nullable=False, comment="the provider's name for a message, under the edge key"),
    Column("expires_at", BigInteger, nullable=False, comment="Unix seconds"),
    Index("trace_conversation", "conversation"),
    Index("trace_expires_at", "expires_at"),
    comment="messages that can be taken back while their conversation lasts; they go with it",
)

outbox = Table(
    "outbox",
    main,
    Column("id", LargeBinary(16), primary_key=True),
    Column("position", BigInteger, nullable=False, comment="order within the conversation"),
    Column("conversation", LargeBinary(32), nullable=False),
    Column("call", LargeBinary, nullable=False, comment="the provider call, under the edge key"),
    Column("state", String(8), nullable=False, comment="due, sent (its fallback may be needed) or dead"),
    Column("keep", Boolean, nullable=False, comment="sent even when overtaken"),
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False, comment="Unix seconds"),
    Column("reason", String(80), nullable=False, comment="of the last failure: a code, never content"),
    Index("outbox_due", "state", "due_at"),
    Index("outbox_conversation", "conversation"),
    comment="replies on their way; the sender in memory is faster, this is what a crash leaves",
)

file = Table(
    "file",
    main,
    Column("tip", String(32), primary_key=True),
    Column("ordinal", String(8), primary_key=True),
    Column("state", String(8), nullable=False, comment="due, sealed or lost"),
    Column("job", LargeBinary, nullable=False, comment="what to fetch, under the edge key; emptied when done"),
    Column("record", LargeBinary, nullable=False, comment="age, to the tip's recipient: tip.Evidence"),
    Column(
        "record_with_origin",
        LargeBinary,
        nullable=False,
        default=b"",
        comment="as record, with tip.Origin; emptied once the tipster decided whether the desks may know it",
    ),
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
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
    comment="receipt codes, by a keyed and memory-hard look-up",
)

handoff_code = Table(
    "handoff_code",
    main,
    Column("lookup", LargeBinary(16), primary_key=True),
    Column("sealed", LargeBinary, nullable=False, comment="what the code opens; names its conversation only inside"),
    Column("expires_at", BigInteger, nullable=False, comment="Unix seconds"),
    Index("handoff_code_expires_at", "expires_at"),
    comment="codes that take a draft to another channel, by a keyed and memory-hard look-up",
)

message = Table(
    "message",
    main,
    Column("tip", String(32), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("sealed", LargeBinary, nullable=False, comment="age: tip.Message"),
    Column("day", Integer, nullable=False),
    Column("announced", Boolean, nullable=False, comment="whether a tipster who may be reached was told of it"),
    Index("message_announced", "announced"),
    comment="between the desks and the tipster",
)

custody = Table(
    "custody",
    main,
    Column("position", BigInteger, primary_key=True, autoincrement=False, comment="order among all tips, 1 upwards"),
    Column("tip", String(32), nullable=False),
    Column("seq", Integer, nullable=False, comment="order within the tip, 1 upwards"),
    Column("file", String(8), nullable=False, comment="ordinal of the file; empty: the whole tip"),
    Column("day", Integer, nullable=False),
    Column("entry", LargeBinary(32), nullable=False, comment="SHA-256 of the entry, which is salted"),
    Column("content", LargeBinary(32), nullable=False, comment="SHA-256 of what was sealed; of nothing: an erasure"),
    Column("sealed", LargeBinary, nullable=False, comment="age, to the tip: custody.chain.Entry; emptied on erasure"),
    Column("hash", LargeBinary(32), nullable=False, comment="over the tip's row before, and this one"),
    Column("link", LargeBinary(32), nullable=False, comment="over the row before of any tip, and this one"),
    UniqueConstraint("tip", "seq"),
    comment="who did what with a file: two hash chains, `satark audit verify` checks them",
)

custody_head = Table(
    "custody_head",
    main,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("link", LargeBinary(32), nullable=False),
    comment="the end of the custody log; the row is the log's lock",
)

reach = Table(
    "reach",
    main,
    Column("id", LargeBinary(16), primary_key=True, comment="keyed link of the tip"),
    Column("sender", LargeBinary(16), nullable=False, comment="keyed link of the conversation"),
    Column("handle", LargeBinary, nullable=False, comment="under the edge key"),
    Column("expires_at", BigInteger, nullable=False),
    Index("reach_sender", "sender"),
    comment="reply handles of those who asked to be reached",
)

delivery = Table(
    "delivery",
    main,
    Column("id", LargeBinary(16), primary_key=True),
    Column("tip", String(32), nullable=False),
    Column("destination", String(80), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("state", String(12), nullable=False, comment="due, held, done or dead_letter"),
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("reason", String(200), nullable=False),
    UniqueConstraint("tip", "destination", "revision"),
    Index("delivery_due", "state", "destination", "due_at"),
    comment="one tip for one destination",
)

open_breaker = Table(
    "outage",
    main,
    Column("destination", String(80), primary_key=True),
    Column("since", BigInteger, nullable=False),
    Column("probe_at", BigInteger, nullable=False, comment="when it is tried again"),
    Column("failures", Integer, nullable=False),
    Column("reason", String(200), nullable=False, comment="of the last failure: a code, never content"),
    comment="destinations that are down",
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
        comment="the sink that brings tips to it: `desk` for one at this host",
    ),
    comment="offices that receive tips",
)

office = Table(
    "office",
    main,
    Column("desk", String(40), primary_key=True),
    Column("recipient", Text, nullable=False, comment="age recipient of the office's machine"),
    Column("verifier", String(64), nullable=False, comment="Ed25519 key of the office's machine, hex"),
    Column("answers", String(64), nullable=False, comment="Ed25519 key of the desk's answers, hex"),
    comment="at the host: desks that are in an office of their own",
)

sent_transfer = Table(
    "sent",
    main,
    Column("desk", String(40), primary_key=True),
    Column("whole", LargeBinary(16), primary_key=True, comment="what was cut into cells"),
    Column("cells", Integer, nullable=False, comment="how many of them the carrier has"),
    comment="at the host: files and directories on their way to an office",
)

received_answer = Table(
    "answered",
    main,
    Column("id", LargeBinary(16), primary_key=True, comment="the answer's own"),
    Column("desk", String(40), nullable=False),
    Column("tip", String(32), nullable=False),
    Column("seq", Integer, nullable=False, comment="of the message that it became; 0: refused"),
    Index("answered_tip", "tip"),
    comment="at the host: answers taken from offices",
)

host_link = Table(
    "uplink",
    main,
    Column("recipient", Text, primary_key=True, comment="age recipient of the host"),
    Column("verifier", String(64), nullable=False, comment="Ed25519 key of the host, hex"),
    Column("directory", BigInteger, nullable=False, comment="version of the desks as the host last told them"),
    Column("destination_rules", LargeBinary, nullable=False, comment="the desks' destinations: encoded rules"),
    comment="at an office: the host that it belongs to, one row",
)

office_outbox = Table(
    "answer",
    main,
    Column("id", LargeBinary(16), primary_key=True),
    Column("desk", String(40), nullable=False),
    Column("tip", String(32), nullable=False),
    Column("position", BigInteger, nullable=False, comment="order of writing"),
    Column("sealed", LargeBinary, nullable=False, comment="age: tip.Message"),
    Column("letter", LargeBinary, nullable=False, comment="signed, for the host"),
    Column("state", String(8), nullable=False, comment="due, or refused by the host"),
    Column("sent_at", BigInteger, nullable=False, comment="Unix seconds; 0: not yet"),
    Index("answer_tip", "tip"),
    comment="at an office: answers that the host has not sent back yet",
)

former_key = Table(
    "former_key",
    main,
    Column("recipient", Text, primary_key=True, comment="of the key that it was"),
    Column("desk", String(40), nullable=False),
    Column("sealed", LargeBinary, nullable=False, comment="age, to the desk's key: uplink.FormerKey"),
    comment="at an office: keys that tips on their way may still be sealed to",
)

chunk = Table(
    "piece",
    main,
    Column("whole", LargeBinary(16), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("day", Integer, nullable=False),
    comment="at an office: pieces of letters and sealed files that are not complete",
)

announced_file = Table(
    "arriving",
    main,
    Column("whole", LargeBinary(16), primary_key=True),
    Column("tip", String(32), nullable=False),
    Column("ordinal", String(8), nullable=False),
    Column("form", String(10), nullable=False, comment="original, clean or disguised"),
    Column("size", BigInteger, nullable=False, comment="bytes of the sealed file"),
    Column("here", Boolean, nullable=False, comment="whether it has come and lies in the evidence folder"),
    Index("arriving_file", "tip", "ordinal"),
    comment="at an office: sealed files that are announced",
)

envelope = Table(
    "envelope",
    keys,
    Column("tip", String(32), primary_key=True),
    Column("desk", String(80), primary_key=True),
    Column("sealed", LargeBinary, nullable=False, comment="age, to the desk's recipient: tip.Envelope"),
    comment="tip keys, one for each desk that may read the tip",
)

anchor = Table(
    "custody_anchor",
    keys,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("link", LargeBinary(32), nullable=False),
    Column("before", LargeBinary(32), nullable=False, comment="the link before: a crash may leave the log there"),
    comment="the end of the custody log once more, where whoever writes to the main database can't reach",
)
