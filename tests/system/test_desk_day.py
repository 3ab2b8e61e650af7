"""A day at the desks: in Chromium, twenty tips go from the queue to closed, and every tipster reads the truth."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pypdfium2
import pytest
from playwright.async_api import Browser

from satark.testing.installation import Installation, twilio_installation
from satark.testing.officer_in_browser import OfficerInBrowser
from satark.testing.processes.serving import serve
from satark.testing.tipsters import SmsTipster, Tipster, WhatsAppTipster
from satark.testing.twilio.api import TwilioPeer
from satark.testing.twilio.people import Texter
from satark.testing.waiting import until

pytestmark = pytest.mark.needs("chromium")

SETTINGS: Final = {"SATARK_DESK__REPORT_HOURS_HIGH": "0.0005"}
"""On tips of high priority a report is owed within two seconds."""
FLOOD: Final = "On the steps of the ghat a dozen boys gamble for money each evening, and nobody stops them"
LIQUOR, MINING, ARMS, GAMBLING = "Illegal liquor / drugs", "Illegal mining", "Illegal arms", "Gambling / satta"
STORIES: Final[Mapping[str, tuple[str, str]]] = {
    "shed": (LIQUOR, "Raw liquor is brewed at night in the shed behind the old mill."),
    "sand": (MINING, "Tractors carry sand away from the river bank without any permit."),
    "pistols": (ARMS, "Country pistols are sold from a tea stall near the crossing."),
    "van": (LIQUOR, "Bottles without labels are unloaded from van UP65 CD 4411 at the market."),
    "van again": (LIQUOR, "Late in the evening a white vehicle, UP65CD4411, brings crates to a shop."),
    "powder": (LIQUOR, "Small packets of white powder are sold behind the school."),
    "cards": (GAMBLING, "Cards are played for high stakes in the room over the cloth shop."),
    **{f"flood {n}": (GAMBLING, FLOOD) for n in range(6)},
    "still": (LIQUOR, "An iron still stands in the brick kiln south of the canal."),
    "satta": (GAMBLING, "A man takes satta numbers at the paan kiosk each morning."),
    "quarry": (MINING, "Stone is blasted in the closed quarry on the hill."),
    "rifles": (ARMS, "Two rifles are hidden under hay in the cowshed of the temple."),
    "pills": (LIQUOR, "Tablets that make drowsy are handed out at the gymnasium."),
    "cricket": (GAMBLING, "Bets on cricket matches are taken in a mobile repair store."),
    "soil": (MINING, "Soil is dug out of the government pond with an excavator."),
}
REST: Final[Mapping[str, tuple[str, str]]] = {
    "still": ("seizure", "The still was seized."),
    "satta": ("warned", "The man was warned."),
    "quarry": ("fir", "A case was registered."),
    "rifles": ("arrest", "Two men were arrested."),
    "pills": ("nothing_found", "No tablets were found on two visits."),
    "cricket": ("preventive", "The owner was bound over."),
    "soil": ("false", "The digging has a permit of the district."),
}
"""Tips without a story of their own: how the SP's office closes them, and what it tells their tipsters."""


class Day:
    """The three officers, and the tipsters by the names of their stories."""

    def __init__(self, sp: OfficerInBrowser, lanka: OfficerInBrowser, dig: OfficerInBrowser) -> None:
        self.sp, self.lanka, self.dig = sp, lanka, dig
        self.tipsters: dict[str, Tipster] = {}
        self.reasons: dict[str, str] = {}
        """Story → what its tipster is to read at the end of the day."""

    def number(self, story: str) -> str:
        return self.tipsters[story].number

    async def close(self, story: str, outcome: str, reason: str) -> None:
        """Have the SP's operator close a tip."""
        said = await self.sp.act(self.number(story), "close", outcome=outcome, text=f"done: {story}", reason=reason)
        assert said == "The tip is closed."
        self.reasons[story] = reason

    async def has(self, officer: OfficerInBrowser, story: str, mark: str) -> bool:
        """Whether the queue of an officer shows a tip under a mark."""
        return self.number(story) in await officer.look_at_queue(f"mark={mark}")


@asynccontextmanager
async def begun_day(browser: Browser, folder: Path) -> AsyncIterator[Day]:
    """Run the service with three desks; let the tipsters tell everything and the officers sign in."""
    async with (
        TwilioPeer() as peer,
        serve(peer.app) as url,
        twilio_installation(peer, url, folder, SETTINGS) as installation,
    ):
        installation.make_desk("lanka", "station", "lanka")
        officers = [await sign_in(browser, installation, desk) for desk in ("sp", "lanka", "dig")]
        day = Day(*officers)
        day.tipsters = {story: tipster(installation, peer, n) for n, story in enumerate(STORIES)}
        await asyncio.gather(*(tell(one, story) for story, one in day.tipsters.items()))
        yield day
        assert [officer.problems for officer in officers] == [[], [], []]


async def sign_in(browser: Browser, installation: Installation, desk: str) -> OfficerInBrowser:
    officer = await OfficerInBrowser.open_browser(browser, f"{installation.service.url}/desk")
    temporary = installation.passphrase_file(desk).read_text().strip()
    await officer.sign_in_first(desk, "officer", temporary, f"seven grey herons at the {desk} ghat")
    return officer


def tipster(installation: Installation, peer: TwilioPeer, n: int) -> Tipster:
    """Make a tipster: every other one writes text messages."""
    if n % 2:
        return SmsTipster(Texter(peer, installation.service.url, f"+9191{n:08}"), peer)
    return WhatsAppTipster(installation.citizen(n))


async def tell(tipster: Tipster, story: str) -> None:
    category, what = STORIES[story]
    await tipster.tell(what, category=category, place="Lanka", reachable=story in {"shed", "sand"})


async def test_twenty_tips_go_from_the_queue_to_closed_and_every_tipster_reads_the_truth(
    chromium: Browser, tmp_path: Path
) -> None:
    async with begun_day(chromium, tmp_path) as day:
        assert "20 All" in await day.sp.read_counts()
        await questions_are_answered_by_whatsapp_and_by_sms(day)
        await an_order_is_printed_and_a_report_is_given(day)
        await a_closing_is_refused_and_then_approved(day)
        await a_late_report_rises_to_the_supervisor(day)
        await tips_are_merged_and_parted_again(day)
        await a_disputed_closing_reopens_and_goes_to_the_office_above(day)
        await a_tip_is_closed_by_keyboard_alone(day)
        await a_flood_is_merged_and_closed_as_one(day)
        for story, (outcome, reason) in REST.items():
            await day.close(story, outcome, reason)
        await every_tipster_reads_the_truth(day)


async def questions_are_answered_by_whatsapp_and_by_sms(day: Day) -> None:
    for story, question, answer in (
        ("shed", "At what hour?", "After ten"),
        ("sand", "From which road?", "The ghat road"),
    ):
        number, tipster = day.number(story), day.tipsters[story]
        assert await day.sp.act(number, "ask", text=question) == "The question is sent."
        assert question not in await tipster.hear_news()
        assert question in await tipster.ask()
        await tipster.answer(answer)
        assert await day.has(day.sp, story, "new")
        assert answer in await day.sp.read(number)
        assert "Your answer has been passed on." in await tipster.ask()
    await day.close("sand", "preventive", "The tractors were stopped.")


async def an_order_is_printed_and_a_report_is_given(day: Day) -> None:
    number = day.number("shed")
    direction = {"to": "lanka", "text": "Watch the shed tonight.", "rewording": "Liquor is brewed near the mill."}
    assert await day.sp.act(number, "direct", **direction) == "The tip is directed."
    document = pypdfium2.PdfDocument(await day.sp.print_order(number, "lanka"))
    printed = " ".join(page.get_textpage().get_text_range() for page in document)
    assert "Watch the shed tonight." in printed
    assert number not in printed
    assert await day.has(day.lanka, "shed", "owed")
    page = await day.lanka.read(number)
    assert "Liquor is brewed near the mill." in page
    assert "Raw liquor" not in page
    assert await day.lanka.act(number, "report", text="Nobody was there.") == "The report is entered."
    assert not await day.has(day.lanka, "shed", "owed")
    assert await day.has(day.sp, "shed", "new")


async def a_closing_is_refused_and_then_approved(day: Day) -> None:
    number, reason = day.number("shed"), "Forty litres were seized."
    asked = "The closing is asked for. The tip stays open until it is approved."
    assert await day.lanka.act(number, "close", outcome="nothing_found", text="Nothing there.") == asked
    assert await day.has(day.sp, "shed", "closing")
    assert "owed again" in await day.sp.act(number, "refuse", text="Go at night.")
    assert await day.has(day.lanka, "shed", "owed")
    assert "Status: Closed" not in await day.tipsters["shed"].ask()
    assert await day.lanka.act(number, "close", outcome="seizure", text="Seized at night.") == asked
    assert await day.sp.act(number, "approve", reason=reason) == "The tip is closed."
    day.reasons["shed"] = reason


async def a_late_report_rises_to_the_supervisor(day: Day) -> None:
    number, reason = day.number("pistols"), "The seller was arrested."
    await day.sp.act(number, "correct", priority="high", text="Arms near a school.")
    await day.sp.act(number, "direct", to="lanka", text="Search the stall.", rewording="Pistols are sold.", due="")
    await until(lambda: day.has(day.dig, "pistols", "risen"), every=0.25)
    assert "lanka has not reported by" in await day.dig.read(number)
    assert await day.has(day.sp, "pistols", "overdue")
    await day.dig.act(number, "note", text="Report to me today.")
    assert "Report to me today." in await day.lanka.read(number)
    await day.lanka.act(number, "close", outcome="arrest", text="One man arrested.")
    assert not await day.has(day.dig, "pistols", "risen")
    assert await day.dig.act(number, "approve", reason=reason) == "The tip is closed."
    day.reasons["pistols"] = reason


async def tips_are_merged_and_parted_again(day: Day) -> None:
    first, second = day.number("van"), day.number("van again")
    assert await day.sp.merge_related(first, second) == "The tip is merged."
    assert "Handled with another report" in await day.tipsters["van again"].ask()
    assert await day.sp.act(second, "unmerge") == "The merging is undone."
    assert "Status: Received" in await day.tipsters["van again"].ask()
    await day.close("van", "warned", "The driver was warned.")
    await day.close("van again", "seizure", "The crates were seized.")


async def a_disputed_closing_reopens_and_goes_to_the_office_above(day: Day) -> None:
    number, reason, tipster = day.number("powder"), "The sellers were found and arrested.", day.tipsters["powder"]
    await day.close("powder", "nothing_found", "Nothing was found.")
    assert "Reason: Nothing was found." in await tipster.ask()
    await tipster.dispute()
    assert "Status: Reopened" in await tipster.ask()
    assert await day.has(day.sp, "powder", "disputed")
    assert await day.has(day.dig, "powder", "risen")
    assert await day.dig.act(number, "close", outcome="arrest", text="Raided.", reason=reason) == "The tip is closed."
    day.reasons["powder"] = reason


async def a_tip_is_closed_by_keyboard_alone(day: Day) -> None:
    number, reason = day.number("cards"), "The room was locked up."
    await day.sp.look_at_queue()
    await day.sp.type("/", number, "Enter")
    await day.sp.type("j", "Enter")
    await day.sp.type("c", "Preventive", "Tab", "Locked the room.", "Tab", reason, "Tab", "Enter")
    await day.sp.type("Enter")
    assert await day.sp.news() == "The tip is closed."
    day.reasons["cards"] = reason


async def a_flood_is_merged_and_closed_as_one(day: Day) -> None:
    flood = {story: day.number(story) for story in STORIES if story.startswith("flood")}
    leading = min(flood, key=flood.__getitem__)
    assert await day.sp.merge_flood() == "Done with 5 tips."
    await day.close(leading, "warned", "The boys were sent home.")
    day.reasons |= dict.fromkeys(flood, day.reasons[leading])


async def every_tipster_reads_the_truth(day: Day) -> None:
    numbers = sorted(tipster.number for tipster in day.tipsters.values())
    for officer in (day.sp, day.dig):
        assert sorted(await officer.look_at_queue("status=CLOSED")) == numbers
    assert day.reasons.keys() == STORIES.keys()
    for story, tipster in day.tipsters.items():
        read = await tipster.ask()
        assert f"Tip no. {tipster.number}\nStatus: Closed\n" in read
        assert f"Your report was closed. Reason: {day.reasons[story]}\n" in read
