"""Playing a scenario: the question that is expected must be the one that is heard, and is answered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from satark.catalogues import Catalogue, Catalogues
from satark.geography.geography import Geography
from satark.testing.dialogue.walking import LostError, Place
from satark.testing.matrix.driving import Driver
from satark.testing.matrix.files import recording, to_send
from satark.testing.matrix.scenario import LANGUAGE, Act, Do, Move, Point, Scenario, Send, Speak, Tell

_NUMBER: Final = re.compile(r"(?<![0-9A-Z-])(?=[0-9-]*[A-Z])[0-9A-Z]{4}-[0-9A-Z]{4}(?![0-9A-Z-])")
END: Final = "@end"
"""Stands for no question: what was told is erased, and nothing is asked any more."""
_NAMED: Final = ("@details", "@change")
"""Menus of steps, by the steps' names."""
_PLACES: Final = ("station", "police_station", "district")


async def play(scenario: Scenario, driver: Driver) -> str:
    """Have a driver go through a scenario; give the number of the tip that was sent, or nothing if none was.

    Raises:
        LostError: another question was asked than the scenario expects, or its answer is not offered.
    """
    player = _Player(driver)
    await driver.greet()
    return await _carry(player, ((LANGUAGE, scenario.language), *scenario.moves))


async def go_on(scenario: Scenario, driver: Driver) -> str:
    """Have a driver go through a scenario whose first question is being asked already; as `play` otherwise."""
    return await _carry(_Player(driver, scenario.language), scenario.moves)


async def _carry(player: _Player, moves: Sequence[Move]) -> str:
    driver = player.driver
    try:
        for question, act in moves:
            player.expect(question)
            await player.act(question, act)
        found = _NUMBER.search(driver.heard)
        if found and player.hears("@reach"):
            await player.act("@reach", "no")
    finally:
        await driver.leave()
    return found[0] if found else ""


class _Player:
    def __init__(self, driver: Driver, language: str = "") -> None:
        self.driver = driver
        self._catalogues = Catalogues.shipped()
        self._geography = Geography.sample()
        self._language = language

    @property
    def _texts(self) -> Catalogue:
        return self._catalogues[self._language]

    def expect(self, question: str) -> None:
        """See to it that this question is the one that was asked."""
        if not self.hears(question):
            raise LostError(f"{question} is not what is asked: {self.driver.heard}")

    def hears(self, question: str) -> bool:
        """Whether this question is the one that was asked."""
        heard = _bare(self.driver.heard)
        return any(re.search(pattern, heard) for pattern in self._wordings(question))

    def _wordings(self, question: str) -> list[str]:
        """What a question may sound like: in the channel's own words or the common ones, with files or without."""
        name = question.removeprefix("@")
        spoken = [self._texts] if self._language and question != LANGUAGE else list(self._catalogues)
        keys = ["cancel.done"] if question == END else [f"{name}.ask", f"{name}.more", f"{name}.more#0"]
        own = [texts.text(texts.own(key, self.driver.channel)) for texts in spoken for key in keys if key in texts]
        return [re.sub(r"\\\{\w+\\\}", ".*", re.escape(_bare(text))) for text in own]

    async def act(self, question: str, act: Act) -> None:
        """Answer the question that was asked."""
        if isinstance(act, str):
            await self.driver.choose(self._label(question, act), self._texts)
            self._language = act if question == LANGUAGE else self._language
        elif isinstance(act, Tell):
            await self._tell(act)
        elif isinstance(act, Speak):
            await self.driver.speak(recording(act.speak))
        elif isinstance(act, Point):
            await self._point(act)
        elif isinstance(act, Send):
            await self._send(act)
        else:
            await self._do(act)

    async def _tell(self, words: Tell) -> None:
        if "type" in self.driver.can:
            await self.driver.type(words.tell)
            return
        await self.driver.speak(recording(words.tell))
        if words.station:
            self.expect("station")
            await self.act("station", words.station)

    async def _point(self, point: Point) -> None:
        if "point" in self.driver.can:
            await self.driver.point(Place(*point.point, name=point.name))
        else:
            await self._tell(point.told)

    async def _send(self, file: Send) -> None:
        if "send" in self.driver.can:
            await self.driver.send(to_send(file.send, file.caption))
        else:
            await self.driver.speak(recording(f"{file.send} {file.caption}"))

    async def _do(self, act: Do) -> None:
        if act.do == "again":
            await self.driver.greet()
        else:
            await self.driver.command(act.do, self._texts)

    def _label(self, question: str, code: str) -> str:
        if question == LANGUAGE:
            return self._catalogues[code].text("language.name")
        if question in _NAMED:
            return self._texts.text(f"{code}.name")
        place = self._geography.station(code) or self._geography.district(code)
        if question in _PLACES and place is not None:
            return place.label(self._language)
        name = question.removeprefix("@")
        return self._texts.first(f"{name}.{code}", f"option.{code}")


def _bare(text: str) -> str:
    """A text without its spaces: pages and lines break where the medium will have it."""
    return "".join(text.split())
