"""The spool in a backup: waiting batches, sealed anew under an epoch key that only this backup has.

The spool's own epoch keys are never copied: they would open batches that were replayed and deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from satark.backup.sealed_stream import Record
from satark.identity.edge_key import BrokenSeal, Identity
from satark.identity.epoch_keys import EpochKeys
from satark.ingest.spool import Spool


def spool_records(spool: Spool, identity: Identity, workspace: Path) -> Iterator[Record]:
    """Yield an epoch key, then each waiting batch. A batch that is replayed meanwhile is in the database."""
    with TemporaryDirectory(dir=workspace) as folder:
        path = Path(folder) / "epochs"
        fresh = identity.with_epochs(EpochKeys.load(path, identity.epochs.seconds))
        fresh.epochs.current()
        yield {"epochs": path.read_bytes()}
        for name in spool.names():
            with suppress(FileNotFoundError, BrokenSeal):
                channel, batch = spool.open(name)
                yield {"channel": channel, "name": name, "sealed": fresh.seal_batch(batch, name.encode())}


def restore_spool(spool: Spool, identity: Identity, records: Iterable[Record], workspace: Path) -> int:
    """Spool the batches of a backup; return how many.

    Raises:
        BrokenSeal: the edge key is not the backup's.
        SpoolFull: the settings allow fewer batches.
    """
    count = 0
    with TemporaryDirectory(dir=workspace) as folder:
        path = Path(folder) / "epochs"
        for record in records:
            if "epochs" in record:
                path.touch(mode=0o600)
                path.write_bytes(record["epochs"])
                opened = identity.with_epochs(EpochKeys.load(path, identity.epochs.seconds))
                continue
            spool.add(record["channel"], opened.open_batch(record["sealed"], record["name"].encode()))
            count += 1
    return count
