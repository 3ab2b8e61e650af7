"""A desk's private key, sealed to its officers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from satark.services import Services
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import WrongPassphrase, unlock
from satark_desk.tables import officer

Open = Callable[[str], UnlockedDesk]


def test_no_secret_is_in_a_repr(unlocked: Open) -> None:
    assert "SECRET" not in repr(unlocked("sp"))
    assert repr(unlocked("sp")) == "UnlockedDesk(sp, sp-1)"


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
