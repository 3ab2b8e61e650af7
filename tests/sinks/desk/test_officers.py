"""Officers: who can unlock a desk, and until when."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select, update

from satark.api.routing import CaseworkError, KeyChanged
from satark.api.sealing import CantOpen, open_envelope
from satark.casework import Casework, key_change
from satark.remote.link_keys import HostPairing, LinkKey
from satark.remote.messages import decode_answer, decode_signed_answer
from satark.remote.office_outbox import former_keys
from satark.remote.offices import join
from satark.services import Services
from satark.store import tables
from satark.store.unit_of_work import UnitOfWork
from satark_desk import passphrases
from satark_desk.officers import (
    NewOfficer,
    UnlockedDesk,
    WrongPassphrase,
    add_officer,
    listeners_of,
    officers_of,
    remove_officer,
    rotate,
    still_valid,
    unlock,
    unlock_any,
)
from satark_desk.tables import officer
from support.tips import seed_tip

Open = Callable[[str], UnlockedDesk]


def test_nothing_secret_shows_in_a_repr(unlocked: Open) -> None:
    assert "SECRET" not in repr(unlocked("sp"))
    assert repr(unlocked("sp")) == "UnlockedDesk(sp, sp-1)"


@pytest.mark.parametrize(
    ("desk", "name", "passphrase"),
    [
        ("sp", "sp-1", "wrong passphrase"),
        ("sp", "nobody", "sp passphrase 1"),
        ("nowhere", "sp-1", "sp passphrase 1"),
        ("dig", "dig-1", "sp passphrase 1"),
    ],
)
def test_a_wrong_desk_officer_or_passphrase_unlocks_nothing(
    services: Services, desk: str, name: str, passphrase: str
) -> None:
    with pytest.raises(WrongPassphrase):
        unlock(services, desk, name, passphrase)
    with pytest.raises(WrongPassphrase):
        unlock_any(services, desk, passphrase if name != "nobody" else "wrong passphrase")


def test_an_unknown_officer_costs_the_same_work(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    costs: list[int] = []
    real = passphrases._derive

    def derive(passphrase: str, parameters: passphrases.WrappedKey) -> bytes:
        costs.append(parameters.memory_kib)
        return real(passphrase, parameters)

    monkeypatch.setattr(passphrases, "_derive", derive)
    for desk, name in (("sp", "sp-1"), ("sp", "nobody"), ("nowhere", "nobody")):
        costs.clear()
        with pytest.raises(WrongPassphrase):
            unlock(services, desk, name, "a wrong one")
        assert costs == [64]


def test_an_officers_row_moved_to_another_desk_unlocks_nothing(services: Services) -> None:
    rows = services.read(lambda c: c.execute(select(officer)).all())
    (sp,) = (row for row in rows if row.desk == "sp")
    moved = {"wrapped": sp.wrapped, "salt": sp.salt, "recipient": sp.recipient, "desk_key": sp.desk_key}
    services.write_now(lambda unit: unit.main.execute(update(officer).where(officer.c.desk == "dig").values(moved)))
    with pytest.raises(WrongPassphrase):
        unlock(services, "dig", "dig-1", "sp passphrase 1")


@pytest.mark.parametrize("key_kind", ["another desk's key", "junk"])
def test_a_replaced_desk_key_is_refused(services: Services, key_kind: str) -> None:
    (dig,) = services.read(lambda c: c.execute(select(officer).where(officer.c.desk == "dig")).all())
    key = dig.desk_key if key_kind == "junk" else b"junk"
    services.write_now(
        lambda unit: unit.main.execute(update(officer).where(officer.c.desk == "sp").values(desk_key=key))
    )
    with pytest.raises(WrongPassphrase):
        unlock(services, "sp", "sp-1", "sp passphrase 1")


def test_a_second_officer_unlocks_the_same_desk(services: Services, unlocked: Open) -> None:
    add_officer(services, unlocked("sp"), NewOfficer(name="दूसरा अधिकारी", passphrase="another passphrase"))
    assert unlock_any(services, "sp", "another passphrase").identity == unlocked("sp").identity
    assert services.read(lambda c: officers_of(c, "sp")) == ["sp-1", "दूसरा अधिकारी"]


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 41, "\N{RIGHT-TO-LEFT OVERRIDE}"])
def test_an_invalid_officers_name_is_refused(services: Services, unlocked: Open, name: str) -> None:
    with pytest.raises(CaseworkError):
        add_officer(services, unlocked("sp"), NewOfficer(name=name, passphrase="another passphrase"))


def test_a_removed_officer_can_open_nothing_new(services: Services, unlocked: Open) -> None:
    add_officer(services, unlocked("sp"), NewOfficer(name="second", passphrase="another passphrase"))
    former = unlock(services, "sp", "second", "another passphrase")
    old = seed_tip(services, [former.desk])
    remove_officer(services, unlocked("sp"), "second")

    with pytest.raises(WrongPassphrase):
        unlock(services, "sp", "second", "another passphrase")
    now = unlocked("sp")
    new = seed_tip(services, [now.desk])
    for row in services.read_keys(lambda c: c.execute(select(tables.envelope)).all()):
        with pytest.raises(CantOpen):
            open_envelope(row.sealed, former.identity, tip=row.tip, desk="sp")
    summaries = Casework(services, "sp", now.identity).summaries()
    assert {summary.header.number for summary in summaries} == {old.number, new.number}


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


def test_an_unlocked_desk_is_valid_until_its_officer_is_removed_or_its_key_changed(
    services: Services, unlocked: Open
) -> None:
    add_officer(services, unlocked("sp"), NewOfficer(name="second", passphrase="another passphrase"))
    first, second = unlocked("sp"), unlock(services, "sp", "second", "another passphrase")
    assert still_valid(services, first)
    remove_officer(services, first, "second")
    assert not still_valid(services, second)
    assert not still_valid(services, first)


def test_only_an_officer_who_may_listen_can_give_that_permission(
    services: Services, unlocked: Callable[[str], UnlockedDesk]
) -> None:
    head = unlocked("sp")
    assert head.may_listen
    add_officer(services, head, NewOfficer(name="second", passphrase="second passphrase", rights=("listen",)))
    add_officer(services, head, NewOfficer(name="third", passphrase="third passphrase"))
    assert listeners_of(services, "sp") == ["second", "sp-1"]
    third = unlock(services, "sp", "third", "third passphrase")
    with pytest.raises(CaseworkError, match="may listen"):
        add_officer(services, third, NewOfficer(name="fourth", passphrase="fourth passphrase", rights=("listen",)))
    rotate(services, head)
    assert listeners_of(services, "sp") == ["second", "sp-1"]


def test_nobody_at_a_station_may_listen(services: Services, unlocked: Callable[[str], UnlockedDesk]) -> None:
    head = unlocked("lanka")
    assert not head.may_listen
    with pytest.raises(CaseworkError, match="may listen"):
        add_officer(services, head, NewOfficer(name="second", passphrase="second passphrase", rights=("listen",)))


def test_an_office_announces_a_key_change_that_a_crash_interrupted(
    services: Services, unlocked: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    link = LinkKey.load(tmp_path / "link.key").public_keys
    services.write_now(lambda unit: join(unit, HostPairing(link=link)))
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
    announced = decode_answer(decode_signed_answer(row.message).answer).new_key
    assert announced is not None
    assert announced.recipient == now.desk.recipient
    assert services.read(lambda c: former_keys(c, "sp", now.identity)) == [former]
    assert now.casework(services).open(seeded.number).tip == seeded.tip
