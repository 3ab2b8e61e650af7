"""Officers' pages when something is wrong: altered tips, failing answers and deliveries, a false roster."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest
from sqlalchemy import update

from satark.api.routing import DestinationRule
from satark.api.sealing import seal
from satark.api.tip import Message
from satark.identity.time_buckets import band
from satark.services import Services
from satark.store import breakers, tables
from satark_desk.web.form_drafts import FormDraft, FormDrafts
from support.desk_gallery import DeskGallery, PageState
from support.tip_stories import TipStories
from support.tips import SeededTip

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.full("a gallery")]

ME = ("sp/sp-1", "sp passphrase 1")
ANSWER = "जाँच हो रही है, अगले सोमवार तक रिपोर्ट मिलेगी।"
MAIL, SYSTEM = "email:cell", "police_system:cctns"
ALTERED = [
    PageState("messages damaged", "tips/{damaged}"),
    PageState("tip damaged", "tips/{altered}", status=409),
    PageState("answers waiting", "tips/{waiting}"),
    PageState("answers refused", "tips/{refused}"),
]
DOWN = [PageState("destinations down", "")]
RESUMED = [PageState("form of an ended session", "resume/1")]
FALSE_ROSTER = [PageState("roster alarm queue", ""), PageState("roster alarm", "roster")]


@pytest.fixture
def altered(stories: TipStories, services: Services) -> None:
    """Tips that somebody altered in the database, and an office's answers that its host has not taken."""
    damaged, lost = stories.tell("damaged", "sp"), stories.tell("altered", "sp")
    row: dict[str, Any] = {"tip": damaged.id, "seq": 1, "sealed": b"altered", "day": 0, "notified": True}
    services.write_now(lambda unit: unit.insert(tables.message, [row]))
    document = update(tables.tip).where(tables.tip.c.id == lost.id).values(document=b"altered")
    services.write_now(lambda unit: unit.main.execute(document))
    for name, states in (("waiting", ("due",)), ("refused", ("refused", "due"))):
        answer(services, stories.tell(name, "sp"), *states)


def answer(services: Services, tip: SeededTip, *states: str) -> None:
    """Store answers of an office in these states."""
    sent = Message(sender="desk", desk="sp", status="VERIFYING", text=ANSWER, band=band(int(time.time())))
    about: dict[str, Any] = {
        "desk": "sp",
        "tip": tip.id,
        "sealed": seal(sent, tip.recipient),
        "message": b"",
        "sent_at": 0,
    }
    rows = [{**about, "id": os.urandom(16), "position": n, "state": state} for n, state in enumerate(states)]
    services.write_now(lambda unit: unit.insert(tables.office_outbox, rows))


@pytest.fixture
def down(stories: TipStories, services: Services) -> None:
    """Two destinations of the SP's desk: nobody can reach the first, and the second accepts nothing."""
    services.destination_rules = (DestinationRule(to=MAIL, desk="sp"), DestinationRule(to=SYSTEM, desk="sp"))
    stories.tell("waiting", "sp", destination_rules=services.destination_rules)
    services.write_now(lambda unit: breakers.open_breaker(unit, MAIL, "no route"))
    failed = update(tables.delivery).where(tables.delivery.c.destination == SYSTEM)
    dead = failed.values(state="dead_letter", due_at=int(time.time()))
    services.write_now(lambda unit: unit.main.execute(dead))


@pytest.fixture
def false_desk(services: Services) -> None:
    """A desk that somebody wrote into the database, without the roster."""
    row: dict[str, Any] = {
        "name": "naya", "title": "नया डेस्क", "level": "range", "area": "", "recipient": "age1x", "via": "desk",
    }  # fmt: skip
    services.write_now(lambda unit: unit.insert(tables.desk, [row]))


@pytest.mark.usefixtures("altered")
async def test_a_tips_page_tells_what_was_altered_or_does_not_arrive(gallery: DeskGallery) -> None:
    assert await gallery.visit(ALTERED, *ME) == []


@pytest.mark.usefixtures("down")
async def test_the_queue_tells_which_destinations_are_down(gallery: DeskGallery) -> None:
    assert await gallery.visit(DOWN, *ME) == []


async def test_the_page_after_an_ended_session_offers_its_form_again(
    gallery: DeskGallery, stories: TipStories, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"tips/{stories.tell('answered', 'sp').number}/status"
    draft = FormDraft(path=path, fields={"status": "VERIFYING", "text": ANSWER})
    monkeypatch.setattr(FormDrafts, "find", lambda *_: draft)
    assert await gallery.visit(RESUMED, *ME) == []


@pytest.mark.usefixtures("false_desk")
async def test_a_false_roster_alarms_on_every_page(gallery: DeskGallery) -> None:
    assert await gallery.visit(FALSE_ROSTER, *ME) == []
