"""The number of taps for a job on a phone in Hindi, from the queue after the sign-in, is the one in docs/desk.md."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from satark.api.routing import Desk
from satark.casework import Casework, Clocks, DeskAct, DeskActs
from satark.services import Services
from support.tips import SeededTip, seed_tip

pytestmark = pytest.mark.needs("chromium")

DOCUMENT = Path(__file__).parents[4] / "docs/desk.md"
WORDS = "गश्त भेजें और देखें कि क्या हो रहा है"
"""Text that an officer types, which costs no taps."""


class Phone:
    """Works on a tip with a finger, and counts the taps. To choose from a list takes two."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.taps = 0

    @classmethod
    async def sign_in(cls, chromium: Browser, address: str, desk: str) -> Phone:
        """Sign in as a desk's first officer: the queue is shown, and nothing is counted yet."""
        viewport = {"width": 390, "height": 844}
        context = await chromium.new_context(locale="hi-IN", viewport=viewport, has_touch=True)  # type: ignore[arg-type]
        page = await context.new_page()
        await page.goto(f"{address}/sign-in")
        for name, value in (("desk", desk), ("officer", f"{desk}-1"), ("passphrase", f"{desk} passphrase 1")):
            await page.locator(f"[name={name}]").fill(value)
        await page.locator("main form button").click()
        await page.locator(".tips").wait_for()
        return cls(page)

    async def tap(self, target: Locator) -> None:
        """Tap a visible element: the row and the bar need no scrolling."""
        self.taps += 1
        await target.tap()
        await self.page.wait_for_load_state()

    async def choose(self, name: str, value: str) -> None:
        """Open a list of the open form, and tap one of its options."""
        self.taps += 2
        await self._field("select", name).select_option(value)

    async def write(self, name: str) -> None:
        """Type into a field of the open form; tap it first, unless it has the focus."""
        field = self._field("textarea", name)
        if not await field.evaluate("field => field === document.activeElement"):
            await self.tap(field)
        await self.page.keyboard.type(WORDS)

    async def open_first(self) -> None:
        """Open the first tip of the queue."""
        await self.tap(self.page.locator(".tips a").first)

    async def propose(self) -> None:
        """Open the form of the step that the bar proposes."""
        await self.tap(self.page.locator(".next [role=button]").first)

    async def open_act(self, name: str) -> None:
        """Open the form of any other act."""
        await self.tap(self.page.locator(".next > a").last)
        await self.tap(self.page.locator(f"summary[data-act={name}]"))

    async def finish(self) -> None:
        """Continue and confirm; the page says that the act is done."""
        await self.tap(self.page.locator("details.act[open] form > button"))
        await self.confirm()

    async def confirm(self) -> None:
        """Confirm what the page says that will be done."""
        await self.tap(self.page.locator("[name=confirmed]"))
        await expect(self.page.locator(".notice.good")).to_be_visible()

    def _field(self, kind: str, name: str) -> Locator:
        return self.page.locator(f"details.act[open] {kind}[name={name}]")


Job = Callable[[Phone], Awaitable[None]]


async def answer_first(phone: Phone) -> None:
    await phone.open_first()
    await phone.tap(phone.page.locator(".next [value=ACTION]"))
    await phone.confirm()


async def direct(phone: Phone) -> None:
    await phone.open_first()
    await phone.propose()
    await phone.choose("to", "lanka")
    await phone.write("text")
    await phone.finish()


async def report(phone: Phone) -> None:
    await phone.open_first()
    await phone.propose()
    await phone.write("text")
    await phone.finish()


async def ask_to_close(phone: Phone) -> None:
    await phone.open_first()
    await phone.tap(phone.page.locator(".next [data-opens=close]"))
    await phone.choose("outcome", "fir")
    await phone.write("text")
    await phone.finish()


async def mark_status(phone: Phone) -> None:
    await phone.open_first()
    await phone.open_act("status")
    await phone.choose("status", "VERIFYING")
    await phone.finish()


async def write_to_tipster(phone: Phone) -> None:
    await phone.open_first()
    await phone.open_act("ask")
    await phone.write("text")
    await phone.finish()


JOBS: dict[str, tuple[str, Job]] = {
    "first action on the most urgent tip": ("sp", answer_first),
    "direct a tip": ("sp", direct),
    "set a status": ("sp", mark_status),
    "ask the tipster": ("sp", write_to_tipster),
    "report": ("lanka", report),
    "ask to close": ("lanka", ask_to_close),
}


@pytest.fixture
def urgent(services: Services, desk: Callable[[str], Desk], casework: Callable[[str], Casework]) -> SeededTip:
    """The most urgent of three tips at the SP, and another that the SP has directed to Lanka."""
    for day in (1, 2):
        seed_tip(services, [desk("sp")], received=f"2026-11-{day:02}T06/PT6H", priority="high")
    directed, work = seed_tip(services, [desk("sp")]), casework("sp")
    act = DeskAct(name="direct", to="lanka", text=WORDS)
    DeskActs(services, work, Clocks()).perform(work.open(directed.number), act)
    return seed_tip(services, [desk("sp")], priority="urgent", received="2026-11-24T06/PT6H")


def written() -> dict[str, int]:
    """Return what the document says: job → taps."""
    return {
        job: int(taps)
        for job, taps in re.findall(r"^\| ([a-z ]+) \| (\d+) \|$", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    }


@pytest.mark.full("every job of the document in a browser")
@pytest.mark.parametrize("job", JOBS)
async def test_each_job_takes_the_taps_that_the_document_says(
    job: str, chromium: Browser, address: str, urgent: SeededTip, casework: Callable[[str], Casework]
) -> None:
    desk, do = JOBS[job]
    phone = await Phone.sign_in(chromium, address, desk)
    await do(phone)
    assert phone.taps == written()[job]
    if desk == "sp":
        assert casework("sp").open(urgent.number).thread


def test_the_first_action_takes_three_taps_and_each_job_is_in_the_document() -> None:
    assert written().keys() == JOBS.keys()
    assert written()["first action on the most urgent tip"] <= 3
