"""Material that desks hand to each other, in every state: the tipster's own words, orders, withdrawn directions,
originals.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import unlock
from satark_desk.original_requests import approve, ask
from support.desk_gallery import DeskGallery, PageState
from support.tip_stories import TipStories
from support.tips import seed_file

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.full("a gallery")]

ME = ("sp/sp-1", "sp passphrase 1")
WORDS = "आटा चक्की वाली गली में तीसरे मकान के पीछे रात दस बजे के बाद सफ़ेद पिकअप से जेरीकैन उतरते हैं।"
RAID = {"to": "lanka", "text": "आज रात दस बजे के बाद गली में दबिश दें।", "rewording": "गली में रात को अवैध शराब उतरती है।"}
OWN_WORDS = {"to": "lanka", "text": "बयान के शब्द ज़रूरी हैं।", "raw": "yes"}
STATES = [
    PageState("own words confirm", "tips/{originals asked}/direct", OWN_WORDS),
    PageState("own words asked", "tips/{own words}"),
    PageState("own words consent refused", "tips/{own words}/consent", {}, 422),
    PageState("order not made", "tips/{directed}"),
    PageState("order made", "tips/{ordered}/orders", {"to": "lanka"}),
    PageState("direction taken back", "tips/{taken back}"),
    PageState("originals asked", "tips/{originals asked}"),
    PageState("originals approved", "tips/{originals approved}"),
    PageState("originals refused", "tips/{originals asked}/originals", {"officer": "sp-1"}, 422),
]
OTHERS = [
    PageState("voice not allowed", "tips/{own words}"),
    PageState("own words consent", "tips/{own words}/consent", {}),
    PageState("originals to approve", "tips/{originals asked}"),
]
STATIONS = [
    PageState("station tip by direction", "tips/{directed}"),
    PageState("station act not allowed", "tips/{directed}/merge", {"to": "{own words}"}, 422),
    PageState("station tip taken back", "tips/{taken back}", status=404),
]


@pytest.fixture
def handed_over(
    stories: TipStories, photo: Callable[..., bytes], unlocked: Callable[[str], UnlockedDesk], second: str
) -> None:
    """Tips of the SP's desk, named by what the desk handed over of a tip, or by what an officer asked for."""
    for name in ("own words", "directed", "ordered", "taken back", "originals asked", "originals approved"):
        tip = stories.tell(name, "sp", answers={"what": WORDS}, category="INTOX", evidence=("1", "2"))
        seed_file(stories.services, tip, "1", b"1", clean=photo(640, 360), caption="दुकान का शटर रात को")
        seed_file(stories.services, tip, "2", b"2", disguised=b"voice", kind="voice", mime="audio/ogg", role="what")
    stories.act("sp", "own words", "direct", to="lanka", text=OWN_WORDS["text"], raw=True)
    for name in ("directed", "ordered", "taken back"):
        stories.act("sp", name, "direct", **RAID)
    stories.act("sp", "taken back", "withdraw", to="lanka", text="दूसरे थाने का मामला है।")
    head, other = unlocked("sp"), unlock(stories.services, "sp", "second", second)
    opened = head.casework(stories.services)
    for name in ("originals asked", "originals approved"):
        ask(stories.services, head, opened.open(stories.numbers[name]))
    approve(stories.services, other, opened.open(stories.numbers["originals approved"]), head.officer)


@pytest.mark.usefixtures("handed_over")
async def test_an_officer_asks_for_originals_and_then_directs_a_tip_and_withdraws_the_direction(
    gallery: DeskGallery,
) -> None:
    assert await gallery.visit(STATES, *ME) == []


@pytest.mark.usefixtures("handed_over")
async def test_a_second_officer_consents_and_approves(gallery: DeskGallery, second: str) -> None:
    assert await gallery.visit(OTHERS, "sp/second", second) == []


@pytest.mark.usefixtures("handed_over")
async def test_a_station_reads_only_what_it_was_given(gallery: DeskGallery) -> None:
    assert await gallery.visit(STATIONS, "lanka/lanka-1", "lanka passphrase 1") == []
