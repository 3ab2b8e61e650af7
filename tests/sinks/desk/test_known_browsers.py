"""Known browsers of an officer: how long a browser is known, and how many there are at most."""

from __future__ import annotations

from satark.services import Services
from satark_desk.known_browsers import (
    MOST_BROWSERS,
    browser_digest,
    browsers_of,
    change,
    forget,
    officers_in,
    remember,
)


def test_a_browser_is_known_from_its_first_sign_in_until_it_is_forgotten(either_store: Services) -> None:
    for now in (100, 200):
        either_store.write_now(lambda unit: remember(unit, "sp", "a", "value", name="Chrome", now=now))  # noqa: B023
    either_store.write_now(lambda unit: remember(unit, "sp", "a", "other", name="Firefox", now=150))
    assert either_store.read(lambda c: officers_in(c, "value")) == {("sp", "a")}
    for value in ("?", ""):
        assert either_store.read(lambda c: officers_in(c, value)) == set()  # noqa: B023

    either_store.write_now(lambda unit: change(unit, "sp", "a", browser_digest("value"), name="कार्यालय"))
    either_store.write_now(lambda unit: remember(unit, "sp", "a", "value", name="Chrome", now=300))
    known = either_store.read(lambda c: browsers_of(c, "sp", "a"))
    assert [(one.name, one.used) for one in known] == [("कार्यालय", 300), ("Firefox", 150)]

    either_store.write_now(lambda unit: forget(unit, "sp", "a", keep=browser_digest("value")))
    assert [one.name for one in either_store.read(lambda c: browsers_of(c, "sp", "a"))] == ["कार्यालय"]
    either_store.write_now(lambda unit: forget(unit, "sp", "a", browser_digest("value")))
    assert either_store.read(lambda c: browsers_of(c, "sp", "a")) == []


def test_a_new_browser_replaces_the_one_that_was_unused_for_the_longest_time(either_store: Services) -> None:
    for number in range(MOST_BROWSERS + 3):
        either_store.write_now(lambda unit: remember(unit, "sp", "a", f"v{number}", name=f"{number}", now=number))  # noqa: B023
    kept = {one.name for one in either_store.read(lambda c: browsers_of(c, "sp", "a"))}
    assert kept == {str(number) for number in range(3, MOST_BROWSERS + 3)}
