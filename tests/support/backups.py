"""Installations that are backed up, and other folders to which they are restored."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from satark.api.inbound import Address, Batch, Inbound, Text
from satark.api.sealing import new_identity
from satark.backup.create import Made, make_backup
from satark.backup.folder import BackupFolder
from satark.backup.restore import Restored, restore_backup
from satark.identity.edge_key import Identity
from satark.identity.epoch_keys import EpochKeys
from satark.ingest.spool import Spool
from satark.plugins.loader import Plugins
from satark.runtime import compose
from satark.runtime.retention_job import Retention
from satark.services import Services
from satark.settings.settings import Settings
from satark_files.file_store import FileStore
from satark_files.open_store import open_store
from support.desks import SeededDesk
from support.store import fresh_services
from support.tips import SeededTip, seed_file, seed_tip

RECIPIENT, OPERATOR = new_identity()
"""The operator's key pair: (recipient, private key)."""
PHONE, WORDS = "+919140112233", "हथियार गोदाम में हैं"
SPOOLED = Batch(inbound=[Inbound(account="sms:1", event_key="SM1", senders=(Address(PHONE),), event=Text(WORDS))])
"""A batch that waits in the spool while a backup is made."""


class Place(NamedTuple):
    """A simulated machine with a data folder."""

    settings: Settings
    services: Services
    identity: Identity
    plugins: Plugins
    spool: Spool

    def back_up(self, folder: BackupFolder, keep: int = 10) -> Made:
        """Back up the data folder, encrypted to `RECIPIENT`."""
        return make_backup(self.settings, self.services, self.plugins, folder, recipients=[RECIPIENT], keep=keep)

    def restore(self, folder: BackupFolder, name: str, operator: str = OPERATOR) -> Restored:
        """Restore a backup into this data folder."""
        return restore_backup(self.settings, self.plugins, folder, name, folder.key(name, operator))

    def retention(self) -> Retention:
        """Return the retention job of this data folder."""
        return Retention(self.settings, self.services, self.identity, self.plugins)


def make_place(folder: Path, *, edge: bytes = b"e" * 32, name_key: bytes = b"n" * 32, **urls: Any) -> Place:
    """Set up an empty installation with these key files. `urls` are those of its databases; the default is SQLite."""
    folder.mkdir(mode=0o700)
    for name, key in (("edge.key", edge), ("name.key", name_key)):
        (folder / name).touch(mode=0o600)
        (folder / name).write_bytes(key)
    settings = Settings(data_dir=folder, plugins=("desk",), **urls)
    plugins = compose.load_plugins(settings)
    services = fresh_services(folder, plugins.migrations(), **urls)
    identity = Identity(edge, EpochKeys.load(settings.epoch_key_file, 3600))
    spool = Spool(settings.spool_dir, identity, max_files=100, max_bytes=1_000_000)
    compose.check_canaries(identity, services)
    return Place(settings, services, identity, plugins, spool)


def chunks_of(store: FileStore) -> list[str]:
    """Return the names of the chunks of sealed files in a backup's store of files."""
    return sorted(one.name for one in store.files() if "/" not in one.name)


def store_of(folder: BackupFolder, scratch: Path) -> FileStore:
    """Return the store in which backups are."""
    return open_store(folder.address if "://" in folder.address else f"file://{folder.address}", scratch)


def tip_with_file(place: Place, desk: SeededDesk) -> SeededTip:
    """Seed a tip with one file for a desk."""
    seeded = seed_tip(place.services, [desk.desk], evidence=("1",), answers={"what": WORDS})
    seed_file(place.services, seeded, "1", b"original", b"clean")
    return seeded
