"""The sample week: citizens report on simulated phones, and officers act on the tips by the usual rules.

Nothing is written into a table: each tip goes through the dialogue, and each act through `DeskActs`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from satark.api.routing import CaseworkError
from satark.casework import Casework
from satark.casework.act_names import DeskAct
from satark.casework.clocks import Clocks
from satark.casework.desk_acts import DeskActs
from satark.services import Services
from satark_demo.sample_citizens import STORIES, NoAnswerError, SampleCitizen
from satark_demo.simulator import MakeChat

_AT_ONCE: Final = 4
_FIRST_PHONE: Final = 101
"""The lowest number of a sample citizen's phone. The visitor's own phones have lower numbers."""
_DAY: Final = 86400
_BREACH_SECONDS: Final = 60
"""Seconds after which a report is overdue, so that the visitor sees the tip move up in the queue."""

Act = tuple[str, str, DeskAct]
"""The desk, the name of the story, and the act of the desk."""


class SampleWeek:
    """Fills the empty desks of the demo with tips."""

    def __init__(
        self, services: Services, desks: Mapping[str, Casework], make: MakeChat, say: Callable[[str], None]
    ) -> None:
        """Prepare the week.

        Args:
            services: the store.
            desks: the opened desks of the demo, stations too, by name.
            make: makes the phone of a number.
            say: prints a line to the terminal.
        """
        self._services = services
        self._desks = desks
        self._make = make
        self._say = say
        self._told = 0

    async def run(self) -> None:
        """Fill the desks, unless they already have tips."""
        if await asyncio.to_thread(lambda: any(desk.summaries() for desk in self._desks.values())):
            return
        citizens = [SampleCitizen(story, _FIRST_PHONE + at, self._make) for at, story in enumerate(STORIES)]
        try:
            await self._tell(citizens)
            numbers = {citizen.story.name: citizen.number for citizen in citizens}
            await asyncio.to_thread(self._act, acts(time.time()), numbers)
            await next(one for one in citizens if one.story.name == "closed_too_soon").dispute()
        except (NoAnswerError, CaseworkError) as error:
            self._say(f"  the sample week is incomplete: {type(error).__name__} {error}")
            return
        self._say("  sample week: the desks are filled; one report is overdue in a minute and rises to the dig")

    async def _tell(self, citizens: Sequence[SampleCitizen]) -> None:
        slots = asyncio.Semaphore(_AT_ONCE)

        async def tell(citizen: SampleCitizen) -> None:
            async with slots:
                await citizen.tell()
            self._told += 1
            self._say(f"  sample week: {self._told} of {len(citizens)} tips")

        await asyncio.gather(*map(tell, citizens))

    def _act(self, wanted: Iterable[Act], numbers: Mapping[str, str]) -> None:
        for desk, story, act in wanted:
            casework = self._desks[desk]
            DeskActs(self._services, casework, Clocks()).perform(casework.open(numbers[story]), act)


def acts(now: float) -> list[Act]:
    """Return the acts of the desks, in order."""
    return [*_liquor(now), *_gambling(now), *_others(now)]


def _liquor(now: float) -> list[Act]:
    search = _direction("lanka", now + 2 * _DAY, "गोदाम पर नज़र रखें, पिकअप रोकें।", "गोदाम में अवैध शराब, रात में पिकअप")
    return [
        ("sp", "liquor", DeskAct(name="note", text="Two tips name the same pickup: see the related tips.")),
        ("sp", "liquor", search),
        ("sp", "liquor", DeskAct(name="assign", to="sp")),
    ]


def _gambling(now: float) -> list[Act]:
    raid = _direction("sigra", now + 3 * _DAY, "शाम को जाँच करें।", "रोडवेज के पास बंद दुकान में सट्टा")
    closing = DeskAct(name="close", outcome="warned", text="दुकान बंद कराई, तीन लोगों को पाबंद किया।")
    reason = "पुलिस ने जाँच की और सट्टा बंद कराया। सूचना के लिए धन्यवाद।"
    return [
        ("sp", "gambling", raid),
        ("sigra", "gambling", DeskAct(name="report", text="मौक़े पर गए, सट्टा चलता मिला।")),
        ("sigra", "gambling", closing),
        ("sp", "gambling", DeskAct(name="approve", reason=reason)),
    ]


def _others(now: float) -> list[Act]:
    pistols = _direction(
        "lanka", now + _BREACH_SECONDS, "Watch the stall. Do not go alone.", "Country pistols are sold"
    )
    cattle = _direction("sigra", now + 2 * _DAY, "रात की गश्त बढ़ाएँ।", "रात में ट्रक से गौ-तस्करी")
    nothing = DeskAct(name="close", outcome="nothing_found", text="दो रात गश्त की, कोई ट्रक नहीं मिला।")
    early = DeskAct(name="close", outcome="nothing_found", text="गली में कुछ नहीं मिला।", reason="जाँच की गई, कुछ नहीं मिला।")
    return [
        ("sp", "pistols", pistols),
        ("sp", "cattle", cattle),
        ("sigra", "cattle", nothing),
        ("sp", "sand", DeskAct(name="ask", text="At what hour do the tractors come, and from which road?")),
        ("sp", "overloaded", DeskAct(name="status", status="VERIFYING")),
        ("sp", "closed_too_soon", early),
    ]


def _direction(to: str, due: float, text: str, rewording: str) -> DeskAct:
    return DeskAct(name="direct", to=to, text=text, due=int(due), rewording=rewording)
