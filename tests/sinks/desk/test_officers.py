"""Officers: who can unlock a desk, and until when."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from satark.api.routing import CaseworkError
from satark.api.sealing import CantOpen, open_envelope
from satark.casework import Casework
from satark.services import Services
from satark.store import tables
from satark_desk import passphrases
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import (
    NewOfficer,
    WrongPassphrase,
    add_officer,
    listeners_of,
    officers_of,
    remove_officer,
    rotate,
    set_role,
    still_valid,
    unlock,
    unlock_any,
)
from satark_desk.tables import officer
from support.tips import seed_tip

Open = Callable[[str], UnlockedDesk]


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


def test_a_sign_in_of_an_unknown_officer_costs_the_same_work(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
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


def test_a_second_officer_unlocks_the_same_desk(services: Services, unlocked: Open) -> None:
    add_officer(services, unlocked("sp"), NewOfficer(name="दूसरा अधिकारी", passphrase="another passphrase"))
    assert unlock_any(services, "sp", "another passphrase").identity == unlocked("sp").identity
    assert services.read(lambda c: officers_of(c, "sp")) == ["sp-1", "दूसरा अधिकारी"]


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 41, "\N{RIGHT-TO-LEFT OVERRIDE}"])
def test_an_invalid_officers_name_is_refused(services: Services, unlocked: Open, name: str) -> None:
    with pytest.raises(CaseworkError):
        add_officer(services, unlocked("sp"), NewOfficer(name=name, passphrase="another passphrase"))


@pytest.mark.slow("keys of several officers")
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


@pytest.mark.slow("a third of a second of a processor")
def test_an_officer_who_becomes_an_auditor_opens_nothing_new_until_they_are_an_officer_again(
    services: Services, unlocked: Open
) -> None:
    add_officer(services, unlocked("sp"), NewOfficer(name="second", passphrase="another passphrase"))
    former = unlock(services, "sp", "second", "another passphrase")
    seed_tip(services, [former.desk])
    assert set_role(services, unlocked("sp"), "second", "auditor", ()).done

    auditor = unlock(services, "sp", "second", "another passphrase")
    assert (auditor.role, auditor.identity) == ("auditor", "")
    assert (
        services.read(lambda c: c.execute(select(officer.c.desk_key).where(officer.c.name == "second")).scalar()) == b""
    )
    seed_tip(services, [unlocked("sp").desk])
    for row in services.read_keys(lambda c: c.execute(select(tables.envelope)).all()):
        with pytest.raises(CantOpen):
            open_envelope(row.sealed, former.identity, tip=row.tip, desk="sp")
    with pytest.raises(CaseworkError, match="last head"):
        set_role(services, unlocked("sp"), "sp-1", "auditor", ())

    assert set_role(services, unlocked("sp"), "second", "officer", ()).done
    again = unlock(services, "sp", "second", "another passphrase")
    assert again.identity == unlocked("sp").identity


@pytest.mark.slow("keys of several officers")
def test_an_unlocked_desk_is_valid_until_its_officer_is_removed_or_its_key_changed(
    services: Services, unlocked: Open
) -> None:
    add_officer(services, unlocked("sp"), NewOfficer(name="second", passphrase="another passphrase"))
    first, second = unlocked("sp"), unlock(services, "sp", "second", "another passphrase")
    assert still_valid(services, first)
    remove_officer(services, first, "second")
    assert not still_valid(services, second)
    assert not still_valid(services, first)


@pytest.mark.slow("keys of several officers")
def test_only_an_officer_with_the_permission_to_listen_can_give_it(
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
