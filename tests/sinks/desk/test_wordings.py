"""Wordings: every officer of the desk uses them, nobody else can open them, and a key change preserves them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from satark.api.routing import CaseworkError
from satark.api.sealing import recipient_of, seal
from satark.casework import MAX_TEXT
from satark.services import Services
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import NewOfficer, add_officer, rotate, unlock
from satark_desk.tables import wording
from satark_desk.wordings import MOST, Wording, WordingProblem, WordingRefused, remove, save, wordings_of

Unlock = Callable[[str], UnlockedDesk]
PASSPHRASE = "quiet mango tractor 7 violin ledger"
ASK = Wording(language="hi", name="समय", text="यह किस समय होता है?")


def names(services: Services, by: UnlockedDesk) -> list[str]:
    return [one.name for one in wordings_of(services, by)]


@pytest.mark.slow("keys of several officers")
def test_all_officers_of_a_desk_read_its_wordings_and_no_other_desk_does(services: Services, unlocked: Unlock) -> None:
    save(services, unlocked("sp"), ASK)
    save(services, unlocked("sp"), Wording(language="en", name="time", text="When does it happen?"))
    add_officer(services, unlocked("sp"), NewOfficer(name="sp-2", passphrase=PASSPHRASE))
    assert names(services, unlock(services, "sp", "sp-2", PASSPHRASE)) == ["time", "समय"]
    assert names(services, unlocked("dig")) == []


def test_the_database_shows_neither_text_nor_length(services: Services, unlocked: Unlock) -> None:
    for text in ("a", "b" * MAX_TEXT, "ब" * MAX_TEXT):
        save(services, unlocked("sp"), Wording(language="en", name="x", text=text))
    rows = services.read(lambda c: c.execute(wording.select()).all())
    sizes = [len(row.sealed) for row in rows]
    assert max(sizes) == min(sizes)
    assert b"bbbb" not in b"".join(row.sealed for row in rows)


@pytest.mark.slow("keys of several officers")
def test_a_change_of_the_desks_key_keeps_the_wordings_and_the_old_key_opens_none(
    services: Services, unlocked: Unlock
) -> None:
    old = unlocked("sp")
    save(services, old, ASK)
    save(services, unlocked("dig"), ASK)
    assert rotate(services, old).done
    assert names(services, unlocked("sp")) == ["समय"]
    assert names(services, old) == []
    assert names(services, unlocked("dig")) == ["समय"]


def test_nobody_without_the_desks_private_key_writes_a_wording(services: Services, unlocked: Unlock) -> None:
    id_ = save(services, unlocked("sp"), ASK)
    forged = seal(
        Wording(id=id_, language="hi", name="समय", text="call 98765 43210"), recipient_of(unlocked("sp").identity)
    )
    services.write_now(lambda unit: unit.main.execute(wording.update().values(sealed=forged)))
    assert names(services, unlocked("sp")) == []


def test_a_row_that_was_moved_or_altered_is_left_out(services: Services, unlocked: Unlock) -> None:
    id_ = save(services, unlocked("sp"), ASK)
    services.write_now(lambda unit: unit.main.execute(wording.update().values(id="0" * 16)))
    assert names(services, unlocked("sp")) == []
    services.write_now(lambda unit: unit.main.execute(wording.update().values(id=id_)))
    assert names(services, unlocked("sp")) == ["समय"]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"text": ""}, "text"),
        ({"text": "x" * (MAX_TEXT + 1)}, "text"),
        ({"language": "xx"}, "language"),
    ],
)
def test_a_refused_wording_says_why(
    services: Services, unlocked: Unlock, fields: dict[str, str], problem: WordingProblem
) -> None:
    with pytest.raises(WordingRefused) as refused:
        save(services, unlocked("sp"), Wording(**{"language": "en", "name": "x", "text": "y", **fields}))
    assert refused.value.problem == problem
    assert names(services, unlocked("sp")) == []


@pytest.mark.slow("a whole desk")
def test_a_desk_keeps_a_limited_number_of_wordings(services: Services, unlocked: Unlock) -> None:
    by = unlocked("sp")
    ids = [save(services, by, ASK) for _ in range(MOST)]
    with pytest.raises(WordingRefused):
        save(services, by, ASK)
    remove(services, by, ids[0])
    save(services, by, ASK)


def test_a_desk_can_remove_only_its_own_wordings(services: Services, unlocked: Unlock) -> None:
    id_ = save(services, unlocked("sp"), ASK)
    with pytest.raises(CaseworkError, match="no wording"):
        remove(services, unlocked("dig"), id_)
    remove(services, unlocked("sp"), id_)
    assert names(services, unlocked("sp")) == []
