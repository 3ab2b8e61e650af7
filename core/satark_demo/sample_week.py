"""The sample week: citizens report on simulated phones, and officers act on the tips by the usual rules.

Nothing is written into a table: each tip goes through the dialogue, and each act through `DeskActs`.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files
from itertools import count
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import structs

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
        for number, wanted in ((one.number, wanted) for one in citizens for wanted in one.story.acts):
            desk, due = desks[wanted.desk], wanted.due and int(time.time()) + wanted.due
            DeskActs(services, desk, Clocks()).perform(desk.open(number), structs.replace(wanted, due=due))

    try:
        await asyncio.gather(*map(tell, citizens))
        await asyncio.to_thread(act)
        await next(one for one in citizens if one.story.name == "closed_too_soon").dispute()
    except (LostError, CaseworkError) as error:
        say(f"  the sample week is incomplete: {type(error).__name__} {error}")
        return
    say("  sample week: the desks are filled; one report is overdue in a minute and rises to the dig")


class Act(DeskAct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An officer's act on a tip. `due` counts seconds from now."""

    desk: str


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """A citizen's report, and the desks' acts on the tip."""

    name: str
    language: str
    category: str
    """The code of the category that the citizen taps."""
    what: str
    place: str
    photo: str = ""
    """Name of a sample photo that the citizen sends; empty: none."""
    reach: str = "no"
    """Whether the police may contact the citizen: `yes` or `no`."""
    acts: tuple[Act, ...] = ()


def _stories() -> Iterator[Story]:
    for story in msgspec.yaml.decode(files("satark_demo").joinpath("stories.yaml").read_bytes(), type=list[Story]):
        names = [f"flood_{number}" for number in range(6)] if story.name == "flood" else [story.name]
        yield from (structs.replace(story, name=name) for name in names)


STORIES: Final = tuple(_stories())

_MOST_MESSAGES: Final = 30
_DONE: Final = {"hi": "हो गया", "en": "done"}


class SampleCitizen:
    """One citizen, who tells a story in a chat."""

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
        written = iter(("what", "place"))
        for _ in range(_MOST_MESSAGES):
            asked = await self._walker.hear()
            if number := tip_number_in(asked.text):
                self.number, self._code = number, receipt_in(asked.text)
            if self.number and not asked.offers:
                return
            # The question for the first words offers nothing but the button that calls; after a cry, nor does "where?".
            await self._answer(asked.offers[0].token.split(":")[0] if asked.offers else next(written))
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
