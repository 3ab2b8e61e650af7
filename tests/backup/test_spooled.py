"""Spooled batches travel in a backup, and the edge key alone opens them."""

from __future__ import annotations

import pytest

from satark.backup.folder import BackupFolder
from support.backups import SPOOLED, Place


@pytest.mark.slow("half a second of a processor")
def test_spooled_batches_are_restored_and_only_the_edge_key_opens_them(
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
