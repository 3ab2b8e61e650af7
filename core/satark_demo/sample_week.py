"""The sample week: citizens report on simulated phones, and officers act on the tips by the usual rules.

Nothing is written into a table: each tip goes through the dialogue, and each act through `DeskActs`.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Final

import msgspec

from satark.api.routing import CaseworkError
from satark.casework import Casework
from satark.casework.act_names import DeskAct
from satark.casework.clocks import Clocks
from satark.casework.desk_acts import DeskActs
from satark.services import Services
from satark_demo import samples
from satark_demo.chat import Chat
from satark_demo.messages import ChatMessage, SentFile
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

_ANSWER_SECONDS: Final = 60
_MOST_TURNS: Final = 30
_NUMBER: Final = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")
_CODE: Final = re.compile(r"\b\d{4} \d{4} \d{4} \d{4}\b")
_DONE: Final = {"hi": "हो गया", "en": "done"}


class NoAnswerError(Exception):
    """The service did not answer, or asked something for which the story has no answer."""


class SampleCitizen:
    """One citizen with a phone."""

    def __init__(self, story: Story, phone: int, make: MakeChat) -> None:
        self.story = story
        self.number = ""
        """The tip's number, once the tip is sent."""
        self._changed = asyncio.Event()
        self._chat: Chat = make(phone, lambda _: self._changed.set())
        self._seen: set[str] = set()
        self._code = ""

    async def tell(self) -> str:
        """Answer the questions until the tip is sent; return its number.

        Raises:
            NoAnswerError: the tip was not sent.
        """
        asked = await self._say("Hi")
        for _ in range(_MOST_TURNS):
            if not asked.offers and self.number:
                return self.number
            if not asked.offers:
                raise NoAnswerError
            asked = await self._answer(asked)
            if found := _NUMBER.search(asked.text):
                self.number, self._code = found[0], _CODE.findall(asked.text)[-1]
        raise NoAnswerError

    async def dispute(self) -> None:
        """Open the tip by its receipt code, and answer that the result did not help.

        Raises:
            NoAnswerError: nobody asked whether it helped.
        """
        shown = await self._say(self._code)
        await self._tap(shown, "no")

    async def _answer(self, asked: ChatMessage) -> ChatMessage:
        step = asked.offers[0].token.split(":")[0]
        typed = {"what": self.story.what, "place": self.story.place}
        if step in typed:
            return await self._say(typed[step])
        if step == "evidence" and self.story.photo:
            return await self._send_photo()
        chosen = {"@language": self.story.language, "category": self.story.category, "@reach": self.story.reach}
        return await self._tap(asked, chosen.get(step, ""), "no", "@skip", "send")

    async def _send_photo(self) -> ChatMessage:
        photo = SentFile(data=samples.photograph(self.story.photo), mime="image/jpeg", name="photo.jpg")
        await self._chat.file(photo, "", voice=False, twice=False)
        await self._newest()
        return await self._say(_DONE[self.story.language])

    async def _say(self, text: str) -> ChatMessage:
        await self._chat.say(text, twice=False)
        return await self._newest()

    async def _tap(self, asked: ChatMessage, *options: str) -> ChatMessage:
        offered = {offer.token.split(":")[1]: offer.token for offer in asked.offers}
        token = next((offered[option] for option in options if option in offered), None)
        if token is None:
            raise NoAnswerError
        await self._chat.tap(asked.id, token, twice=False)
        return await self._newest()

    async def _newest(self) -> ChatMessage:
        """Wait for a message of the service that has no answer yet."""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                while True:
                    self._changed.clear()
                    new = [one for one in self._chat.messages.values() if not one.mine and one.id not in self._seen]
                    if new:
                        self._seen |= {one.id for one in new}
                        return new[-1]
                    await self._changed.wait()
        except TimeoutError:
            raise NoAnswerError from None
