"""How changes of readers are carried out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyotp
import pytest
from sqlalchemy import select

from satark.api.routing import KeyChanged
from satark.api.sealing import CantOpen, open_envelope
from satark.casework import key_change
from satark.remote.link_keys import HostPairing, LinkKey
from satark.remote.messages import ANSWER, SIGNED_ANSWER, decode
from satark.remote.office_outbox import former_keys
from satark.remote.offices import join
from satark.routing import desks, tip_keys
from satark.services import Services
from satark.store import changed_keys, envelopes, tables
from satark.store.unit_of_work import UnitOfWork
from satark_desk.desk_keys import UnlockedDesk, open_desk_key
from satark_desk.known_browsers import (
    browsers_of,
    remember,
)
from satark_desk.officers import NewOfficer, add_officer, remove_officer, rotate, unlock, unlock_any
from satark_desk.recovery import approve_recovery, ask_for_recovery, requests_of
from satark_desk.second_factors import (
    add_factor,
    factors_of,
    new_totp,
    new_totp_secret,
)
from satark_desk.tables import officer
from support.tips import seed_tip

FIRST, SECOND, NEW = "first passphrase", "another passphrase", "purana kuan neem ka ped"


@pytest.mark.slow("keys of several officers")
def test_removing_an_officer_deletes_that_officers_rows(either_store: Services) -> None:
    second, secret = unlock(either_store, "sp", "b", SECOND), new_totp_secret()
    new = new_totp(second, secret, pyotp.TOTP(secret).at(600), now=600)
    assert new is not None
    add_factor(either_store, second, new, name="x", now=600)
    either_store.write_now(lambda unit: remember(unit, "sp", "b", "value", name="x", now=1))
    ask_for_recovery(either_store, "sp", "b", NEW)
    remove_officer(either_store, unlock(either_store, "sp", "a", FIRST), "b")
    assert either_store.read(lambda c: factors_of(c, "sp", "b")) == []
    assert either_store.read(lambda c: browsers_of(c, "sp", "b")) == []
    assert either_store.read(lambda c: requests_of(c, "sp")) == []


Open = Callable[[str], UnlockedDesk]


@pytest.mark.slow("keys of several officers")
def test_a_key_change_keeps_the_officers_passphrases(services: Services, unlocked: Open) -> None:
    add_officer(services, unlocked("sp"), NewOfficer(name="second", passphrase="another passphrase"))
    before = unlocked("sp")
    rotate(services, before)
    after = {
        unlock_any(services, "sp", passphrase).identity for passphrase in ("sp passphrase 1", "another passphrase")
    }
    assert len(after) == 1
    assert before.identity not in after
    with pytest.raises(KeyChanged):
        rotate(services, before)


@pytest.mark.slow("keys of several officers")
def test_an_office_announces_a_key_change_that_a_crash_interrupted(
    services: Services, unlocked: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    link = LinkKey.load(tmp_path / "link.key").public_keys
    services.write_now(lambda unit: join(unit, HostPairing(link=link, roster="")))
    seeded = seed_tip(services, [unlocked("sp").desk])
    former = unlocked("sp").identity

    def crash(unit: UnitOfWork, *_: object) -> None:
        unit.keys.commit()  # the key store is committed before the other database
        raise OSError("planted")

    with monkeypatch.context() as patch:
        patch.setattr(key_change, "queue_key_change", crash)
        with pytest.raises(OSError, match="planted"):
            rotate(services, unlocked("sp"))
    now = unlocked("sp")
    assert now.identity != former
    (row,) = services.read(lambda c: c.execute(select(tables.office_outbox)).all())
    announced = decode(ANSWER, decode(SIGNED_ANSWER, row.message).answer).new_key
    assert announced is not None
    assert announced.recipient == now.desk.recipient
    assert services.read(lambda c: former_keys(c, "sp", now.identity)) == [former]
    assert now.casework(services).open(seeded.number).tip == seeded.tip


def recover(services: Services, by: UnlockedDesk) -> None:
    """Give the desk's other officer a new key, as after a loss."""
    approve_recovery(services, by, "second", ask_for_recovery(services, by.desk.name, "second", NEW).code)


@pytest.mark.slow("keys of several officers")
@pytest.mark.parametrize("change", [rotate, recover], ids=["the desk's key", "an officer's key"])
@pytest.mark.parametrize("torn", [False, True], ids=["between transactions", "between the commits of one"])
def test_a_key_change_of_many_tips_resumes_after_a_crash_and_every_tip_can_be_read_throughout(
    services: Services, unlocked: Open, monkeypatch: pytest.MonkeyPatch, *, torn: bool, change: Any
) -> None:
    for module in (key_change, desks, tip_keys, changed_keys):
        monkeypatch.setattr(module, "AT_ONCE", 2)
    add_officer(services, unlocked("sp"), NewOfficer(name="second", passphrase=SECOND))
    sp, dig = unlocked("sp"), unlocked("dig")
    tips = {seed_tip(services, [sp.desk, dig.desk]).id for _ in range(5)}
    kept_from_sp = seed_tip(services, [dig.desk]).id
    at_once, renew = list[int](), tip_keys.renew_tip_keys

    def crash(unit: UnitOfWork, *given: Any, tips: Sequence[str]) -> None:
        at_once.append(len(tips))
        renew(unit, *given, tips=tips)
        if len(at_once) == 2:
            if torn:
                unit.keys.commit()
            raise OSError("planted")

    with monkeypatch.context() as patch:
        patch.setattr(key_change, "renew_tip_keys", crash)
        with pytest.raises(OSError, match="planted"):
            change(services, sp)
    assert at_once == [2, 2]
    assert count_keys(services, sp) == 2, "the key before is kept as long as a tip needs it"
    dig_reads = dig.casework(services)
    assert {dig_reads.open(one).id for one in (*tips, kept_from_sp)} == {*tips, kept_from_sp}
    now = unlocked("sp")
    work = now.casework(services)
    for tip in tips:
        work.note(work.open(tip), "after the change")
        assert [one.message.text for one in dig_reads.open(tip).thread] == ["after the change"]
        sealed = services.read_keys(lambda keys, tip=tip: envelopes.find(keys, tip, "sp") or b"")  # type: ignore[misc]
        if change is rotate:
            with pytest.raises(CantOpen):
                open_envelope(sealed, sp.identity, tip=tip, desk="sp")
        assert len(open_envelope(sealed, now.identity, tip=tip, desk="sp").identity.split()) > 1
    assert not work.cache.unreadable
    assert count_keys(services, sp) == 1


def count_keys(services: Services, by: UnlockedDesk) -> int:
    """Return how many keys of the desk an officer has."""
    row = services.read(lambda c: c.execute(select(officer).where(officer.c.name == by.officer)).one())
    key = open_desk_key(row.desk_key, by.desk.name, by.officer, by.own_identity)
    return len(key.identity.split()) if key else 0
