"""The tables. They hold nothing readable of a tip or a person: content is sealed, senders are pseudonyms.

There are two databases: `main`, and `keys`, which holds the envelopes. `keys` is backed up apart, so that deleting one
row there makes a tip unreadable in every old backup of `main` too.
"""

from satark.store.tables.conversations import (
    alias,
    conversation,
    epoch_key,
    epoch_machine,
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
from satark.store.tables.key_store import (
    anchor,
    envelope,
    erased_tip,
    kept_term,
    roster,
    roster_head,
    tip_witness,
    witness,
)
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
    tip_count,
    tip_index,
)
