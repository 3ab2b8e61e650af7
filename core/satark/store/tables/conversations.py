"""Tables of conversations: flows, inbound events, drafts and replies."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table

from satark.store.tables.databases import main, wait_column

__all__ = [
    "alias", "conversation", "epoch_key", "epoch_machine", "flow", "handoff_code", "key_canary", "outbox",
    "provider_message", "seen",
]  # fmt: skip

key_canary = Table(
    "key_canary",
    main,
    Column("name", String(16), primary_key=True, comment="edge, names or folder"),
    Column("value", LargeBinary(16), nullable=False, comment="what follows from the right key file, and from no other"),
    comment="which key files and which data folder this database belongs to",
)

epoch_machine = Table(
    "epoch_machine",
    main,
    Column("id", LargeBinary(16), primary_key=True, comment="of its file of epoch keys"),
    Column("recipient", LargeBinary, nullable=False, comment="of its next epoch key, used once, under the edge key"),
    comment="machines that share the epochs",
)

epoch_key = Table(
    "epoch_key",
    main,
    Column("epoch", LargeBinary(4), primary_key=True, comment="random"),
    Column("machine", LargeBinary(16), primary_key=True),
    Column("sealed", LargeBinary, nullable=False, comment="the key for this machine alone; emptied once it has it"),
    comment="the epochs that have not ended",
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
    Column("key", LargeBinary(16), primary_key=True, comment="the day, and a keyed hash of (account, event key)"),
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

handoff_code = Table(
    "handoff_code",
    main,
    Column("lookup", LargeBinary(16), primary_key=True),
    Column("sealed", LargeBinary, nullable=False, comment="what the code opens; names its conversation only inside"),
    Column("expires_at", BigInteger, nullable=False, comment="Unix seconds"),
    Index("handoff_code_expires_at", "expires_at"),
    comment="codes that move a draft to another channel, by a keyed and memory-hard look-up",
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
    wait_column(),
    Column("reason", String(80), nullable=False, comment="of the last failure: a code, never content"),
    Index("outbox_due", "state", "due_at"),
    Index("outbox_conversation", "conversation"),
    comment="replies: sent from memory after the commit, from here after a crash",
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
