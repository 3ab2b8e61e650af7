"""A desk's key that somebody else may know, and that does not change for a day, is a fault."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from satark.api.sealing import new_identity
from satark.roster.chain import append
from satark.roster.entries import Entry, KeyChange
from satark.runtime.key_faults import key_faults
from satark.services import Services
from support.desks import SeededDesk, end_founding, listed_officer
from support.store import fresh_services

DAY = 86_400


def codes(services: Services, patch: pytest.MonkeyPatch, later: float) -> list[str]:
    """Return the faults that a new process sees later."""
    now = time.time() + later
    with patch.context() as patched:
        patched.setattr("satark.runtime.key_faults.time.time", lambda: now)
        return [str(one) for one in key_faults(None, services)]


def test_a_desk_whose_founded_key_nobody_changes_for_a_day_is_a_fault_until_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = fresh_services(tmp_path)
    desks = [SeededDesk(services, name, officers=(listed_officer("rao", "head"),)) for name in ("sp", "dig")]
    assert codes(services, monkeypatch, -DAY) == []
    end_founding(services, lambda _: None)
    assert [codes(services, monkeypatch, later) for later in (0, DAY - 9)] == [[], []]
    (fault,) = codes(services, monkeypatch, DAY + 9)
    assert "did not change for a day: 2;" in fault
    for desk in desks:
        by = desk.desk.name, "rao"
        entry = Entry(body=KeyChange.of(desk.desk.name, desk.identity, new_identity()[1]), by=by)
        signed = entry.signed_with(by, desk._own["rao"])
        services.write_now(lambda unit, one=signed: append(unit, one))  # type: ignore[misc]
    assert codes(services, monkeypatch, DAY + 9) == []
    services.close()
