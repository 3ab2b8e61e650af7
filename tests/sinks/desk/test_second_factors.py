"""Second factors: a code is valid once, and a stolen database reveals no secret."""

from __future__ import annotations

from collections.abc import Callable

import pyotp
import pytest
from sqlalchemy import select

from satark.api.routing import CaseworkError
from satark.services import Services
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import unlock
from satark_desk.recovery import approve_recovery, ask_for_recovery, requests_of
from satark_desk.second_factors import (
    MOST_FACTORS,
    add_factor,
    check_code,
    factors_of,
    new_totp,
    new_totp_secret,
    open_factors,
    remove_factor,
)
from satark_desk.tables import second_factor
from support.desk_reading import code_at

FIRST, SECOND, NEW = "first passphrase", "another passphrase", "purana kuan neem ka ped"


@pytest.mark.slow("a third of a second of a processor")
def test_factors_and_recovery_work_on_either_database(either_store: Services) -> None:
    first, secret = unlock(either_store, "sp", "a", FIRST), new_totp_secret()
    code = pyotp.TOTP(secret)
    new = new_totp(first, secret, code.at(600), now=600)
    assert new is not None
    assert new_totp(first, secret, "000000", now=600) is None
    add_factor(either_store, first, new, name="phone", now=600)
    assert check_code(either_store, first, code.at(900), now=900)
    assert not check_code(either_store, first, code.at(900), now=900)
    (listed,) = either_store.read(lambda c: factors_of(c, "sp", "a"))
    assert (listed.kind, listed.name, listed.added) == ("totp", "phone", 600)
    assert either_store.write_now(lambda unit: remove_factor(unit, "sp", "b", listed.id)) == ""
    assert either_store.write_now(lambda unit: remove_factor(unit, "sp", "a", listed.id)) == "phone"

    told = ask_for_recovery(either_store, "sp", "a", NEW).code
    assert [one.officer for one in either_store.read(lambda c: requests_of(c, "sp"))] == ["a"]
    approve_recovery(either_store, unlock(either_store, "sp", "b", SECOND), "a", told)
    assert unlock(either_store, "sp", "a", NEW).officer == "a"


@pytest.mark.slow("keys of several officers")
def test_an_officer_has_a_limited_number_of_factors(either_store: Services) -> None:
    first, secret = unlock(either_store, "sp", "a", FIRST), new_totp_secret()
    new = [new_totp(first, secret, pyotp.TOTP(secret).at(600), now=600) for _ in range(MOST_FACTORS + 1)]
    for one in new[:-1]:
        assert one is not None
        add_factor(either_store, first, one, name="x", now=600)
    assert new[-1] is not None
    with pytest.raises(CaseworkError, match="at most"):
        add_factor(either_store, first, new[-1], name="x", now=600)


Open = Callable[[str], UnlockedDesk]
RIGHT = {"desk": "sp", "officer": "sp-1", "passphrase": "sp passphrase 1"}
NOW = 1_800_000_000


def test_a_code_is_good_once_and_a_clock_may_be_off_by_one_step(
    services: Services, unlocked: Open, secret: str
) -> None:
    sp = unlocked("sp")
    later = NOW + 300
    code = code_at(secret, later - 30)
    assert check_code(services, sp, f"{code[:3]} {code[3:]}", now=later)
    assert not check_code(services, sp, code, now=later)
    assert check_code(services, sp, code_at(secret, later + 30), now=later)
    # A code that is older than a used code is refused too.
    assert not check_code(services, sp, code_at(secret, later), now=later)
    assert not check_code(services, sp, code_at(secret, later + 90), now=later)
    for junk in ("", "x" * 20, "१२३४५६"):
        assert not check_code(services, sp, junk, now=later)


def test_a_stolen_database_gives_no_secret(services: Services, unlocked: Open, secret: str) -> None:
    (row,) = services.read(lambda c: c.execute(select(second_factor)).all())
    files = [path for path in services.data_dir.rglob("*") if path.is_file()]
    assert files
    raw = pyotp.TOTP(secret).byte_secret()
    for path in files:
        content = path.read_bytes()
        assert secret.encode() not in content
        assert raw not in content
        assert raw.hex().encode() not in content
    assert secret.encode() not in row.sealed
    assert open_factors(services, unlocked("dig"), "totp") == []
    assert [one.secret for one in open_factors(services, unlocked("sp"), "totp")] == [secret]


def test_commands_need_no_second_factor(services: Services, secret: str) -> None:
    assert unlock(services, "sp", "sp-1", RIGHT["passphrase"]).desk.name == "sp"
