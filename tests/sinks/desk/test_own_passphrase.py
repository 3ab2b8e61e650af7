"""A new passphrase opens the same key. Only whoever knows the present passphrase can set a new one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from satark.services import Services
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import WrongPassphrase, unlock
from satark_desk.own_passphrase import SamePassphrase, change_passphrase
from satark_desk.passphrase_strength import WeakPassphrase

PRESENT, NEW = "sp passphrase 1", "purana kuan neem ka ped"
Unlock = Callable[[str], UnlockedDesk]


def test_the_new_passphrase_opens_the_same_key_and_the_old_one_opens_none(services: Services, unlocked: Unlock) -> None:
    before = unlocked("sp")
    changed = change_passphrase(services, before, PRESENT, NEW)
    assert not changed.temporary
    assert unlock(services, "sp", "sp-1", NEW).own_identity == before.own_identity
    with pytest.raises(WrongPassphrase):
        unlock(services, "sp", "sp-1", PRESENT)


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
