"""Officers in Chromium close twenty tips in one day, and every tipster reads the true status.

The station's officer works in Hindi, the others in English; tipsters write and read either.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

import pypdfium2
import pytest
from playwright.async_api import Browser

from satark_testing.installation import Installation
from satark_testing.processes.serving import serve
from satark_testing.twilio.api import TwilioPeer
from satark_testing.twilio.people import Texter
from satark_testing.waiting import until
from satark_words.catalogues import Catalogues
from support.officer_in_browser import OfficerInBrowser
from support.tipsters import SmsTipster, Tipster, WhatsAppTipster
from support.twilio_installation import twilio_installation

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.full("twenty tips in Chromium")]

SETTINGS: Final = {"SATARK_DESK__REPORT_HOURS_HIGH": "0.005"}
"""Tips of high priority must be reported on within 18 seconds, and decided on as soon: pages are slow at times."""
CLOSED: Final = "The tip is closed."
FLOOD: Final = "On the steps of the ghat a dozen boys gamble for money each evening, and nobody stops them"


class Story(NamedTuple):
    """A tipster's report."""

    category: str
    what: str
    language: str = "en"


STORIES: Final[Mapping[str, Story]] = {
    "shed": Story("INTOX", "Raw liquor is brewed at night in the shed behind the old mill."),
    "sand": Story("MINE", "नदी किनारे से ट्रैक्टर बिना परमिट के बालू उठा ले जाते हैं।", "hi"),
    "pistols": Story("ARMS", "चौराहे के पास चाय की दुकान से देसी तमंचे बिकते हैं।", "hi"),
    "van": Story("INTOX", "Bottles without labels are unloaded from van UP65 CD 4411 at the market."),
    "van again": Story("INTOX", "देर शाम एक सफ़ेद गाड़ी UP65CD4411 दुकान पर पेटियाँ लाती है।", "hi"),
    "powder": Story("INTOX", "स्कूल के पीछे सफ़ेद पाउडर की पुड़ियाँ बिकती हैं।", "hi"),
    "cards": Story("GAMBL", "Cards are played for high stakes in the room over the cloth shop."),
    **{f"flood {n}": Story("GAMBL", FLOOD) for n in range(6)},
    "still": Story("INTOX", "An iron still stands in the brick kiln south of the canal."),
    "satta": Story("GAMBL", "पान की गुमटी पर एक आदमी रोज़ सुबह सट्टे के नंबर लेता है।", "hi"),
    "quarry": Story("MINE", "Stone is blasted in the closed quarry on the hill."),
    "rifles": Story("ARMS", "मंदिर की गौशाला में भूसे के नीचे दो राइफ़लें छिपी हैं।", "hi"),
    "pills": Story("INTOX", "Tablets that make drowsy are handed out at the gymnasium."),
    "cricket": Story("GAMBL", "Bets on cricket matches are taken in a mobile repair store."),
    "soil": Story("MINE", "सरकारी तालाब की मिट्टी जेसीबी से खोदी जाती है।", "hi"),
}
REST: Final[Mapping[str, tuple[str, str]]] = {
    "still": ("seizure", "The still was seized."),
    "satta": ("warned", "उस आदमी को चेतावनी दी गई।"),
    "quarry": ("fir", "A case was registered."),
    "pills": ("nothing_found", "No tablets were found on two visits."),
    "cricket": ("preventive", "The owner was bound over."),
    "soil": ("false", "खुदाई के लिए जनपद की अनुमति है।"),
}
"""Tips without a separate story: how the SP's office closes them, and its message to the tipsters."""


class Day:
    """The three officers, and the tipsters by the names of their stories."""

    def __init__(self, sp: OfficerInBrowser, lanka: OfficerInBrowser, dig: OfficerInBrowser) -> None:
        self.sp, self.lanka, self.dig = sp, lanka, dig
        self.tipsters: dict[str, Tipster] = {}
        self.reasons: dict[str, str] = {}
        """Story → the text that its tipster must read at the end of the day."""
        self.internal: list[str] = []
        """Texts that officers wrote only for desks."""

    def number(self, story: str) -> str:
        return self.tipsters[story].number

    async def act(self, officer: OfficerInBrowser, story: str, name: str, **fields: str) -> str:
        """Have an officer act on a tip; return the notice of the page."""
        texts = [fields[field] for field in ("text", "rewording") if fields.get(field) and name != "ask"]
        self.internal += texts
        return await officer.act(self.number(story), name, **fields)

    async def close(self, officer: OfficerInBrowser, story: str, outcome: str, reason: str) -> None:
        """Have an officer close a tip, which the officer's office may decide."""
        text = f"For desks: {story}"
        assert await self.act(officer, story, "close", outcome=outcome, text=text, reason=reason) == CLOSED
        self.reasons[story] = reason

    async def approve(self, officer: OfficerInBrowser, story: str, reason: str) -> None:
        """Have an officer approve the closing that a station asks for."""
        assert await self.act(officer, story, "approve", reason=reason) == CLOSED
        self.reasons[story] = reason

    async def has(self, officer: OfficerInBrowser, story: str, mark: str) -> bool:
        """Return whether an officer's queue shows a tip with a mark."""
        return self.number(story) in await officer.look_at_queue(f"mark={mark}")

    async def has_no_longer(self, officer: OfficerInBrowser, story: str, mark: str) -> bool:
        return not await self.has(officer, story, mark)


@asynccontextmanager
async def begun_day(browser: Browser, folder: Path) -> AsyncIterator[Day]:
    """Run the service with three desks. The tipsters send all tips, and the officers sign in."""
    async with (
        TwilioPeer() as peer,
        serve(peer.app) as url,
        twilio_installation(peer, url, folder, SETTINGS) as installation,
    ):
        installation.make_desk("lanka", "station", "lanka")
        officers = [await sign_in(browser, installation, desk) for desk in ("sp", "lanka", "dig")]
        day = Day(*officers)
        day.tipsters = {name: tipster(installation, peer, n, one) for n, (name, one) in enumerate(STORIES.items())}
        await asyncio.gather(*(tell(one, story) for story, one in day.tipsters.items()))
        yield day
        assert [officer.problems for officer in officers] == [[], [], []]


async def sign_in(browser: Browser, installation: Installation, desk: str) -> OfficerInBrowser:
    locale = "hi-IN" if desk == "lanka" else "en-IN"
    officer = await OfficerInBrowser.open_browser(browser, f"{installation.service.url}/desk", locale=locale)
    temporary = installation.passphrase_file(desk).read_text().strip()
    await officer.sign_in_first(desk, "officer", temporary, f"seven grey herons at the {desk} ghat")
    return officer


def tipster(installation: Installation, peer: TwilioPeer, n: int, story: Story) -> Tipster:
    """Make a tipster. Every other one writes text messages."""
    if n % 2:
        return SmsTipster(Texter(peer, installation.service.url, f"+9191{n:08}"), peer, story.language)
    return WhatsAppTipster(installation.citizen(n), story.language)


async def tell(tipster: Tipster, story: str) -> None:
    told, place = STORIES[story], {"hi": "लंका", "en": "Lanka"}
    reachable = story in {"shed", "sand"}
    await tipster.tell(told.what, category=told.category, place=place[told.language], reachable=reachable)


def status(tipster: Tipster, code: str) -> str:
    """Return the text that a tipster reads, in their language, for a status of the tip."""
    return tipster.says("mailbox.show", number=tipster.number, status=tipster.says(f"status.{code}"), sentence="")


def in_english(key: str) -> str:
    """Return a text as the other officers read it."""
    return Catalogues.of("satark_desk.web")["en"].text(key)


def in_hindi(key: str) -> str:
    """Return a text as the station's officer reads it."""
    return Catalogues.of("satark_desk.web")["hi"].text(key)


async def test_officers_close_twenty_tips_and_every_tipster_reads_the_true_status(
    chromium: Browser, tmp_path: Path
) -> None:
    async with begun_day(chromium, tmp_path) as day:
        assert "20 All work" in await day.sp.read_counts()
        await questions_are_answered_by_whatsapp_and_by_sms(day)
        await an_order_is_printed_and_a_report_is_given(day)
        await a_closing_is_refused_and_then_approved(day)
        await a_late_report_rises_to_the_supervisor(day)
        await tips_are_merged_and_parted_again(day)
        await a_disputed_closing_reopens_and_goes_to_the_office_above(day)
        await an_officer_is_recused_and_the_office_above_goes_on(day)
        await a_tip_is_closed_by_keyboard_alone(day)
        await a_flood_is_merged_and_closed_as_one(day)
        for story, (outcome, reason) in REST.items():
            await day.close(day.sp, story, outcome, reason)
        await every_tipster_reads_the_truth(day)


async def questions_are_answered_by_whatsapp_and_by_sms(day: Day) -> None:
    for story, question, answer in (
        ("shed", "At what hour?", "After ten"),
        ("sand", "किस रास्ते से ले जाते हैं?", "घाट वाली सड़क से"),
    ):
        tipster = day.tipsters[story]
        assert await day.act(day.sp, story, "ask", text=question) == in_english("done.ask")
        assert question not in await tipster.hear_news()
        assert question in await tipster.ask()
        await tipster.answer(answer)
        assert await day.has(day.sp, story, "new")
        assert answer in await day.sp.read(tipster.number)
        assert tipster.says("mailbox.answered") in await tipster.ask()
    await day.close(day.sp, "sand", "preventive", "ट्रैक्टर रुकवा दिए गए हैं।")


async def an_order_is_printed_and_a_report_is_given(day: Day) -> None:
    instruction, rewording = "Watch the shed tonight.", "Liquor is brewed near the mill."
    said = await day.act(day.sp, "shed", "direct", to="lanka", text=instruction, rewording=rewording)
    assert said == "The tip is directed."
    document = pypdfium2.PdfDocument(await day.sp.print_order(day.number("shed"), "lanka"))
    printed = " ".join(page.get_textpage().get_text_range() for page in document)
    assert instruction in printed
    assert day.number("shed") not in printed
    assert await day.has(day.lanka, "shed", "owed")
    page = await day.lanka.read(day.number("shed"))
    assert rewording in page
    assert "Raw liquor" not in page
    assert await day.act(day.lanka, "shed", "report", text="वहाँ कोई नहीं मिला।") == in_hindi("done.report")
    assert not await day.has(day.lanka, "shed", "owed")
    assert await day.has(day.sp, "shed", "new")


async def a_closing_is_refused_and_then_approved(day: Day) -> None:
    asked = in_hindi("done.ask_to_close")
    assert await day.act(day.lanka, "shed", "close", outcome="nothing_found", text="वहाँ कुछ नहीं है।") == asked
    assert await day.has(day.sp, "shed", "closing")
    assert "owed again" in await day.act(day.sp, "shed", "refuse", text="Go at night.")
    assert await day.has(day.lanka, "shed", "owed")
    assert status(day.tipsters["shed"], "CLOSED") not in await day.tipsters["shed"].ask()
    assert await day.act(day.lanka, "shed", "close", outcome="seizure", text="रात में बरामद की गई।") == asked
    await day.approve(day.sp, "shed", "Forty litres were seized.")


async def a_late_report_rises_to_the_supervisor(day: Day) -> None:
    await day.act(day.sp, "pistols", "correct", priority="high", text="It is near a school.")
    await day.act(day.sp, "pistols", "direct", to="lanka", text="Search the stall.", rewording="Arms trade.", due="")
    await until(lambda: day.has(day.dig, "pistols", "risen"), every=0.25)
    assert "lanka has not reported by" in await day.dig.read(day.number("pistols"))
    assert await day.has(day.sp, "pistols", "overdue")
    await day.act(day.dig, "pistols", "note", text="Report to me today.")
    assert "Report to me today." in await day.lanka.read(day.number("pistols"))
    await day.act(day.lanka, "pistols", "close", outcome="arrest", text="एक आदमी गिरफ़्तार हुआ।")
    await until(lambda: day.has_no_longer(day.dig, "pistols", "risen"), every=0.25)
    await day.approve(day.dig, "pistols", "बेचने वाला गिरफ़्तार कर लिया गया है।")


async def tips_are_merged_and_parted_again(day: Day) -> None:
    first, second, tipster = day.number("van"), day.number("van again"), day.tipsters["van again"]
    assert await day.sp.merge_related(first, second) == "The tip is merged."
    assert status(tipster, "MERGED") in await tipster.ask()
    assert await day.act(day.sp, "van again", "unmerge") == "The merging is undone."
    assert status(tipster, "RECEIVED") in await tipster.ask()
    await day.close(day.sp, "van", "warned", "The driver was warned.")
    await day.close(day.sp, "van again", "seizure", "पेटियाँ ज़ब्त कर ली गई हैं।")


async def a_disputed_closing_reopens_and_goes_to_the_office_above(day: Day) -> None:
    tipster = day.tipsters["powder"]
    reason = "जाँच में कुछ नहीं मिला।"
    await day.close(day.sp, "powder", "nothing_found", reason)
    assert reason in await tipster.ask()
    await tipster.dispute()
    assert status(tipster, "REOPENED") in await tipster.ask()
    assert await day.has(day.sp, "powder", "disputed")
    assert await day.has(day.dig, "powder", "risen")
    await day.close(day.dig, "powder", "arrest", "बेचने वाले मिल गए और गिरफ़्तार हुए।")


async def an_officer_is_recused_and_the_office_above_goes_on(day: Day) -> None:
    assert "You don't have this tip any more." in await day.sp.recuse(day.number("rifles"))
    assert day.number("rifles") not in await day.sp.look_at_queue()
    assert await day.has(day.dig, "rifles", "risen")
    await day.close(day.dig, "rifles", "arrest", "दो आदमी गिरफ़्तार हुए।")


async def a_tip_is_closed_by_keyboard_alone(day: Day) -> None:
    done, reason = "The room was locked.", "The gambling was ended."
    await day.sp.look_at_queue()
    await day.sp.type("/", day.number("cards"), "Enter")
    await day.sp.type("j", "Enter")
    await day.sp.type("c", "Preventive")
    for field, text in (("text", done), ("reason", reason)):
        await day.sp.tab_to(f"[name={field}]")
        await day.sp.type(text)
    await day.sp.tab_to("button")
    await day.sp.type("Enter", "Enter")
    assert await day.sp.news() == CLOSED
    day.internal.append(done)
    day.reasons["cards"] = reason


async def a_flood_is_merged_and_closed_as_one(day: Day) -> None:
    flood = {story: day.number(story) for story in STORIES if story.startswith("flood")}
    leading = min(flood, key=flood.__getitem__)
    assert await day.sp.merge_flood() == "Tips done: 5."
    await day.close(day.sp, leading, "warned", "The boys were sent home.")
    day.reasons |= dict.fromkeys(flood, day.reasons[leading])


async def every_tipster_reads_the_truth(day: Day) -> None:
    numbers = {tipster.number for tipster in day.tipsters.values()}
    assert set(await day.dig.look_at_queue("status=CLOSED")) == numbers
    assert set(await day.sp.look_at_queue("status=CLOSED")) == numbers - {day.number("rifles")}
    assert day.reasons.keys() == STORIES.keys()
    for story, tipster in day.tipsters.items():
        read = await tipster.ask()
        assert status(tipster, "CLOSED") in read
        assert tipster.says("status.CLOSED.text", reason=day.reasons[story]) in read
        assert [text for text in day.internal if text in read] == []
