"""The tables. They hold nothing readable of a tip or a person: content is sealed, senders are pseudonyms.

There are two databases: `main`, and `keys`, which holds the envelopes. `keys` is backed up apart, so that deleting one
row there makes a tip unreadable in every old backup of `main` too.
"""

from satark.store.tables.conversations import *
from satark.store.tables.databases import keys, main
from satark.store.tables.desks import *
from satark.store.tables.key_store import *
from satark.store.tables.tips import *
