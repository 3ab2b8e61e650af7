"""Pages about figures, people and oversight in every state, as a head and as an auditor see them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from satark.casework import TipKeeping
from satark.identity.edge_key import Identity
from satark.retention.schedule import ensure_key
from satark.services import Services
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import NewOfficer, add_officer, unlock
from satark_desk.recovery import ask_for_recovery
from satark_desk.wordings import Wording, save
from support.desk_gallery import DeskGallery, PageState
from support.desks import end_founding
from support.tip_stories import TipStories

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.full("a gallery")]

ME = ("sp/sp-1", "sp passphrase 1")
AUDITOR = "auditor passphrase 1"
WORDING = {"language": "hi", "name": "कब", "text": "यह किस समय होता है? मेरी दुकान के पास?"}
STATES = [
    PageState("figures", "figures"),
    PageState("wordings", "wordings?done=saved"),
    PageState("wordings refused", "wordings", {**WORDING, "text": ""}, 422),
    PageState("retention", "retention"),
    PageState("retention tip", "retention/{told}"),
    PageState("retention refused", "retention/{told}/ask_lift", {"reason": ""}, 422),
    PageState("audit", "audit"),
    PageState("audit none", "audit?tip=0000-0000"),
    PageState("roster", "roster"),
    PageState("roster add", "roster/add", {"name": "third", "role": "officer", "release": "yes"}),
    PageState("roster remove", "roster/remove", {"name": "second"}),
    PageState(
        "roster refused", "roster/add", {"name": "sp-1", "role": "officer", "confirmed": "yes", "once": "1"}, 422
    ),
    PageState("account", "account?done=factor"),
    PageState("account app", "account/app"),
    PageState("account app refused", "account/app", {"code": "1", "passphrase": "wrong"}, 422),
    PageState("account passkey", "account/passkey"),
    PageState("passphrase", "passphrase"),
    PageState("passphrase refused", "passphrase", {"old": "wrong", "new": "a b", "again": "c d"}, 422),
    PageState("recoveries", "recoveries"),
    PageState("recoveries refused", "recoveries", {"officer": "second", "code": "wrong"}, 422),
    PageState("help", "help"),
    PageState("not there", "tips/0000-0000", status=404),
]


@pytest.fixture
def overseen(services: Services, stories: TipStories, unlocked: Callable[[str], UnlockedDesk], second: str) -> None:
    """A tip, a wording and an auditor of the SP's desk. The roster is sealed; a new officer waits for signatures."""
    services.write_now(lambda unit: ensure_key(unit, Identity(b"e" * 32)))
    stories.tell("told", "sp", answers={"what": "शराब"}, category="INTOX")
    head, other = unlocked("sp"), unlock(services, "sp", "second", second).casework(services)
    TipKeeping(services, other).ask(other.open(stories.numbers["told"]), "ask_hold", "न्यायालय में वाद चल रहा है")
    add_officer(services, head, NewOfficer(name="third", passphrase=AUDITOR, role="auditor"))
    save(services, head, Wording(**WORDING))
    end_founding(services, unlocked)
    add_officer(services, unlocked("sp"), NewOfficer(name="naya", passphrase=AUDITOR, temporary=True))
    ask_for_recovery(services, "sp", "third", AUDITOR)


@pytest.mark.usefixtures("overseen")
async def test_a_head_looks_at_figures_people_and_retention(gallery: DeskGallery) -> None:
    assert await gallery.visit(STATES, *ME) == []


@pytest.mark.usefixtures("overseen")
async def test_an_auditor_sees_acts_and_no_tip(gallery: DeskGallery) -> None:
    states = [
        PageState("auditor's log", ""),
        PageState("auditor's roster", "roster"),
        PageState("auditor's account", "account"),
    ]
    assert await gallery.visit(states, "sp/third", AUDITOR) == []


@pytest.mark.usefixtures("overseen")
async def test_a_second_officer_is_asked_to_sign(gallery: DeskGallery, second: str) -> None:
    states = [
        PageState("roster to sign", "roster"),
        PageState("recoveries to approve", "recoveries"),
        PageState("officer's own acts", "audit"),
    ]
    assert await gallery.visit(states, "sp/second", second) == []
