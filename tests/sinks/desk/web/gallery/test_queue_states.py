"""The queue in every state, acts on several of its tips, and the hand-over at the end of a shift."""

from __future__ import annotations

import pytest

from satark.casework import Progress
from satark.services import DeskContext
from satark_desk.web import opened_desk
from support.desk_gallery import DeskGallery, PageState
from support.tip_stories import TipStories

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.full("a gallery")]

CATEGORIES = ("INTOX", "ARMS", "MINE", "GAMBL")
ME = ("sp/sp-1", "sp passphrase 1")
FLOOD = "पार्क की ज़मीन बिक गई है सब लोग शिकायत भेजें नहीं तो बच्चे कहाँ खेलेंगे"
STATES = [
    PageState("queue", ""),
    PageState("queue second page", "?page=2"),
    PageState("queue filtered", "?status=RECEIVED&category=ARMS&mark=new"),
    PageState("queue search", "?q=sarab"),
    PageState("queue search without a hit", "?q=अनुपस्थित"),
    PageState("queue after a recusal", "?done=recuse"),
    PageState("bulk nothing chosen", "bulk", {"kind": "assign"}),
    PageState(
        "bulk assign", "bulk", {"kind": "assign", "officer": "second", "tip-{other 1}": "yes", "tip-{held}": "yes"}
    ),
    PageState("bulk refused", "bulk", {"kind": "aside", "tip-{urgent}": "yes", "tip-{flood 1}": "yes"}),
    PageState("bulk merge", "bulk", {"kind": "merge", "tip-{flood 1}": "yes", "tip-{flood 2}": "yes"}),
    PageState("hand over", "handover"),
]


@pytest.fixture
def day(stories: TipStories, second: str) -> None:
    """A working day's queue: a flood, urgent, held, risen and directed tips, and others."""
    del second
    for number in range(6):
        stories.tell(f"flood {number}", "sp", answers={"what": FLOOD}, category="OTHER")
    for number in range(10):
        answers = {"what": f"शराब की दुकान {'कखगघचछजझटठ'[number]} रात भर खुली रहती है"}
        stories.tell(f"other {number}", "sp", hours=20 * number, answers=answers, category=CATEGORIES[number % 4])
    urgent = stories.tell("urgent", "sp", priority="urgent", flags=("danger:life", "under_way"), category="ARMS")
    stories.write(urgent, "वे अब भी यहीं हैं")
    stories.tell("held", "sp", "dig", answers={"what": "ट्रक से बालू"}, category="MINE")
    stories.act("dig", "held", "direct", to="sp", text="जाँच कर के रिपोर्ट दें")
    stories.act("sp", "held", "assign", to="sp-1")
    stories.direct_late(stories.tell("late", "sp", "dig", hours=80, answers={"what": "जुआ"}), "sp", "lanka", "दबिश दें")


@pytest.mark.usefixtures("day")
async def test_an_officer_works_through_a_days_queue(gallery: DeskGallery) -> None:
    assert await gallery.visit(STATES, *ME) == []


@pytest.mark.usefixtures("day")
async def test_the_desk_above_sees_the_tips_that_rose(gallery: DeskGallery) -> None:
    states = [
        PageState("queue above", ""),
        PageState("queue risen", "?mark=risen"),
        PageState("tip risen", "tips/{late}"),
    ]
    assert await gallery.visit(states, "dig/dig-1", "dig passphrase 1") == []


async def test_the_queue_says_that_it_has_no_tips_or_reports_a_fault(
    gallery: DeskGallery, context: DeskContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "has_fault", lambda: True)
    states = [PageState("queue empty", ""), PageState("hand over nothing", "handover")]
    assert await gallery.visit(states, *ME) == []


async def test_the_page_shows_the_progress_of_the_first_opening_of_tips(
    gallery: DeskGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened_desk.OpenedDesk, "progress", lambda *_: Progress(30, 200))
    assert await gallery.visit([PageState("opening", "")], *ME) == []
