"""A change of the edge key: what is sealed is sealed anew, and nothing may run that could still use the old one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from satark.api.settings import SettingsError
from satark.identity.edge_key import BrokenSeal, Identity
from satark.runtime import compose
from satark.runtime.edge_key_change import CantChange, change_edge_key
from satark.services import Services
from satark.settings.settings import Settings
from satark.store import provider_messages, tables
from support.store import fresh_services

ASHA = b"a" * 32


class Installation(NamedTuple):
    """A migrated store with its keys, and a conversation in it."""

    services: Services
    settings: Settings
    identity: Identity
    new: Path
    """Where the new key shall lie."""

    def change(self) -> int:
        return change_edge_key(self.services, self.identity, self.settings.spool_dir, self.new)


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Installation]:
    settings = Settings(data_dir=tmp_path)
    services = fresh_services(tmp_path)
    identity = compose.load_identity(settings)
    compose.check_canaries(identity, services)
    row = {"id": ASHA, "draft": b"", "handle": b"", "due": b"", "ends_by": 0}
    services.write_now(lambda unit: unit.insert(tables.conversation, [row]))
    services.write_now(lambda unit: provider_messages.add(unit, [(ASHA, "17")], identity))
    yield Installation(services, settings, identity, tmp_path / "new.key")
    services.close()


def test_sealed_values_open_with_the_new_key_and_no_longer_with_the_old_one(installed: Installation) -> None:
    def message_ids(identity: Identity) -> list[str]:
        return installed.services.write_now(lambda unit: provider_messages.ids_of(unit, ASHA, identity))

    assert message_ids(installed.identity) == ["17"]
    assert installed.change() == 1
    changed = Identity(installed.new.read_bytes(), installed.identity.epochs)
    assert (message_ids(changed), message_ids(installed.identity)) == (["17"], [])
    with pytest.raises(BrokenSeal):
        installed.identity.open(changed.seal(b"plain", b"place"), b"place")


def test_the_database_accepts_the_new_key_and_no_other(installed: Installation) -> None:
    installed.change()
    epochs = installed.identity.epochs
    compose.check_canaries(Identity(installed.new.read_bytes(), epochs), installed.services)
    with pytest.raises(SettingsError, match="is not the edge key"):
        compose.check_canaries(installed.identity, installed.services)


def test_a_file_that_exists_is_never_replaced(installed: Installation) -> None:
    installed.new.write_bytes(b"somebody's")
    with pytest.raises(FileExistsError):
        installed.change()
    assert installed.new.read_bytes() == b"somebody's"


@pytest.mark.slow("a process")
def test_a_change_is_refused_while_another_process_has_the_database_open(
    installed: Installation, tmp_path: Path
) -> None:
    waits = "import sys; held = open(sys.argv[1]); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", waits, str(tmp_path / "satark.db")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.readline()
        with pytest.raises(CantChange, match="1 other connections"):
            installed.change()
        process.communicate()


def test_a_change_is_refused_while_messages_wait_in_the_spool(installed: Installation) -> None:
    installed.settings.spool_dir.mkdir(exist_ok=True)
    (installed.settings.spool_dir / f"{1:020}-00000000.script").touch()
    with pytest.raises(CantChange, match="wait in the spool"):
        installed.change()
    assert not installed.new.exists()
