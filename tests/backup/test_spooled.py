"""Spooled batches travel in a backup, and the edge key alone opens them."""

from __future__ import annotations

from satark.backup.folder import BackupFolder
from support.backups import SPOOLED, Place


def test_what_waits_in_the_spool_is_restored_and_opened_by_nothing_but_the_edge_key(
    here: Place, elsewhere: Place, folder: BackupFolder
) -> None:
    here.spool.add("sms", SPOOLED)
    made = here.back_up(folder)
    assert made.spooled == 1
    assert elsewhere.restore(folder, made.name).spooled == 1
    (name,) = elsewhere.spool.names()
    channel, batch = elsewhere.spool.open(name)
    assert (channel, batch.inbound) == ("sms", SPOOLED.inbound)
    here.spool.done(*here.spool.names())
    assert here.back_up(folder).spooled == 0
