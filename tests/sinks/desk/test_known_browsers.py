"""Known browsers, second factors and recovery on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest

from satark.api.routing import CaseworkError
from satark.services import Services
from satark_desk import plugin
from satark_desk.known_browsers import (
    MOST_BROWSERS,
    browser_digest,
    browsers_of,
    forget,
    is_anyones,
    is_known,
    remember,
    rename,
)
from satark_desk.officers import NewDesk, NewOfficer, add_officer, make_desk, remove_officer, unlock
from satark_desk.recovery import approve_recovery, ask_for_recovery, requests_of
from satark_desk.second_factors import (
    MOST_FACTORS,
    add_factor,
    check_code,
    factors_of,
    new_totp,
    new_totp_secret,
    remove_factor,
)
from support.store import fresh_services

FIRST, SECOND, NEW = "first passphrase", "another passphrase", "purana kuan neem ka ped"


@pytest.fixture
def services(tmp_path: Path, databases: Any) -> Iterator[Services]:
    """A store on either database, with the desk `sp` and its officers `a` and `b`."""
    services = fresh_services(
        tmp_path / "data", plugin.satark_migrations(), database_url=databases.main, keys_url=databases.keys
    )
    make_desk(services, NewDesk(name="sp", title="SP", level="district", area="", officer="a", passphrase=FIRST))
    add_officer(services, unlock(services, "sp", "a", FIRST), NewOfficer(name="b", passphrase=SECOND))
    yield services
    services.main.dispose()
    services.keys.dispose()


def test_a_browser_is_known_from_its_first_sign_in_until_it_is_forgotten(services: Services) -> None:
    for now in (100, 200):
        services.write_now(lambda unit: remember(unit, "sp", "a", "value", name="Chrome", now=now))  # noqa: B023
    services.write_now(lambda unit: remember(unit, "sp", "a", "other", name="Firefox", now=150))
    assert services.read(lambda c: is_known(c, "sp", "a", "value"))
    for desk, officer, value in (("sp", "b", "value"), ("dig", "a", "value"), ("sp", "a", "?"), ("sp", "a", "")):
        assert not services.read(lambda c: is_known(c, desk, officer, value))  # noqa: B023
    assert services.read(lambda c: is_anyones(c, "value"))
    assert not services.read(lambda c: is_anyones(c, ""))

    services.write_now(lambda unit: rename(unit, "sp", "a", browser_digest("value"), "कार्यालय"))
    services.write_now(lambda unit: remember(unit, "sp", "a", "value", name="Chrome", now=300))
    known = services.read(lambda c: browsers_of(c, "sp", "a"))
    assert [(one.name, one.used) for one in known] == [("कार्यालय", 300), ("Firefox", 150)]

    services.write_now(lambda unit: forget(unit, "sp", "a", keep=browser_digest("value")))
    assert [one.name for one in services.read(lambda c: browsers_of(c, "sp", "a"))] == ["कार्यालय"]
    services.write_now(lambda unit: forget(unit, "sp", "a", browser_digest("value")))
    assert services.read(lambda c: browsers_of(c, "sp", "a")) == []


def test_the_browser_that_was_not_used_for_the_longest_time_makes_room(services: Services) -> None:
    for number in range(MOST_BROWSERS + 3):
        services.write_now(lambda unit: remember(unit, "sp", "a", f"v{number}", name=f"{number}", now=number))  # noqa: B023
    kept = {one.name for one in services.read(lambda c: browsers_of(c, "sp", "a"))}
    assert kept == {str(number) for number in range(3, MOST_BROWSERS + 3)}


def test_factors_and_recovery_work_on_either_database(services: Services) -> None:
    first, secret = unlock(services, "sp", "a", FIRST), new_totp_secret()
    code = pyotp.TOTP(secret)
    new = new_totp(first, secret, code.at(600), now=600)
    assert new is not None
    assert new_totp(first, secret, "000000", now=600) is None
    add_factor(services, first, new, name="phone", now=600)
    assert check_code(services, first, code.at(900), now=900)
    assert not check_code(services, first, code.at(900), now=900)
    (listed,) = services.read(lambda c: factors_of(c, "sp", "a"))
    assert (listed.kind, listed.name, listed.added) == ("totp", "phone", 600)
    assert services.write_now(lambda unit: remove_factor(unit, "sp", "b", listed.id)) == ""
    assert services.write_now(lambda unit: remove_factor(unit, "sp", "a", listed.id)) == "phone"

    told = ask_for_recovery(services, "sp", "a", NEW)
    assert [one.officer for one in services.read(lambda c: requests_of(c, "sp"))] == ["a"]
    approve_recovery(services, unlock(services, "sp", "b", SECOND), "a", told)
    assert unlock(services, "sp", "a", NEW).officer == "a"


def test_an_officer_has_a_limited_number_of_factors(services: Services) -> None:
    first, secret = unlock(services, "sp", "a", FIRST), new_totp_secret()
    new = [new_totp(first, secret, pyotp.TOTP(secret).at(600), now=600) for _ in range(MOST_FACTORS + 1)]
    for one in new[:-1]:
        assert one is not None
        add_factor(services, first, one, name="x", now=600)
    assert new[-1] is not None
    with pytest.raises(CaseworkError, match="at most"):
        add_factor(services, first, new[-1], name="x", now=600)


def test_what_belongs_to_a_removed_officer_is_gone(services: Services) -> None:
    second, secret = unlock(services, "sp", "b", SECOND), new_totp_secret()
    new = new_totp(second, secret, pyotp.TOTP(secret).at(600), now=600)
    assert new is not None
    add_factor(services, second, new, name="x", now=600)
    services.write_now(lambda unit: remember(unit, "sp", "b", "value", name="x", now=1))
    ask_for_recovery(services, "sp", "b", NEW)
    remove_officer(services, unlock(services, "sp", "a", FIRST), "b")
    assert services.read(lambda c: factors_of(c, "sp", "b")) == []
    assert services.read(lambda c: browsers_of(c, "sp", "b")) == []
    assert services.read(lambda c: requests_of(c, "sp")) == []
