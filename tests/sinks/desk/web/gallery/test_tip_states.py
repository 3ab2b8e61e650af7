"""A tip's page in every state, and the forms and confirmations of every act, with valid and with invalid input."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from satark.api.tip import STATUSES
from satark.casework import Clocks, DeskAct, DeskActs
from satark_desk.officers import unlock
from satark_files.origin import Origin
from support.desk_gallery import DeskGallery, PageState
from support.tip_stories import TipStories
from support.tips import seed_file, seed_file_state

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.full("a gallery")]

BOTH = ("sp", "dig")
PLACE = {
    "text": "अस्सी घाट के पीछे वाली गली, पुरानी आटा चक्की के सामने, पीपल के पेड़ से तीसरा मकान",
    "latitude": 25.2895,
    "longitude": 83.0066,
    "district": "varanasi",
    "station": "lanka",
}
TOLD = {
    "what": "आटा चक्की वाली गली में तीसरे मकान के पीछे रात दस बजे के बाद सफ़ेद पिकअप से जेरीकैन उतरते हैं। "
    "दो लोग पहरा देते हैं, तीसरा पैसे लेता है। सुबह चार बजे तक माल पास के ठेलों पर पहुँच जाता है।",
    "place": PLACE,
}
REASON = "मौक़े पर जाँच की गई, ठिकाना बंद मिला। आगे नज़र रखी जाएगी।"
RAID = {"text": "आज रात दस बजे के बाद गली में दबिश दें।", "rewording": "गली में रात को अवैध शराब उतरती है।"}
STATES = [PageState(f"tip {name}", f"tips/{{{name}}}") for name in (
    "full", "urgent", "directed", "overdue", "asked", "disputed", "copy", "leading", "few", "owed", "recused",
    *STATUSES,
)]  # fmt: skip
FORMS: dict[str, dict[str, str]] = {
    "status": {"status": "VERIFYING", "text": "जाँच हो रही है"},
    "ask": {"text": "पिकअप किस रंग की है, और किस समय आती है?"},
    "direct": {"to": "lanka", **RAID},
    "note": {"text": "पुराना मामला भी देखें", "private": "yes"},
    "assign": {"to": "second"},
    "correct": {"priority": "high", "category": "ARMS", "text": "हथियार भी दिखे"},
    "close": {"outcome": "nothing_found", "text": REASON, "reason": REASON},
    "merge": {"to": "{directed}"},
}
"""Act → what an officer fills in."""


def confirmations(tip: str, acts: dict[str, dict[str, str]]) -> list[PageState]:
    """Return the confirmation page of each act on a tip, and the page that refuses the act's empty form."""
    right = [PageState(f"confirm {name}", f"tips/{{{tip}}}/{name}", form) for name, form in acts.items()]
    return right + [PageState(f"wrong {name}", f"tips/{{{tip}}}/{name}", {"text": ""}, 422) for name in acts]


def tell_full(stories: TipStories, photo: Callable[..., bytes]) -> None:
    """Seed a tip with a file of every kind and in every state."""
    answers = {"what": {"voice": "4"}, "place": PLACE, "vehicle": "UP65 CD 4411", "police": "no", "known_by": "few"}
    full = stories.tell("full", *BOTH, answers=answers, evidence=tuple("1234567"), category="INTOX")
    seen = Origin(latitude=25.2902, longitude=83.0105, taken="2026-11-20T21:15")
    files: dict[str, dict[str, Any]] = {
        "1": {"clean": photo(1600, 1200), "caption": "दुकान का शटर रात को", "origin": seen},
        "2": {"clean": photo(900, 1600), "readable": 80, "left_out": ("frames",)},
        "3": {"mime": "application/x-strange", "problem": "unknown"},
        "4": {"disguised": b"voice", "kind": "voice", "mime": "audio/ogg", "role": "what", "preview": photo(600, 80)},
        "5": {"clean": b"film", "muted": b"film", "mime": "video/mp4", "kind": "video", "preview": photo(640, 360)},
    }
    for ordinal, about in files.items():
        seed_file(stories.services, full, ordinal, ordinal.encode(), **about)
    seed_file_state(stories.services, full, "6", "due")
    seed_file_state(stories.services, full, "7", "lost")
    stories.transcribe(full, "sp", "4", TOLD["what"])  # type: ignore[arg-type] # a text
    stories.write(full, "आज रात भी गाड़ी आई थी")


def tell_work(stories: TipStories) -> None:
    """Seed tips on which desks have worked or should have worked."""
    for status in STATUSES:
        tip = stories.tell(status, *BOTH, answers={"what": f"ताश के पत्तों पर जुआ {status}"}, category="GAMBL")
        if status != "RECEIVED":
            stories.set_status(tip, "sp", status, REASON)
    flags = ("danger:life", "under_way")
    stories.tell("urgent", *BOTH, priority="urgent", flags=flags, category="ARMS", answers={"what": "अभी गोली चली"})
    for name in ("directed", "asked"):
        stories.tell(name, *BOTH, answers=TOLD, category="INTOX")
        stories.act("sp", name, "direct", to="lanka", due=int(time.time()) + 86400, **RAID)
    stories.act("lanka", "asked", "report", text=REASON)
    stories.act("lanka", "asked", "close", outcome="nothing_found", text=REASON)
    stories.direct_late(stories.tell("overdue", *BOTH, hours=80, category="COW"), "sp", "lanka", RAID["text"])
    disputed = stories.tell("disputed", *BOTH, hours=50, category="GAMBL")
    stories.act("sp", "disputed", "close", outcome="nothing_found", text=REASON, reason=REASON)
    stories.write(disputed, "आपने देखा ही नहीं, दुकान रात को खुलती है", feedback="no")
    for name in ("leading", "copy"):
        stories.tell(name, *BOTH, category="MINE", answers={"what": f"नदी से बालू उठती है UP65 AB 1234 {name}"})
    stories.act("sp", "copy", "merge", to=stories.numbers["leading"])
    stories.tell("few", *BOTH, answers={"what": "मेरी दुकान के सामने शराब बिकती है", "known_by": "few"}, category="INTOX")
    stories.tell("owed", *BOTH)
    stories.act("dig", "owed", "direct", to="sp", text=RAID["text"])
    stories.tell("recused", *BOTH)


@pytest.fixture
def tips_by_state(stories: TipStories, photo: Callable[..., bytes], second: str) -> None:
    """The tips by their states. The SP's desk has a second officer, who is recused from one of the tips."""
    tell_full(stories, photo)
    tell_work(stories)
    other = unlock(stories.services, "sp", "second", second).casework(stories.services)
    acts = DeskActs(stories.services, other, Clocks())
    acts.perform(other.open(stories.numbers["recused"]), DeskAct(name="recuse"))


@pytest.mark.usefixtures("tips_by_state")
async def test_an_officer_reads_a_tip_in_every_state(gallery: DeskGallery) -> None:
    assert await gallery.visit(STATES, "sp/sp-1", "sp passphrase 1") == []


@pytest.mark.usefixtures("tips_by_state")
async def test_each_act_has_a_confirmation_and_a_refusal(gallery: DeskGallery) -> None:
    assert await gallery.visit(confirmations("few", FORMS), "sp/sp-1", "sp passphrase 1") == []
    decides = {"approve": {"reason": REASON}, "refuse": {"text": REASON}, "withdraw": {"to": "lanka", "text": REASON}}
    assert await gallery.visit(confirmations("asked", decides), "sp/sp-1", "sp passphrase 1") == []


@pytest.mark.usefixtures("tips_by_state")
async def test_a_station_reads_what_was_handed_over_and_reports(gallery: DeskGallery) -> None:
    reports = {"report": {"text": REASON}, "close": {"outcome": "nothing_found", "text": REASON}}
    states = [PageState("station queue", ""), PageState("station tip", "tips/{directed}")]
    assert await gallery.visit(states + confirmations("directed", reports), "lanka/lanka-1", "lanka passphrase 1") == []
