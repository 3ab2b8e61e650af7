"""`satark roster`: shows the readers and who decided about them, finds manipulations, and ends the founding."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from satark.roster.entries import (
    Body,
    Closed,
    DestinationSet,
    HostNoted,
    KeyChange,
    KeysRenewed,
    OfficerSet,
    RosterOfficer,
    describe,
    fingerprint,
)
from satark.roster.roster import COPY_NAME
from satark.services import Services
from satark.store import tables
from support.commands import run
from support.desks import SeededDesk, listed_officer
from support.store import fresh_services

CLERK = listed_officer("clerk")
HEAD = listed_officer("khan", "head")
RAO = RosterOfficer(name="rao", recipient="age1", signer="00", role="head", rights=("listen", "release"))
SP = DestinationSet(to="email:sp", desk="sp", recipient="age1")


@pytest.fixture
def services(data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """A store with the desk `sp` and its two officers."""
    monkeypatch.setenv("SATARK_PLUGINS", "[]")
    services = fresh_services(data)
    SeededDesk(services, "sp", area="varanasi", officers=(HEAD, CLERK))
    yield services
    services.close()


def test_show_lists_desks_officers_and_every_entry(services: Services) -> None:
    shown = run("roster", "show").stdout
    assert shown.startswith("open: the founding; the first tip seals it\n")
    assert "sp  sp title  district  varanasi" in shown
    assert "    head khan (may listen and release)" in shown
    assert "   1  desk sp (district, varanasi) was added: head khan (may listen and release), officer clerk: " in shown
    assert "somebody else may know" not in shown
    assert re.search(r"^head 1:[0-9a-f]{64}$", shown, re.MULTILINE)
    assert "proposed" not in shown
    assert "✗" not in shown


def test_an_intact_roster_is_verified_and_an_unlisted_desk_is_named(services: Services) -> None:
    assert "the roster is intact: 1 entry; head 1:" in run("roster", "verify").stdout
    row = {"name": "watch", "title": "W", "level": "range", "area": "", "recipient": "age1"}
    services.write_now(lambda unit: unit.insert(tables.desk, [row]))
    found = run("roster", "verify", code=1).stdout
    assert "watch" in found
    assert "1 problem in 1 entry" in found


@pytest.mark.slow("whole commands")
def test_a_machine_without_a_copy_takes_the_roster_that_has_a_noted_head(services: Services, data: Path) -> None:
    (head,) = re.findall(r"head (\S+)", run("roster", "verify").stdout)
    (data / COPY_NAME).unlink()
    refusal = "takes none that the databases alone show"
    assert refusal in run("roster", "verify", code=1).stdout
    assert "✗ data_dir (SATARK_DATA_DIR): this machine has no copy" in run("check", code=1).stdout
    for wrong in (f"2:{head[2:]}", "1:", "0:", "1", 'head [of] "1'):
        assert f"✗ the roster lacks {wrong}" in run("roster", "verify", "--head", wrong, code=1).stdout
        assert not (data / COPY_NAME).exists()
    assert f"head {head}" in run("roster", "verify", "--head", head).stdout
    assert (data / COPY_NAME).exists()
    assert "✗ the roster lacks 1:ab" in run("roster", "verify", "--head", "1:ab", code=1).stdout
    assert f"head {head}" in run("roster", "verify").stdout


def test_the_founding_ends_once_there_is_a_desk(services: Services) -> None:
    sealed = run("roster", "seal").stdout
    assert "note its head" in sealed
    shown = run("roster", "show").stdout
    assert shown.startswith("sealed: changes need signatures\n")
    known = "somebody else may know the keys of desks: sp; each changes when a head of it next signs in\n"
    assert all(known in said for said in (sealed, shown, run("roster", "verify").stdout))


def test_an_installation_without_a_desk_does_not_end_its_founding(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_PLUGINS", "[]")
    fresh_services(data).close()
    assert "run `satark desk add`" in run("roster", "seal", code=1).stderr


def test_entries_that_the_databases_lost_are_restored_from_this_machines_copy(services: Services) -> None:
    run("roster", "seal")
    services.write_now(lambda unit: unit.keys.execute(delete(tables.roster)))
    run("roster", "verify", code=1)
    assert "2 entries and 0 renewals of tips' keys restored" in run("roster", "restore").stdout
    assert "the roster is intact: 2 entries" in run("roster", "verify").stdout


def key_change(removed: str = "") -> KeyChange:
    return KeyChange(desk="sp", replaces="age1", recipient="age2", verifier="", removed=removed)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (key_change(), "desk sp got a new key: 0d15 3580 50b8 64d3 428e"),
        (key_change("clerk"), "desk sp got a new key, because officer clerk was removed: 0d15 3580 50b8 64d3 428e"),
        (OfficerSet(desk="sp", officer=RAO), f"desk sp has head rao (may listen and release): {RAO.fingerprint}"),
        (SP, f"destination email:sp of desk sp reads: {fingerprint(SP)}"),
        (DestinationSet(to="email:sp", desk="", recipient=""), "destination email:sp of every desk reads no more"),
        (KeysRenewed(desk="sp", tips=bytes(16)), "desk sp renewed the keys of tips"),
        (HostNoted(desk="sp", head="ab" * 32), "the host's roster had the head abababababababab"),
        (Closed(), "the founding ended; destinations that read: 0"),
        (Closed(destinations=(SP,)), "the founding ended; destinations that read: 1"),
    ],
)
def test_an_entry_is_described_in_a_sentence(body: Body, words: str) -> None:
    assert describe(body) == words
