"""The sample week: citizens report on simulated phones, and officers act on the tips by the usual rules.

Nothing is written into a table: each tip goes through the dialogue, and each act through `DeskActs`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files
from itertools import count
from typing import Any, Final, TypeAlias

import msgspec

from satark.api.routing import CaseworkError
from satark.casework import Casework
from satark.casework.clocks import Clocks
from satark.casework.desk_act import DeskAct
from satark.casework.desk_acts import DeskActs
from satark.services import Services
from satark_demo import samples
from satark_testing.dialogue.walking import LostError, Photo, Walker, receipt_in, tip_number_in

_AT_ONCE: Final = 4
_FIRST_PHONE: Final = 101
"""The lowest number of a sample citizen's phone. The visitor's own phones have lower numbers."""
_DAY: Final = 86400
_BREACH_SECONDS: Final = 60
"""Seconds after which a report is overdue, so that the visitor sees the tip move up in the queue."""

Act = tuple[str, str, DeskAct]
"""The desk, the name of the story, and the act of the desk."""
MakeCitizen: TypeAlias = Callable[[int], Walker[Any]]
"""Makes a citizen with the phone of this number."""


async def fill_desks(
    services: Services, desks: Mapping[str, Casework], make: MakeCitizen, say: Callable[[str], None]
) -> None:
    """Fill the opened desks with the tips of the week, unless they already have tips; `say` prints a line."""
    if await asyncio.to_thread(lambda: any(desk.summaries() for desk in desks.values())):
        return
    citizens = [SampleCitizen(story, make(_FIRST_PHONE + at)) for at, story in enumerate(STORIES)]
    slots, told = asyncio.Semaphore(_AT_ONCE), count(1)

    async def tell(citizen: SampleCitizen) -> None:
        async with slots:
            await citizen.tell()
        say(f"  sample week: {next(told)} of {len(citizens)} tips")

    def act() -> None:
        numbers = {citizen.story.name: citizen.number for citizen in citizens}
        for desk, story, wanted in acts(time.time()):
            DeskActs(services, desks[desk], Clocks()).perform(desks[desk].open(numbers[story]), wanted)

    try:
        await asyncio.gather(*map(tell, citizens))
        await asyncio.to_thread(act)
        await next(one for one in citizens if one.story.name == "closed_too_soon").dispute()
    except (LostError, CaseworkError) as error:
        say(f"  the sample week is incomplete: {type(error).__name__} {error}")
        return
    say("  sample week: the desks are filled; one report is overdue in a minute and rises to the dig")


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


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """What one citizen reports."""

    name: str
    """The name by which the acts of the week find the citizen's tip."""
    language: str
    category: str
    """The code of the category that the citizen taps."""
    what: str
    place: str
    photo: str = ""
    """Name of a sample photo that the citizen sends; empty: none."""
    reach: str = "no"
    """Whether the police may contact the citizen: `yes` or `no`."""


def _stories() -> Iterator[Story]:
    for story in msgspec.yaml.decode(files("satark_demo").joinpath("stories.yaml").read_bytes(), type=list[Story]):
        names = [f"flood_{number}" for number in range(6)] if story.name == "flood" else [story.name]
        yield from (msgspec.structs.replace(story, name=name) for name in names)


STORIES: Final = tuple(_stories())

_MOST_MESSAGES: Final = 30
_DONE: Final = {"hi": "हो गया", "en": "done"}


class SampleCitizen:
    """One citizen, who tells a story in a chat.

    Args:
        story: what happened.
        walker: the citizen's phone.
    """

    def __init__(self, story: Story, walker: Walker[Any]) -> None:
        self.story = story
        self.number = ""
        """The tip's number, once the tip is sent."""
        self._walker = walker
        self._code = ""

    async def tell(self) -> None:
        """Answer the questions until the tip is sent.

        Raises:
            LostError: the tip was not sent.
        """
        await self._walker.say("Hi")
        for _ in range(_MOST_MESSAGES):
            asked = await self._walker.hear()
            if number := tip_number_in(asked.text):
                self.number, self._code = number, receipt_in(asked.text)
            if self.number and not asked.offers:
                return
            # The question for the first words offers nothing but the button that calls.
            await self._answer(asked.offers[0].token.split(":")[0] if asked.offers else "what")
        raise LostError(f"no receipt after {_MOST_MESSAGES} messages")

    async def dispute(self) -> None:
        """Open the tip by its receipt code, and answer that the result did not help.

        Raises:
            LostError: nobody asked whether it helped.
        """
        await self._walker.say(self._code)
        await self._walker.hear()
        await self._tap("no")
        await self._walker.hear()

    async def _answer(self, step: str) -> None:
        typed = {"what": self.story.what, "place": self.story.place}
        if step in typed:
            await self._walker.say(typed[step])
        elif step == "evidence" and self.story.photo:
            await self._walker.send(Photo(samples.photograph(self.story.photo), name="photo.jpg"))
            await self._walker.hear()
            await self._walker.say(_DONE[self.story.language])
        else:
            chosen = {"@language": self.story.language, "category": self.story.category, "@reach": self.story.reach}
            await self._tap(chosen.get(step, ""), "no", "@skip", "send")

    async def _tap(self, *options: str) -> None:
        offered = {offer.token.split(":")[1]: offer.token for offer in self._walker.last.offers}
        token = next((offered[option] for option in options if option in offered), None)
        if token is None:
            raise LostError(f"no answer to: {self._walker.last.text}")
        await self._walker.tap(token)
