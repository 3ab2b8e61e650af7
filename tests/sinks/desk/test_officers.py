"""Officers' keys: who can open a desk, and for how long."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select, update

from satark.casework import Casework
from satark.desk import CaseworkError, Desk, KeyChanged
from satark.identity.sealing import CantOpen, open_envelope
from satark.services import Services
from satark.store import tables
from satark.testing.tips import seed_tip
from satark_desk import passphrases
from satark_desk.officers import (
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
from satark_desk.passphrases import WeakPassphrase, check_passphrase, new_passphrase
from satark_desk.provision import ensure_desk, read_passphrase
from satark_desk.tables import officer

Open = Callable[[str], UnlockedDesk]


def test_a_passphrase_costs_a_guesser_what_rfc_9106_asks(
    monkeypatch: pytest.MonkeyPatch, real_passphrase_cost: tuple[int, int]
) -> None:
    monkeypatch.setattr(passphrases, "MEMORY_KIB", real_passphrase_cost[0])
    monkeypatch.setattr(passphrases, "PASSES", real_passphrase_cost[1])
    wrapped = passphrases.wrap("secret", "a passphrase", "here")
    assert (wrapped.memory_kib, wrapped.passes, len(wrapped.salt)) == (64 * 1024, 3, 16)
    assert passphrases.unwrap(wrapped, "a passphrase", "here") == "secret"
    assert passphrases.unwrap(wrapped, "a passphrase", "there") is None
    assert passphrases.unwrap(wrapped, "another", "here") is None


def test_what_was_wrapped_at_another_cost_still_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    wrapped = passphrases.wrap("secret", "a passphrase", "here")
    monkeypatch.setattr(passphrases, "MEMORY_KIB", 128)
    assert passphrases.unwrap(wrapped, "a passphrase", "here") == "secret"


def test_two_keyboards_can_type_the_same_passphrase() -> None:
    composed = unicodedata.normalize("NFC", "Café क़ानून")
    wrapped = passphrases.wrap("secret", composed, "here")
    assert passphrases.unwrap(wrapped, unicodedata.normalize("NFD", composed), "here") == "secret"


def test_made_passphrases_have_enough_bits_and_differ() -> None:
    made = {new_passphrase() for _ in range(100)}
    assert len(made) == 100
    for passphrase in made:
        assert [len(group) for group in passphrase.split("-")] == [4] * 6
        assert not set(passphrase) & set("ilou")
        check_passphrase(passphrase)
    with pytest.raises(WeakPassphrase):
        check_passphrase("1234567")


def test_nothing_secret_shows_in_a_repr(opened: Open) -> None:
    assert "SECRET" not in repr(opened("sp"))
    assert repr(opened("sp")) == "Opened(sp, sp-1)"


@pytest.mark.parametrize(
    ("desk", "name", "passphrase"),
    [
        ("sp", "sp-1", "wrong passphrase"),
        ("sp", "nobody", "sp passphrase 1"),
        ("nowhere", "sp-1", "sp passphrase 1"),
        ("dig", "dig-1", "sp passphrase 1"),
    ],
)
def test_what_is_wrong_opens_nothing(services: Services, desk: str, name: str, passphrase: str) -> None:
    with pytest.raises(WrongPassphrase):
        unlock(services, desk, name, passphrase)
    with pytest.raises(WrongPassphrase):
        unlock_any(services, desk, passphrase if name != "nobody" else "wrong passphrase")


def test_an_unknown_officer_costs_the_same_work(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    stretched: list[int] = []
    real = passphrases._derive

    def stretch(passphrase: str, under: passphrases.WrappedKey) -> bytes:
        stretched.append(under.memory_kib)
        return real(passphrase, under)

    monkeypatch.setattr(passphrases, "_derive", stretch)
    for desk, name in (("sp", "sp-1"), ("sp", "nobody"), ("nowhere", "nobody")):
        stretched.clear()
        with pytest.raises(WrongPassphrase):
            unlock(services, desk, name, "a wrong one")
        assert stretched == [64]


def test_an_officers_row_opens_only_where_it_belongs(services: Services) -> None:
    rows = services.read(lambda c: c.execute(select(officer)).all())
    (sp,) = (row for row in rows if row.desk == "sp")
    moved = {"wrapped": sp.wrapped, "salt": sp.salt, "recipient": sp.recipient, "desk_key": sp.desk_key}
    services.write_now(lambda unit: unit.main.execute(update(officer).where(officer.c.desk == "dig").values(moved)))
    with pytest.raises(WrongPassphrase):
        unlock(services, "dig", "dig-1", "sp passphrase 1")


@pytest.mark.parametrize("key_kind", ["another desk's key", "junk"])
def test_a_desk_key_that_was_put_there_is_refused(services: Services, key_kind: str) -> None:
    (dig,) = services.read(lambda c: c.execute(select(officer).where(officer.c.desk == "dig")).all())
    key = dig.desk_key if key_kind == "junk" else b"junk"
    services.write_now(
        lambda unit: unit.main.execute(update(officer).where(officer.c.desk == "sp").values(desk_key=key))
    )
    with pytest.raises(WrongPassphrase):
        unlock(services, "sp", "sp-1", "sp passphrase 1")


def test_a_second_officer_opens_the_same_desk(services: Services, opened: Open) -> None:
    add_officer(services, opened("sp"), "दूसरा अधिकारी", "another passphrase")
    assert unlock_any(services, "sp", "another passphrase").identity == opened("sp").identity
    assert services.read(lambda c: officers_of(c, "sp")) == ["sp-1", "दूसरा अधिकारी"]


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 41, "\N{RIGHT-TO-LEFT OVERRIDE}"])
def test_an_officers_name_that_can_not_be_is_refused(services: Services, opened: Open, name: str) -> None:
    with pytest.raises(CaseworkError):
        add_officer(services, opened("sp"), name, "another passphrase")


def test_a_removed_officer_can_open_nothing_new(services: Services, opened: Open) -> None:
    add_officer(services, opened("sp"), "second", "another passphrase")
    kept = unlock(services, "sp", "second", "another passphrase")
    old = seed_tip(services, [kept.desk])
    remove_officer(services, opened("sp"), "second")

    with pytest.raises(WrongPassphrase):
        unlock(services, "sp", "second", "another passphrase")
    now = opened("sp")
    new = seed_tip(services, [now.desk])
    for row in services.read_keys(lambda c: c.execute(select(tables.envelope)).all()):
        with pytest.raises(CantOpen):
            open_envelope(row.sealed, kept.identity, tip=row.tip, desk="sp")
    lines = Casework(services, "sp", now.identity).summaries()
    assert {line.header.number for line in lines} == {old.number, new.number}


def test_every_officer_who_stays_keeps_their_passphrase(services: Services, opened: Open) -> None:
    add_officer(services, opened("sp"), "second", "another passphrase")
    before = opened("sp")
    rotate(services, before)
    after = {
        unlock_any(services, "sp", passphrase).identity for passphrase in ("sp passphrase 1", "another passphrase")
    }
    assert len(after) == 1
    assert before.identity not in after
    with pytest.raises(KeyChanged):
        rotate(services, before)


def test_an_opened_desk_is_valid_until_its_officer_or_key_goes(services: Services, opened: Open) -> None:
    add_officer(services, opened("sp"), "second", "another passphrase")
    first, second = opened("sp"), unlock(services, "sp", "second", "another passphrase")
    assert still_valid(services, first)
    remove_officer(services, first, "second")
    assert not still_valid(services, second)
    assert not still_valid(services, first)


def test_a_desk_is_set_up_once_and_its_passphrase_is_for_its_owner_alone(services: Services, tmp_path: Path) -> None:
    file = tmp_path / "officers" / "new.txt"

    def ensure() -> Desk:
        ensure_desk(services, name="new", title="New", level="circle", area="", officer="co", passphrase_file=file)
        return unlock(services, "new", "co", read_passphrase(file)).desk

    first = ensure()
    assert file.stat().st_mode & 0o077 == 0
    assert ensure() == first
    assert first.level == "circle"


def test_a_passphrase_file_that_is_there_is_used(services: Services, tmp_path: Path) -> None:
    file = tmp_path / "new.txt"
    file.write_text("chosen by hand\r\nsecond line\n")
    ensure_desk(services, name="new", title="New", level="circle", area="", officer="co", passphrase_file=file)
    assert unlock_any(services, "new", "chosen by hand").officer == "co"


def test_only_who_may_listen_lets_others_listen(services: Services, opened: Callable[[str], UnlockedDesk]) -> None:
    head = opened("sp")
    assert head.may_listen
    add_officer(services, head, "second", "second passphrase", may_listen=True)
    add_officer(services, head, "third", "third passphrase")
    assert services.read(lambda c: listeners_of(c, "sp")) == ["second", "sp-1"]
    third = unlock(services, "sp", "third", "third passphrase")
    with pytest.raises(CaseworkError, match="may listen"):
        add_officer(services, third, "fourth", "fourth passphrase", may_listen=True)
    rotate(services, head)
    assert services.read(lambda c: listeners_of(c, "sp")) == ["second", "sp-1"]


def test_nobody_at_a_station_may_listen(services: Services, opened: Callable[[str], UnlockedDesk]) -> None:
    head = opened("lanka")
    assert not head.may_listen
    with pytest.raises(CaseworkError, match="may listen"):
        add_officer(services, head, "second", "second passphrase", may_listen=True)
