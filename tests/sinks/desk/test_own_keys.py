"""A new passphrase makes a new own key: a person who knew the former passphrase opens and signs nothing more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pyotp
import pytest
from sqlalchemy import select, update

from satark.casework import ActFilter, NotAllowed, take_own_key
from satark.services import Services
from satark.store.unit_of_work import UnitOfWork
from satark_desk import own_keys
from satark_desk.desk_keys import UnlockedDesk, key_context, open_desk_key
from satark_desk.officers import (
    NewDesk,
    NewOfficer,
    WrongPassphrase,
    add_officer,
    make_desk,
    remove_officer,
    rotate,
    unlock,
)
from satark_desk.own_keys import SamePassphrase, change_passphrase
from satark_desk.passphrases import WeakPassphrase, WrappedKey, unwrap
from satark_desk.roster_changes import approve
from satark_desk.second_factors import add_factor, check_code, new_totp, new_totp_secret
from satark_desk.tables import officer
from support.desks import end_founding

PRESENT, NEW, FIRST = "sp passphrase 1", "purana kuan neem ka ped", "leiter mond 38 zwiebel"
Unlock = Callable[[str], UnlockedDesk]


def row_of(services: Services, name: str) -> Any:
    return services.read(lambda c: c.execute(select(officer).where(officer.c.name == name)).one())


def desk_key_by(services: Services, first_day: Any, passphrase: str) -> str:
    """The key of the desk that a passphrase of the first day opens, with a copy of that day's row and today's."""
    own = unwrap(
        msgspec.convert(first_day, WrappedKey, from_attributes=True), passphrase, key_context("sp", first_day.name)
    )
    key = open_desk_key(row_of(services, first_day.name).desk_key, "sp", first_day.name, own or "")
    return key.identity if key else ""


@pytest.mark.slow("keys of several officers")
def test_a_person_who_knew_an_officers_first_passphrase_reads_nothing_new(services: Services, unlocked: Unlock) -> None:
    add_officer(services, unlocked("sp"), NewOfficer(name="second", passphrase=FIRST, temporary=True))
    first_day = row_of(services, "second")
    second = change_passphrase(services, unlock(services, "sp", "second", FIRST), FIRST, NEW)
    assert not second.temporary
    with pytest.raises(WrongPassphrase):
        unlock(services, "sp", "second", FIRST)
    known = second.identity
    assert unlocked("sp").identity != known  # a head signed in, which changes the desk's key
    assert unlock(services, "sp", "second", NEW).identity == unlocked("sp").identity
    assert desk_key_by(services, first_day, FIRST) == ""


@pytest.mark.slow("keys of several officers")
def test_a_person_who_printed_the_passphrase_of_a_desks_only_head_reads_nothing_new(
    services: Services, unlocked: Unlock
) -> None:
    first_day, before = row_of(services, "sp-1"), unlocked("sp")
    changed = change_passphrase(services, before, PRESENT, NEW)
    assert changed.identity not in {"", before.identity}
    assert desk_key_by(services, first_day, PRESENT) == ""


@pytest.mark.slow("keys of several officers")
def test_an_officer_who_takes_the_envelope_from_the_safe_sets_another_passphrase(
    services: Services, unlocked: Unlock
) -> None:
    new = NewDesk(
        name="sigra", title="Sigra", level="station", area="sigra", officer="so", passphrase=NEW, recovery=FIRST
    )
    make_desk(services, new)
    found = unlock(services, "sigra", "recovery", FIRST)
    assert found.temporary
    changed = change_passphrase(services, found, FIRST, "zitrone gabel 61 wolf")
    assert (changed.temporary, changed.identity != found.identity) == (False, True)


@pytest.mark.slow("keys of several officers")
def test_no_row_says_that_an_officer_set_their_own_passphrase(services: Services, unlocked: Unlock) -> None:
    add_officer(services, unlocked("sp"), NewOfficer(name="second", passphrase=FIRST, temporary=True))
    services.write_now(lambda unit: unit.main.execute(update(officer).values(temporary=False)))
    second = unlock(services, "sp", "second", FIRST)
    assert second.temporary
    assert not change_passphrase(services, second, FIRST, NEW).temporary


@pytest.mark.slow("keys of several officers")
def test_a_person_who_knew_a_former_passphrase_signs_nothing_as_its_officer(
    services: Services, unlocked: Unlock
) -> None:
    add_officer(services, unlocked("sp"), NewOfficer(name="second", passphrase=FIRST, temporary=True))
    known = unlock(services, "sp", "second", FIRST)
    end_founding(services, unlocked)
    change_passphrase(services, known, FIRST, NEW)
    mole = add_officer(services, unlocked("sp"), NewOfficer(name="mole", passphrase="zitrone gabel 61 wolf"))
    with pytest.raises(NotAllowed, match="a signature is not that of an officer whom the roster lists"):
        approve(services, known, mole.id)
    assert services.read_keys(services.roster.verify).problems == ()


@pytest.mark.slow("keys of several officers")
def test_a_key_change_that_was_proposed_before_seals_nothing_to_the_former_key(
    services: Services, unlocked: Unlock
) -> None:
    for name, role in (("second", "officer"), ("third", "head")):
        new = NewOfficer(name=name, passphrase=f"{name} kupfer wolke 71", role=role)  # type: ignore[arg-type]
        add_officer(services, unlocked("sp"), new)
    end_founding(services, unlocked)
    waiting = remove_officer(services, unlocked("sp"), "third")
    second = unlock(services, "sp", "second", "second kupfer wolke 71")
    second = change_passphrase(services, second, "second kupfer wolke 71", NEW)
    with pytest.raises(NotAllowed, match="propose it again"):
        approve(services, second, waiting.id)


@pytest.mark.slow("keys of several officers")
@pytest.mark.parametrize("step", ["take_own_key", "unlock"])
def test_a_crash_locks_nobody_out(
    step: str, services: Services, unlocked: Unlock, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = unlocked("sp")

    def crash(*_: object) -> None:
        raise OSError

    real, calls = getattr(own_keys, step), []

    def later(*arguments: Any) -> Any:
        calls.append(1)
        return crash() if step == "take_own_key" or len(calls) > 1 else real(*arguments)

    with monkeypatch.context() as broken:
        broken.setattr(own_keys, step, later)
        with pytest.raises(OSError):  # noqa: PT011 - the crash
            change_passphrase(services, before, PRESENT, NEW)
    after = unlock(services, "sp", "sp-1", NEW)
    assert (after.own_identity == before.own_identity) == (step == "take_own_key")


@pytest.mark.slow("keys of several officers")
def test_a_crash_between_the_two_databases_locks_nobody_out(
    services: Services, unlocked: Unlock, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = unlocked("sp")

    def crash(unit: UnitOfWork, *arguments: Any) -> None:
        take_own_key(unit, *arguments)
        unit.keys.commit()
        raise OSError

    with monkeypatch.context() as broken:
        broken.setattr(own_keys, "take_own_key", crash)
        with pytest.raises(OSError):  # noqa: PT011 - the crash
            change_passphrase(services, before, PRESENT, NEW)
    after = unlock(services, "sp", "sp-1", NEW)
    assert after.own_identity != before.own_identity
    assert after.identity != before.identity
    assert services.read_keys(services.roster.verify).problems == ()


@pytest.mark.slow("keys of several officers")
def test_second_factors_stay(services: Services, unlocked: Unlock) -> None:
    before, secret = unlocked("sp"), new_totp_secret()
    new = new_totp(before, secret, pyotp.TOTP(secret).at(600), now=600)
    assert new is not None
    add_factor(services, before, new, name="phone", now=600)
    after = change_passphrase(services, before, PRESENT, NEW)
    assert check_code(services, after, pyotp.TOTP(secret).at(900), now=900)


@pytest.mark.slow("keys of several officers")
def test_an_auditor_reads_on_and_their_acts_stay_theirs(services: Services, unlocked: Unlock) -> None:
    new = NewOfficer(name="watcher", passphrase=FIRST, role="auditor", temporary=True)
    add_officer(services, unlocked("sp"), new)
    unlocked("sp").casework(services).trail.signed_in()  # gives them the keys of the log
    known = unlock(services, "sp", "watcher", FIRST)
    known.casework(services).trail.record("log_read")
    after = change_passphrase(services, known, FIRST, NEW)
    known.casework(services).trail.record("signed_out")  # whoever knew the first passphrase
    after.casework(services).trail.record("log_read")
    seen = after.viewer(services).read(services, ActFilter(officer="watcher")).acts
    assert [(one.act.kind, one.flaw) for one in seen] == [("log_read", ""), ("signed_out", "forged"), ("log_read", "")]


@pytest.mark.slow("keys of several officers")
def test_an_officers_former_signatures_in_the_roster_stay_valid(services: Services, unlocked: Unlock) -> None:
    before = unlocked("dig")
    changed = change_passphrase(services, before, "dig passphrase 1", NEW)
    state = services.roster_state()
    assert not state.lacks_heads
    assert state.desks["dig"].officers["dig-1"].signer in state.signers
    assert rotate(services, changed).done


def test_nothing_changes_if_the_roster_was_rewritten(
    services: Services, unlocked: Unlock, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = unlocked("sp")
    monkeypatch.setattr(services.roster, "is_rewritten", lambda _: True)
    with pytest.raises(NotAllowed, match="try again"):
        change_passphrase(services, before, PRESENT, NEW)
    monkeypatch.undo()
    assert unlock(services, "sp", "sp-1", NEW).own_identity == before.own_identity
    assert msgspec.structs.replace(before, temporary=False) == before


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("not the passphrase", NEW, WrongPassphrase),
        (PRESENT, PRESENT, SamePassphrase),
        (PRESENT, "12345678", WeakPassphrase),
    ],
)
def test_a_refused_change_leaves_the_present_passphrase(
    old: str, new: str, error: type[Exception], services: Services, unlocked: Unlock
) -> None:
    with pytest.raises(error):
        change_passphrase(services, unlocked("sp"), old, new)
    assert unlock(services, "sp", "sp-1", PRESENT).officer == "sp-1"
