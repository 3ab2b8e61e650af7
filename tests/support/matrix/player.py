"""Plays a scenario: checks that the service asks each expected question, and answers it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from satark_testing.dialogue.walking import LostError, Place, tip_number_in
from satark_testing.matrix.drivers import Driver
from satark_words.catalogues import Catalogue, Catalogues
from satark_words.geography.geography import Geography
from support.matrix.scenario import (
    LANGUAGE,
    Action,
    Do,
    Exchange,
    Point,
    Scenario,
    Send,
    Speak,
    Words,
    recording,
    to_send,
)

END: Final = "@end"
"""Stands for no question: the answers are erased, and the service asks nothing more."""
_STEP_MENUS: Final = ("@details", "@change")
"""Questions whose options are the names of steps."""
_ASKED_OF_WORDS: Final = ("district", "station")
"""Questions about a typed place. If the place was spoken, the service does not ask them."""
_ASKED_OF_FILMS = "film_sound"
"""A question that is not asked on a medium without files."""
_ASKED_OF_RETURNERS: Final = "@restart"
"""Whether to start anew. On a medium that doesn't know who comes back, nobody leaves in the middle to come back."""
_ACCUSED_STATION: Final = "police_station"
_ASKED_OF_SPEAKERS: Final = "police_district"
"""A question that comes before the accused station if the place was spoken, since its district is unknown."""


async def play(scenario: Scenario, driver: Driver) -> str:
    """Have a driver play a scenario; return the number of the sent tip, or an empty string if none was sent.

    Raises:
        LostError: a question is not the expected one, or its answer is not offered.
    """
    player = _Player(driver)
    await driver.greet()
    return await _play(player, ((LANGUAGE, scenario.language), *scenario.exchanges))


async def resume(
    scenario: Scenario,
    driver: Driver,
    *,
    catalogues: Catalogues | None = None,
    geography: Geography | None = None,
) -> str:
    """Have a driver play a scenario whose first question is already asked; otherwise as `play`.

    Args:
        scenario: the questions and answers.
        driver: the tipster.
        catalogues: the questionnaire's texts; None: those that come with Satark.
        geography: the districts and stations; None: those that come with Satark.
    """
    return await _play(_Player(driver, scenario.language, catalogues, geography), scenario.exchanges)


async def _play(player: _Player, exchanges: Sequence[Exchange]) -> str:
    driver = player.driver
    try:
        for number, (question, action) in enumerate(exchanges):
            if question in _ASKED_OF_WORDS and "type" not in driver.can:
                continue
            if question == _ASKED_OF_FILMS and "send" not in driver.can:
                continue
            leads_back = any(asked == _ASKED_OF_RETURNERS for asked, _ in exchanges[number : number + 2])
            if leads_back and "come back" not in driver.can:
                continue
            if question == _ACCUSED_STATION and player.is_asked(_ASKED_OF_SPEAKERS):
                # Whatever is done at the question for the station, its district is asked before.
                stations = (one for asked, one in exchanges[number:] if asked == question and isinstance(one, str))
                await player.answer(_ASKED_OF_SPEAKERS, player.district_of(next(stations)))
            player.expect(question)
            await player.answer(question, action)
        found = tip_number_in(driver.last_answer)
        if found and player.is_asked("@reach"):
            await player.answer("@reach", "no")
    finally:
        await driver.leave()
    return found


class _Player:
    def __init__(
        self,
        driver: Driver,
        language: str = "",
        catalogues: Catalogues | None = None,
        geography: Geography | None = None,
    ) -> None:
        self.driver = driver
        self._catalogues = catalogues or Catalogues.of("satark.dialogue")
        self._geography = geography or Geography.sample()
        self._language = language

    @property
    def _texts(self) -> Catalogue:
        return self._catalogues[self._language]

    @property
    def _spellings(self) -> list[Catalogue]:
        """The texts of the language, with the channel's own wording or script if it has one."""
        worded = self._texts.reworded("satark.dialogue", self.driver.channel)
        return [self._texts, *([worded] if worded else [])]

    def district_of(self, station: str) -> str:
        """Return the district of a station; the first district if the station is unknown."""
        return self._geography.district_of(station) or self._geography.districts[0].code

    def expect(self, question: str) -> None:
        """Raise an error if the question is not the one that was asked."""
        if not self.is_asked(question):
            raise LostError(f"{question} is not asked: {self.driver.last_answer}")

    def is_asked(self, question: str) -> bool:
        """Return whether a question is the one that was asked."""
        answer = _without_spaces(self.driver.last_answer)
        return any(re.search(pattern, answer) for pattern in self._wordings(question))

    def _wordings(self, question: str) -> list[str]:
        """Return patterns of a question: the channel's own wording or the common one, with files or without."""
        name = question.removeprefix("@")
        catalogues = self._spellings if self._language and question != LANGUAGE else list(self._catalogues)
        keys = ["cancel.done"] if question == END else [f"{name}.ask", f"{name}.more", f"{name}.more#0"]
        own = [texts.text(texts.own(key, self.driver.channel)) for texts in catalogues for key in keys if key in texts]
        return [re.sub(r"\\\{\w+\\\}", ".*", re.escape(_without_spaces(text))) for text in own]

    async def answer(self, question: str, action: Action) -> None:
        """Answer the question."""
        if isinstance(action, str):
            await self.driver.choose(self._label(question, action), self._texts)
            self._language = action if question == LANGUAGE else self._language
        elif isinstance(action, Words):
            await self._say(action)
        elif isinstance(action, Speak):
            await self.driver.speak(recording(action.speak))
        elif isinstance(action, Point):
            await self._point(action)
        elif isinstance(action, Send):
            await self._send(action)
        else:
            await self._do(action)

    async def _say(self, words: Words) -> None:
        if "type" in self.driver.can:
            await self.driver.type(words.words)
            return
        await self.driver.speak(recording(words.words))

    async def _point(self, point: Point) -> None:
        if "point" in self.driver.can:
            await self.driver.point(Place(*point.point, name=point.name))
        else:
            await self._say(point.as_words)

    async def _send(self, file: Send) -> None:
        if "send" in self.driver.can:
            await self.driver.send(to_send(file.send, file.caption))
        else:
            await self.driver.speak(recording(f"{file.send} {file.caption}"))

    async def _do(self, action: Do) -> None:
        if action.do == "again":
            await self.driver.greet()
        else:
            await self.driver.command(action.do, self._texts)

    def _label(self, question: str, code: str) -> str:
        if question == LANGUAGE:
            return self._catalogues[code].text("language.name")
        labels = [self._label_in(texts, question, code) for texts in self._spellings]
        offered = (
            label for label in labels if re.search(rf" {re.escape(label)}$", self.driver.last_answer, re.MULTILINE)
        )
        return next(offered, labels[0])

    def _label_in(self, texts: Catalogue, question: str, code: str) -> str:
        if question in _STEP_MENUS:
            return texts.text(f"{code}.name")
        key = f"{question.removeprefix('@')}.{code}"
        place = self._geography.station(code) or self._geography.district(code)
        if place is not None and key not in texts:
            return place.label(texts.names_in)
        return texts.text(texts.own(key if key in texts else f"option.{code}", self.driver.channel))


def _without_spaces(text: str) -> str:
    """Remove all whitespace, since each medium breaks lines and pages at other positions."""
    return "".join(text.split())
