"""A citizen of the sample week, who answers the questions on a simulated phone as a visitor would."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Final

import msgspec

from satark_demo import samples
from satark_demo.chat import Chat
from satark_demo.messages import ChatMessage, SentFile
from satark_demo.simulator import MakeChat


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
