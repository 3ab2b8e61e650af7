"""Originals on the web: an officer asks for them, and another officer approves in their own session."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from httpx2 import Client
from sqlalchemy import select, update

from satark.api.routing import Desk
from satark.services import Services
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import NewOfficer, add_officer, unlock
from satark_desk.recovery import approve_recovery, ask_for_recovery
from satark_desk.roster_changes import approve
from satark_desk.tables import release
from support.desks import end_founding
from support.tips import SeededTip, seed_file, seed_tip

Browser = Callable[..., Client]
SECONDS = "second passphrase 77"


@pytest.fixture
def tip(services: Services, unlocked: Callable[[str], UnlockedDesk], desk: Callable[[str], Desk]) -> SeededTip:
    """A tip with a photo and a voice at the SP's desk. The desk's second officer may release but not listen."""
    add_officer(services, unlocked("sp"), NewOfficer(name="second", passphrase=SECONDS, rights=("release",)))
    seeded = seed_tip(services, [desk("sp")], evidence=("1", "2"))
    seed_file(services, seeded, "1", b"original photo", b"clean photo")
    seed_file(services, seeded, "2", b"original voice", b"clean voice", kind="voice", mime="audio/ogg")
    end_founding(services, unlocked)
    return seeded


def second(browser: Browser, name: str = "second", passphrase: str = SECONDS) -> Client:
    client = browser()
    client.post("/desk/sign-in", data={"desk": "sp", "officer": name, "passphrase": passphrase})
    return client


def address(tip: SeededTip, rest: str = "") -> str:
    return f"/desk/tips/{tip.number}/originals{rest}"


def test_only_the_officer_who_asked_gets_originals_and_only_after_another_officer_approved(
    browser: Browser, tip: SeededTip
) -> None:
    head, other = browser("sp"), second(browser)
    assert head.get(address(tip, "/1")).status_code == 404
    head.post(address(tip), data={"ask": "yes"})
    assert head.get(address(tip, "/1")).status_code == 404
    assert "Approve for sp-1" in other.get(f"/desk/tips/{tip.number}").text
    other.post(address(tip), data={"officer": "sp-1"})
    assert head.get(address(tip, "/1")).content == b"original photo"
    assert other.get(address(tip, "/1")).status_code == 404
    assert "Originals were opened by sp-1 and second." in head.get(f"/desk/tips/{tip.number}").text


def test_an_officer_does_not_approve_their_own_request(browser: Browser, tip: SeededTip) -> None:
    head = browser("sp")
    head.post(address(tip), data={"ask": "yes"})
    assert head.post(address(tip), data={"officer": "sp-1"}).status_code == 422
    assert head.get(address(tip, "/1")).status_code == 404


def test_the_original_of_a_voice_needs_an_officer_who_may_listen(
    browser: Browser, services: Services, tip: SeededTip
) -> None:
    head, other = browser("sp"), second(browser)
    head.post(address(tip), data={"ask": "yes"})
    other.post(address(tip), data={"officer": "sp-1"})
    assert head.get(address(tip, "/2")).content == b"original voice", "the head may listen"
    listed = services.roster_state().desks["sp"]
    assert listed.officers["second"].rights == ("release",)


def test_an_approval_that_somebody_wrote_into_the_database_opens_nothing(
    browser: Browser, services: Services, tip: SeededTip
) -> None:
    head = browser("sp")
    head.post(address(tip), data={"ask": "yes"})
    services.write_now(lambda unit: unit.main.execute(update(release).values(second="second", approved=b"0" * 64)))
    assert head.get(address(tip, "/1")).status_code == 404


def test_the_database_does_not_tell_which_tip_a_request_is_about(
    browser: Browser, services: Services, tip: SeededTip
) -> None:
    browser("sp").post(address(tip), data={"ask": "yes"})
    (row,) = services.read(lambda c: c.execute(select(release)).all())
    assert not any(one in repr(tuple(row)) for one in (tip.id, tip.number))


def test_no_officer_opens_originals_with_an_officer_whom_they_appointed(
    browser: Browser, services: Services, unlocked: Callable[[str], UnlockedDesk], tip: SeededTip
) -> None:
    passphrase = "third passphrase 31"
    submitted = add_officer(services, unlocked("sp"), NewOfficer(name="third", passphrase=passphrase))
    approve(services, unlock(services, "sp", "second", SECONDS), submitted.id)
    head, third = browser("sp"), second(browser, "third", passphrase)
    head.post(address(tip), data={"ask": "yes"})
    assert third.post(address(tip), data={"officer": "sp-1"}).status_code == 422
    assert head.get(address(tip, "/1")).status_code == 404
    other = second(browser)
    other.post(address(tip), data={"officer": "sp-1"})
    assert head.get(address(tip, "/1")).status_code == 200


def test_a_head_with_a_colleagues_new_key_is_one_officer_and_not_two(
    browser: Browser, services: Services, unlocked: Callable[[str], UnlockedDesk], desk: Callable[[str], Desk]
) -> None:
    """The head asks in the name of *third*, approves it, and another officer signs what the head asks them to."""
    for name in ("second", "third"):
        add_officer(services, unlocked("sp"), NewOfficer(name=name, passphrase=f"{name} {SECONDS}"))
    seeded = seed_tip(services, [desk("sp")], evidence=("1",))
    seed_file(services, seeded, "1", b"original photo", b"clean photo")
    end_founding(services, unlocked)
    taken = "the head knows this one 4"
    code = ask_for_recovery(services, "sp", "third", taken).code
    submitted = approve_recovery(services, unlocked("sp"), "third", code)
    approve(services, unlock(services, "sp", "second", f"second {SECONDS}"), submitted.id, code)
    head, puppet = browser("sp"), second(browser, "third", taken)
    head.post(address(seeded), data={"ask": "yes"})
    assert puppet.post(address(seeded), data={"officer": "sp-1"}).status_code == 422
    assert head.get(address(seeded, "/1")).status_code == 404


def test_an_officer_without_the_right_to_release_can_not_ask(
    browser: Browser, services: Services, unlocked: Callable[[str], UnlockedDesk], desk: Callable[[str], Desk]
) -> None:
    add_officer(services, unlocked("sp"), NewOfficer(name="second", passphrase=SECONDS))
    seeded = seed_tip(services, [desk("sp")], evidence=("1",))
    seed_file(services, seeded, "1", b"original photo", b"clean photo")
    client = second(browser)
    assert "Ask for the originals" not in client.get(f"/desk/tips/{seeded.number}").text
    assert client.post(address(seeded), data={"ask": "yes"}).status_code == 422
