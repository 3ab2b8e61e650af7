"""Recovery: an officer gets a new passphrase only with another officer's approval."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pyotp
import pytest
from sqlalchemy import select, update

from satark.api.routing import CaseworkError
from satark.api.sealing import CantOpen, open_envelope
from satark.casework import Clocks, DeskAct, DeskActs, NotAllowed, StepRefused, TipKeeping
from satark.identity.edge_key import Identity
from satark.retention.schedule import ensure_key
from satark.services import Services
from satark.store import envelopes
from satark_desk.desk_keys import UnlockedDesk, key_context, open_desk_key
from satark_desk.known_browsers import officers_in, remember
from satark_desk.officers import NewOfficer, WrongPassphrase, add_officer, remove_officer, unlock
from satark_desk.own_keys import change_passphrase
from satark_desk.passphrases import WrappedKey, unwrap
from satark_desk.recovery import MOST_REQUESTS, NoSuchRecovery, approve_recovery, ask_for_recovery, requests_of
from satark_desk.roster_changes import approve
from satark_desk.second_factors import add_factor, factors_of, new_totp, new_totp_secret
from satark_desk.tables import officer, recovery
from support.desks import agree, end_founding
from support.tips import seed_tip

Open = Callable[[str], UnlockedDesk]
NEW = "purana kuan neem ka ped"


def row_of(services: Services, name: str) -> Any:
    return services.read(lambda c: c.execute(select(officer).where(officer.c.name == name)).one())


@pytest.fixture
def second(services: Services, unlocked: Open) -> UnlockedDesk:
    """A second officer of the desk `sp`, signed in."""
    add_officer(services, unlocked("sp"), NewOfficer(name="second", passphrase="another passphrase"))
    return unlock(services, "sp", "second", "another passphrase")


@pytest.mark.slow("keys of several officers")
def test_an_officer_gets_in_with_the_new_passphrase_once_another_has_approved(
    services: Services, second: UnlockedDesk
) -> None:
    code = ask_for_recovery(services, "sp", "sp-1", NEW).code
    with pytest.raises(WrongPassphrase):
        unlock(services, "sp", "sp-1", NEW)
    assert [one.officer for one in services.read(lambda c: requests_of(c, "sp"))] == ["sp-1"]
    approve_recovery(services, second, "sp-1", code.upper())
    again = unlock(services, "sp", "sp-1", NEW)
    assert (again.temporary, again.identity) == (False, unlock(services, "sp", "second", "another passphrase").identity)
    assert again.identity != second.identity  # whoever has the lost key may have had this one
    with pytest.raises(WrongPassphrase):
        unlock(services, "sp", "sp-1", "sp passphrase 1")
    assert services.read(lambda c: requests_of(c, "sp")) == []
    with pytest.raises(NoSuchRecovery):
        approve_recovery(services, second, "sp-1", code)


@pytest.mark.slow("keys of several officers")
def test_recovery_removes_the_second_factors_and_the_known_browsers(
    services: Services, unlocked: Open, second: UnlockedDesk
) -> None:
    head, secret = unlocked("sp"), new_totp_secret()
    factor = new_totp(head, secret, pyotp.TOTP(secret).at(60), now=60)
    assert factor is not None
    add_factor(services, head, factor, name="phone", now=60)
    services.write_now(lambda unit: remember(unit, "sp", "sp-1", "value", name="x", now=60))
    approve_recovery(services, second, "sp-1", ask_for_recovery(services, "sp", "sp-1", NEW).code)
    assert services.read(lambda c: factors_of(c, "sp", "sp-1")) == []
    assert services.read(lambda c: officers_in(c, "value")) == set()


@pytest.mark.slow("a third of a second of a processor")
def test_no_approval_by_oneself_or_by_another_desk_or_with_a_wrong_or_old_code(
    services: Services, unlocked: Open, second: UnlockedDesk
) -> None:
    code = ask_for_recovery(services, "sp", "sp-1", NEW).code
    for by, name, typed in (
        (unlocked("sp"), "sp-1", code),
        (unlocked("dig"), "sp-1", code),
        (second, "sp-1", "0000-0000"),
        (second, "second", code),
        (second, "sp-1", ""),
    ):
        with pytest.raises(CaseworkError):
            approve_recovery(services, by, name, typed)
    services.write_now(lambda unit: unit.main.execute(update(recovery).values(asked=recovery.c.asked - 86_401)))
    with pytest.raises(NoSuchRecovery):
        approve_recovery(services, second, "sp-1", code)
    assert services.read(lambda c: requests_of(c, "sp")) == []
    assert unlocked("sp").officer == "sp-1"


def test_nothing_is_stored_for_an_officer_who_does_not_exist(services: Services) -> None:
    assert len(ask_for_recovery(services, "sp", "nobody", NEW).code) == 9
    assert services.read(lambda c: c.execute(select(recovery)).all()) == []


@pytest.mark.slow("hundreds of requests")
def test_strangers_need_many_requests_to_displace_an_officers_own(services: Services, second: UnlockedDesk) -> None:
    code = ask_for_recovery(services, "sp", "sp-1", NEW).code
    for _ in range(MOST_REQUESTS - 1):
        ask_for_recovery(services, "sp", "sp-1", "a stranger's passphrase")
    assert len(services.read(lambda c: c.execute(select(recovery)).all())) == MOST_REQUESTS
    approve_recovery(services, second, "sp-1", code)
    assert unlock(services, "sp", "sp-1", NEW).officer == "sp-1"


@pytest.mark.slow("keys of several officers")
def test_a_person_who_runs_the_service_makes_nobody_a_reader_by_a_request(
    services: Services, unlocked: Open, second: UnlockedDesk
) -> None:
    """A person who runs the service may ask and may write every row.

    Without an officer's approval nothing opens the desk's key.
    """
    ask_for_recovery(services, "sp", "sp-1", NEW)
    (row,) = services.read(lambda c: c.execute(select(recovery)).all())
    planted = {name: getattr(row, name) for name in ("recipient", "wrapped", "salt", "memory_kib", "passes", "lanes")}
    services.write_now(
        lambda unit: unit.main.execute(
            update(officer).where(officer.c.desk == "sp", officer.c.name == "sp-1").values(planted)
        )
    )
    with pytest.raises(WrongPassphrase):
        unlock(services, "sp", "sp-1", NEW)


@pytest.mark.slow("a third of a second of a processor")
def test_once_the_roster_is_sealed_a_head_and_one_more_officer_must_sign(
    services: Services, unlocked: Open, second: UnlockedDesk
) -> None:
    add_officer(services, unlocked("sp"), NewOfficer(name="third", passphrase="yet another one here"))
    end_founding(services, unlocked)
    unlocked("sp")
    second = unlock(services, "sp", "second", "another passphrase")
    code = ask_for_recovery(services, "sp", "third", NEW).code
    submitted = approve_recovery(services, second, "third", code)
    assert (submitted.done, "head" in submitted.missing) == (False, True)
    with pytest.raises(WrongPassphrase):
        unlock(services, "sp", "third", NEW)
    assert unlock(services, "sp", "third", "yet another one here").officer == "third"
    assert approve(services, unlocked("sp"), submitted.id, code).done
    assert unlock(services, "sp", "third", NEW).identity == second.identity
    with pytest.raises(WrongPassphrase):
        unlock(services, "sp", "third", "yet another one here")


@pytest.mark.slow("keys of several officers")
def test_no_officer_alone_can_take_over_another_officers_account_by_a_request(
    services: Services, unlocked: Open, second: UnlockedDesk
) -> None:
    end_founding(services, unlocked)
    code = ask_for_recovery(services, "sp", "sp-1", "a passphrase that second knows").code
    assert not approve_recovery(services, second, "sp-1", code).done
    with pytest.raises(WrongPassphrase):
        unlock(services, "sp", "sp-1", "a passphrase that second knows")
    assert unlocked("sp").role == "head"


@pytest.mark.slow("many requests")
def test_a_head_with_a_colleagues_new_key_neither_closes_nor_keeps_a_tip_as_two_officers(
    services: Services, unlocked: Open, second: UnlockedDesk
) -> None:
    add_officer(services, unlocked("sp"), NewOfficer(name="third", passphrase="yet another one here"))
    services.write_now(lambda unit: ensure_key(unit, Identity(b"e" * 32)))
    end_founding(services, unlocked)
    seeded = seed_tip(services, [unlocked("sp").desk], priority="urgent")
    second = unlock(services, "sp", "second", "another passphrase")
    code = ask_for_recovery(services, "sp", "third", NEW).code
    approve(services, second, approve_recovery(services, unlocked("sp"), "third", code).id, code)
    head, third, other = (
        one.casework(services)
        for one in (
            unlocked("sp"),
            unlock(services, "sp", "third", NEW),
            unlock(services, "sp", "second", "another passphrase"),
        )
    )
    close = DeskAct(name="close", outcome="no_action", text="a prank", reason="nothing to do")
    DeskActs(services, head, Clocks()).perform(head.open(seeded.number), close)
    TipKeeping(services, head).ask(head.open(seeded.number), "ask_hold", "court")
    assert not DeskActs(services, third, Clocks()).may_decide(third.open(seeded.number))
    with pytest.raises(StepRefused):
        agree(TipKeeping(services, third), third.open(seeded.number))
    assert DeskActs(services, other, Clocks()).may_decide(other.open(seeded.number))
    agree(TipKeeping(services, other), other.open(seeded.number))


@pytest.mark.slow("many requests")
def test_a_person_who_swaps_the_key_of_a_request_does_not_get_it_signed(
    services: Services, unlocked: Open, second: UnlockedDesk
) -> None:
    """A person who runs the service puts another request's key beside the code of the officer's own request."""
    end_founding(services, unlocked)
    code = ask_for_recovery(services, "sp", "second", NEW).code
    (own,) = services.read(lambda c: c.execute(select(recovery)).all())
    ask_for_recovery(services, "sp", "second", "a passphrase of the attacker")
    (others,) = services.read(lambda c: c.execute(select(recovery).where(recovery.c.code != own.code)).all())
    swapped = {name: getattr(others, name) for name in ("recipient", "signer", "wrapped", "salt")}
    services.write_now(
        lambda unit: unit.main.execute(update(recovery).where(recovery.c.code == own.code).values(swapped))
    )
    with pytest.raises(NoSuchRecovery):
        approve_recovery(services, unlocked("sp"), "second", code)


def recover(services: Services, unlocked: Open, second: UnlockedDesk) -> None:
    """Give the officer `third` a new key, as two officers of the desk do."""
    unlocked("sp")
    second = unlock(services, "sp", "second", "another passphrase")
    code = ask_for_recovery(services, "sp", "third", NEW).code
    assert approve(services, unlocked("sp"), approve_recovery(services, second, "third", code).id, code).done


def key_opened_by(sealed: bytes, row: Any, passphrase: str) -> str:
    """The desk's key in a sealed copy, as a person opens it who has an officer's former row and passphrase."""
    own = unwrap(msgspec.convert(row, WrappedKey, from_attributes=True), passphrase, key_context("sp", "third"))
    key = open_desk_key(sealed, "sp", "third", (own or "").split()[0])
    return key.identity.split()[0] if key else ""


@pytest.mark.slow("keys of several officers")
@pytest.mark.parametrize("takes_account", [True, False], ids=["took the account first", "has a copy of the row"])
def test_a_person_who_had_a_recovered_officers_key_reads_nothing_new(
    services: Services, unlocked: Open, second: UnlockedDesk, *, takes_account: bool
) -> None:
    """The operator who printed the first passphrase, or the thief of a row and of the passphrase that opens it."""
    first, set_by_thief = "leiter mond 38 zwiebel", "fenster gabel 54 komet"
    add_officer(services, unlocked("sp"), NewOfficer(name="third", passphrase=first, temporary=True))
    end_founding(services, unlocked)
    unlocked("sp")
    if takes_account:
        change_passphrase(services, unlock(services, "sp", "third", first), first, set_by_thief)
        unlocked("sp")
    row = row_of(services, "third")
    known = key_opened_by(row.desk_key, row, set_by_thief if takes_account else first)
    assert known == unlocked("sp").identity
    recover(services, unlocked, second)
    seeded = seed_tip(services, [unlocked("sp").desk])
    sealed = services.read_keys(lambda c: envelopes.find(c, seeded.id, "sp"))
    assert sealed
    with pytest.raises(CantOpen):
        open_envelope(sealed, known, tip=seeded.id, desk="sp")
    assert unlock(services, "sp", "third", NEW).identity == unlocked("sp").identity


@pytest.mark.slow("keys of several officers")
def test_a_removal_that_was_proposed_before_a_recovery_seals_nothing_to_the_lost_key(
    services: Services, unlocked: Open, second: UnlockedDesk
) -> None:
    add_officer(services, unlocked("sp"), NewOfficer(name="third", passphrase="yet another one here"))
    add_officer(services, unlocked("sp"), NewOfficer(name="head", passphrase="zitrone gabel 61 wolf", role="head"))
    end_founding(services, unlocked)
    unlocked("sp")
    removal = remove_officer(services, unlocked("sp"), "head")
    recover(services, unlocked, second)
    with pytest.raises(NotAllowed, match="propose it again"):
        approve(services, unlock(services, "sp", "second", "another passphrase"), removal.id)
