"""Services: the store as commands use it, and the same store with a process's writer."""

from __future__ import annotations

from pathlib import Path

from satark.services import ProcessServices
from satark.store import envelopes
from satark.store.writer import Writer
from support.store import fresh_services


def test_a_process_finds_envelopes_with_the_name_key_that_the_settings_name(tmp_path: Path) -> None:
    """Without it the officers of such an installation saw no tips."""
    own = tmp_path / "elsewhere" / "name.key"
    own.parent.mkdir()
    services = fresh_services(tmp_path / "data", name_key_file=own)
    services.write_now(lambda unit: envelopes.store(unit, "t1", "sp", b"sealed"))
    process = ProcessServices(services, Writer(services.main, services.keys))
    assert process.read_keys(lambda keys: envelopes.find(keys, "t1", "sp")) == b"sealed"
    assert own.exists()
    assert not list((tmp_path / "data").glob("**/name.key"))
