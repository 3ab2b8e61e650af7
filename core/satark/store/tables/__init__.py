"""The tables. They hold nothing readable of a tip or a person: content is sealed, senders are pseudonyms.

There are two databases: `main`, and `keys`, which holds the envelopes. `keys` is backed up apart, so that deleting one
row there makes a tip unreadable in every old backup of `main` too.
"""

from __future__ import annotations

from satark.store.tables.conversations import (
    alias,
    conversation,
    flow,
    handoff_code,
    key_canary,
    outbox,
    provider_message,
    seen,
)
from satark.store.tables.databases import keys, main
from satark.store.tables.desks import (
    announced_file,
    audit_key,
    audit_key_copy,
    chunk,
    desk,
    former_key,
    host_link,
    office,
    office_outbox,
    received_answer,
    roster_proposal,
    sent_transfer,
)
from satark.store.tables.key_store import anchor, envelope, erased_tip, roster, roster_head, witness
from satark.store.tables.tips import (
    custody,
    custody_head,
    delivery,
    file,
    message,
    open_breaker,
    reach,
    receipt,
    retention,
    retention_key,
    tip,
    tip_change,
)

__all__ = [
    "alias",
    "anchor",
    "announced_file",
    "audit_key",
    "audit_key_copy",
    "chunk",
    "conversation",
    "custody",
    "custody_head",
    "delivery",
    "desk",
    "envelope",
    "erased_tip",
    "file",
    "flow",
    "former_key",
    "handoff_code",
    "host_link",
    "key_canary",
    "keys",
    "main",
    "message",
    "office",
    "office_outbox",
    "open_breaker",
    "outbox",
    "provider_message",
    "reach",
    "receipt",
    "received_answer",
    "retention",
    "retention_key",
    "roster",
    "roster_head",
    "roster_proposal",
    "seen",
    "sent_transfer",
    "tip",
    "tip_change",
    "witness",
]
