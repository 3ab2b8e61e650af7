"""A new machine of an installation seals to no key that whoever serves its databases made up."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import delete

from satark.api.sealing import new_identity
from satark.api.settings import SettingsError
from satark.identity.epoch_keys import EpochKeys
from satark.roster.anchor import Anchor
from satark.roster.chain import add_renewals, chain_hash, read_rows, read_state
from satark.roster.entries import DeskAdded, Entry, Renewal, desk_verifier
from satark.roster.roster import COPY_NAME, RENEWALS_NAME
from satark.routing.desks import close_roster
from satark.runtime import compose
from satark.runtime.host import Host
from satark.services import Services
from satark.settings.settings import Settings
from satark.store import bulk, tables
from satark.store.epochs import joining_code
from support.desks import SeededDesk, listed_officer
from support.scripted import ScriptedChannel, scripted_host
from support.store import opened_services

pytestmark = pytest.mark.slow("hosts")
Machine = Callable[[str], Settings]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Return a function that returns a machine's settings. All share the databases and the keys that are files."""
    monkeypatch.setattr(compose, "JOIN_SECONDS", 0.0)
    shared: dict[str, Any] = {f"{name}_key_file": tmp_path / "one" / f"{name}.key" for name in ("edge", "name")}
    shared |= {f"{name}_url": f"sqlite:///{tmp_path}/{name}.db" for name in ("database", "keys")}

    def settings(name: str) -> Settings:
        return Settings(data_dir=tmp_path / name, epoch_key_file=tmp_path / f"memory of {name}", **shared)

    return settings


@pytest.fixture
def first(machine: Machine) -> Host:
    """The machine at which the desks were founded, and the roster sealed."""
    (machine("one").core.data_dir).mkdir()
    for name in ("edge", "name"):
        file = machine("one").core.data_dir / f"{name}.key"
        file.touch(mode=0o600)
        file.write_bytes(name.encode().ljust(32))
    host = scripted_host(machine("one"), ScriptedChannel())
    for name, level in (("sp", "district"), ("dig", "range")):
        SeededDesk(host.services, name, level, officers=(listed_officer(f"{name}-head", "head"),))  # type: ignore[arg-type]
    host.services.write_now(lambda unit: close_roster(unit, ()))
    renewals = [Renewal(desk="sp", base="", said=bytes([n]) * 120).encode() for n in (1, 2)]
    host.services.write_now(lambda unit: add_renewals(unit, renewals))
    return host


def admit(first: Host, second: Settings) -> None:
    """Let a machine ask for the keys; bring its code to the first."""
    with pytest.raises(SettingsError, match="keys admit"):
        scripted_host(second, ScriptedChannel())
    keys = EpochKeys.load(second.epoch_key_file, 3600)
    keys.refresh()
    assert first.ingest_runtime
    assert first.ingest_runtime.epochs.admit(joining_code(keys))


def forged(entries: list[bytes], recipient: str, identity: str) -> list[bytes]:
    """Return the founding with keys of the attacker's for the desks and their officers."""
    made = []
    for entry in map(Entry.decode, entries):
        if isinstance(entry.body, DeskAdded):
            officers = tuple(msgspec.structs.replace(one, recipient=new_identity()[0]) for one in entry.body.officers)
            desk = msgspec.structs.replace(entry.body.desk, recipient=recipient)
            body = msgspec.structs.replace(entry.body, desk=desk, verifier=desk_verifier(identity), officers=officers)
            entry = msgspec.structs.replace(entry, body=body)  # noqa: PLW2901 - the same entry, forged
        made.append(entry.encode())
    return made


def serve(services: Services, entries: list[bytes]) -> None:
    """Show these entries, as whoever owns the databases can."""
    rows, before = [], ""
    for position, entry in enumerate(entries, 1):
        before = chain_hash(before, entry)
        rows.append({"position": position, "entry": entry, "hash": bytes.fromhex(before)})
    services.write_now(lambda unit: unit.keys.execute(delete(tables.roster)))
    services.write_now(lambda unit: bulk.insert(unit.keys, tables.roster, rows))


def entries_of(services: Services) -> list[bytes]:
    return [row.entry for row in services.read_keys(read_rows)]


def refused(settings: Settings) -> str:
    """Return why a machine does not start; check that it seals to nobody, and that `satark check` says the same."""
    with pytest.raises(SettingsError) as refusal:
        scripted_host(settings, ScriptedChannel())
    services = opened_services(settings.core.data_dir, **core_of(settings))
    assert services.signers().sealable == []
    assert compose.roster_problems(compose.load_identity(settings), services) == refusal.value.problems
    (elsewhere,) = compose.roster_problems(None, services)
    assert "keys admit" not in elsewhere.hint, "a machine of the desk alone has no edge key"
    services.close()
    assert not (settings.core.data_dir / COPY_NAME).exists()
    return str(*refusal.value.problems)


def core_of(settings: Settings) -> dict[str, Any]:
    names = ("database_url", "keys_url", "edge_key_file", "name_key_file", "epoch_key_file")
    return {name: getattr(settings.core, name) for name in names}


def sealed_to(settings: Settings) -> set[str]:
    """Start a machine; return the recipients to which it seals."""
    host = scripted_host(settings, ScriptedChannel())
    assert host.services.inspect_rosters() == ()
    recipients = {one.recipient for one in host.services.signers().sealable}
    host.services.close()
    return recipients


@pytest.mark.parametrize("sealed", [True, False])
def test_a_new_machine_takes_no_roster_that_the_databases_alone_show(
    first: Host, machine: Machine, *, sealed: bool, tmp_path: Path
) -> None:
    """It has the epoch keys, and the database shows it another founding: one that is over, or one that goes on."""
    recipient, identity = new_identity()
    shutil.copy(tmp_path / "memory of one", tmp_path / "memory of two")
    shown = forged(entries_of(first.services), recipient, identity)
    serve(first.services, shown if sealed else shown[:-1])
    said = refused(machine("two"))
    assert "takes none that the databases alone show" in said
    ways = ("satark keys admit", "roster.jsonl, renewals.jsonl and heads.json", "roster verify --head")
    assert all(way in said for way in ways)
    first.services.close()


def test_an_admitted_machine_takes_no_other_and_no_shorter_roster(first: Host, machine: Machine) -> None:
    real, known = entries_of(first.services), {one.recipient for one in first.services.signers().sealable}
    admit(first, machine("two"))
    for shown in (forged(real, *new_identity()), real[:-1], []):
        serve(first.services, shown)
        assert "the roster in the key store lacks 3:" in refused(machine("two"))
    serve(first.services, real)
    assert sealed_to(machine("two")) == known
    serve(first.services, forged(real, *new_identity()))
    later = scripted_host(machine("two"), ScriptedChannel())
    assert {one.recipient for one in later.services.signers().sealable} == known, "it has a copy of its own now"
    assert later.services.inspect_rosters() != ()
    for host in (first, later):
        host.services.close()


def test_an_admitted_machine_takes_no_roster_without_the_renewals_of_tips_keys(first: Host, machine: Machine) -> None:
    admit(first, machine("two"))
    second = tables.renewal.c.position == 2
    (row,) = first.services.read_keys(lambda c: c.execute(tables.renewal.select().where(second)).all())
    first.services.write_now(lambda unit: unit.keys.execute(delete(tables.renewal).where(second)))
    assert "lacks 3:" in refused(machine("two"))
    first.services.write_now(lambda unit: unit.keys.execute(tables.renewal.insert(), [row._asdict()]))
    assert len(sealed_to(machine("two"))) == 2
    first.services.close()


def test_a_new_machine_takes_the_roster_by_a_noted_head_or_by_copies(
    first: Host, machine: Machine, tmp_path: Path
) -> None:
    for name in ("two", "three"):
        shutil.copy(tmp_path / "memory of one", tmp_path / f"memory of {name}")
        assert "takes none" in refused(machine(name))
    state = first.services.read_keys(read_state)
    second = opened_services(machine("two").core.data_dir, **core_of(machine("two")))
    second.roster.take_anchor(Anchor(f"{state.position}:{state.head}").encode())
    second.close()
    for name in (COPY_NAME, RENEWALS_NAME):
        shutil.copy(tmp_path / "one" / name, tmp_path / "three" / name)
    assert sealed_to(machine("two")) == sealed_to(machine("three")) == set(state.desk_recipients().values())
    first.services.close()
