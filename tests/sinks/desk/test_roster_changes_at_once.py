"""Several heads sign in at once: the desk's key changes once or twice, and nobody loses it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from satark.api.sealing import recipient_of
from satark.services import Services
from satark_desk import officers, plugin, roster_changes
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import NewDesk, NewOfficer, add_officer, make_desk, unlock
from satark_desk.roster_changes import _own_copy
from satark_testing.waiting import LIMIT_SECONDS
from support.desks import end_founding
from support.store import fresh_services, opened_services
from support.tips import seed_tip

pytestmark = pytest.mark.slow("keys of several officers")

OTHER = "zitrone gabel 61 wolf"
PROPOSAL, ENTRY = "Proposal.store", "_change_key.<locals>.write"
"""What stores a proposed key, and what writes it into the roster after all officers have a copy."""


@pytest.fixture
def services(tmp_path: Path, databases: Any) -> Iterator[Services]:
    """A store on either database, with the desk `sp`."""
    urls = {"database_url": databases.main, "keys_url": databases.keys}
    services = fresh_services(tmp_path / "data", plugin.satark_migrations(), **urls)
    first = NewDesk(name="sp", title="SP", level="district", area="", officer="sp-1", passphrase="sp passphrase 1")
    make_desk(services, first)
    yield services
    services.close()


@pytest.fixture(autouse=True)
def head2(services: Services, unlocked: Callable[[str], UnlockedDesk]) -> UnlockedDesk:
    """A second head of the SP, as signed in before the founding ended."""
    add_officer(services, unlocked("sp"), NewOfficer(name="head2", passphrase=OTHER, role="head"))
    head2 = unlock(services, "sp", "head2", OTHER)
    end_founding(services, lambda _: None)
    return head2


@pytest.fixture
def other(services: Services, databases: Any) -> Iterator[Services]:
    """The same store as another process opens it."""
    other = opened_services(services.data_dir, database_url=databases.main, keys_url=databases.keys)
    yield other
    other.close()


def check(services: Services, unlocked: Callable[[str], UnlockedDesk], tip: str) -> None:
    """Check that both heads have the key that the roster lists, and that no key is known any more."""
    present = services.roster_state()
    for head in (unlocked("sp"), unlock(services, "sp", "head2", OTHER)):
        assert recipient_of(head.identity) == present.desks["sp"].desk.recipient
        assert [one.id for one in head.casework(services).summaries()] == [tip]
    assert "sp" not in present.known_keys


@pytest.mark.parametrize(
    ("module", "step"),
    [(officers, "rotate"), (roster_changes, "_finish_former_change"), (roster_changes, "renew_tips")],
)
def test_a_head_who_is_overtaken_signs_in_with_the_key_of_the_quicker_one(
    services: Services, unlocked: Callable[[str], UnlockedDesk], monkeypatch: pytest.MonkeyPatch, module: Any, step: str
) -> None:
    """The other changes the key too, before this one begins, before it stores its key, or before it forgets the old."""
    tip, rotate, do, once = seed_tip(services, [services.desk("sp")]).id, officers.rotate, getattr(module, step), [1]

    def overtaken(*arguments: Any, **options: Any) -> Any:
        if once:
            once.clear()
            assert rotate(services, unlock(services, "sp", "head2", OTHER)).done
        return do(*arguments, **options)

    monkeypatch.setattr(module, step, overtaken)
    assert recipient_of(unlocked("sp").identity) == services.desk("sp").recipient
    check(services, unlocked, tip)


def test_a_key_that_another_head_replaced_in_the_copies_is_not_written_into_the_roster(
    services: Services, other: Services, unlocked: Callable[[str], UnlockedDesk], head2: UnlockedDesk
) -> None:
    """Both stored their new key for all officers before the first of them wrote its own into the roster.

    If it did, a crash in the next moment would lose the desk's key.
    """
    tip, second = seed_tip(services, [services.desk("sp")]).id, list[Any]()
    proposes, prepared, stored, written = (threading.Event() for _ in range(4))
    with ThreadPoolExecutor() as threads, pytest.MonkeyPatch.context() as patch:
        here, there = services.write_now, other.write_now

        def first(write: Callable[[Any], Any]) -> Any:
            if write.__qualname__ == PROPOSAL and not second:
                second.append(threads.submit(unlock, other, "sp", "head2", OTHER))
                assert proposes.wait(LIMIT_SECONDS)
            if write.__qualname__ != ENTRY or prepared.is_set():
                return here(write)
            prepared.set()
            assert stored.wait(LIMIT_SECONDS)
            try:
                return here(write)
            finally:
                copies = services.read(lambda c: _own_copy(c, head2)).split()
                written.set()
                assert services.desk("sp").recipient in map(recipient_of, copies)

        def later(write: Callable[[Any], Any]) -> Any:
            if write.__qualname__ == PROPOSAL:
                proposes.set()
                assert prepared.wait(LIMIT_SECONDS)
            if write.__qualname__ == ENTRY:
                stored.set()
                assert written.wait(LIMIT_SECONDS)
            return there(write)

        patch.setattr(services, "write_now", first)
        patch.setattr(other, "write_now", later)
        unlocked("sp")
        second[0].result()
    check(services, unlocked, tip)
