"""The services that a process of the worker role offers to sinks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from satark.api.routing import DestinationRule
from satark.api.sealing import new_identity
from satark.api.settings import SettingsError
from satark.delivery.destination_reader import DestinationReader, WorkerContext
from satark.store import tables
from satark.store.writer import Writer
from support.store import fresh_services


@pytest.fixture
def context(tmp_path: Path) -> Iterator[WorkerContext]:
    """A worker that can read the tips of `email:sp`, and lacks the key of `email:dig`."""
    recipient, identity = new_identity()
    key = tmp_path / "sp.key"
    key.write_text(identity)
    key.chmod(0o600)
    rules = tuple(
        DestinationRule(to=f"email:{desk}", desk=desk, recipient=recipient, identity_file=file)
        for desk, file in (("sp", key), ("dig", tmp_path / "none.key"))
    )
    services = fresh_services(tmp_path / "data", destination=rules)
    yield WorkerContext(services, Writer(services.main, services.keys))
    services.close()


def test_a_sink_gets_the_reader_of_a_destination_whose_key_exists(context: WorkerContext) -> None:
    assert isinstance(context.reader("email:sp"), DestinationReader)


@pytest.mark.parametrize("to", ["email:dig", "email:nobody"])
def test_a_destination_without_a_key_here_is_a_wrong_setting(context: WorkerContext, to: str) -> None:
    with pytest.raises(SettingsError):
        context.reader(to)


def test_no_link_key_is_made_once_an_office_knows_one(context: WorkerContext, tmp_path: Path) -> None:
    row = {"desk": "cantt", "recipient": "age1", "verifier": "0", "tag": b""}
    context.write_now(lambda unit: unit.insert(tables.office, [row]))
    with pytest.raises(SettingsError, match="No such file"):
        context.office_link(tmp_path / "link.key")


def test_a_link_key_is_made_once(context: WorkerContext, tmp_path: Path) -> None:
    context.office_link(tmp_path / "link.key")
    made = (tmp_path / "link.key").read_bytes()
    context.office_link(tmp_path / "link.key")
    assert (tmp_path / "link.key").read_bytes() == made
