"""Tipsters who send a tip in Hindi or English by WhatsApp or SMS, and later ask for its status by their receipt."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Final

from satark_testing.dialogue.walking import LostError, tip_number_in
from satark_testing.matrix.drivers import ChatDriver, SmsDriver
from satark_testing.waiting import until
from satark_words.catalogues import Catalogues
from support.answers import HINDI
from support.phone_walks import walk_by_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from satark_testing.matrix.drivers import Driver
    from satark_testing.twilio.api import TwilioPeer
    from satark_testing.twilio.people import Texter
    from satark_testing.whatsapp.citizen import Answers, Citizen

ENGLISH: Final[Answers] = {
    "Choose a language": "English",
    "Send this to the police": "Yes, send",
    "What is this about": "Illegal arms",
    "What is happening\\?": "Arms are sold outside the village at night.",
    "Tell the place": "Lanka",
    "which district|Which district": "Don't know",
    "Which police station": "Don't know",
    "Is a police officer involved": "No",
    '"done"': "done",
}
"""Question → answer of a citizen who writes English."""

_ANSWERS: Final[Mapping[str, Answers]] = {"hi": {**HINDI, "पुलिस को भेजें\\?": "भेजें", "और: M": "M"}, "en": ENGLISH}
_QUESTIONS: Final = {
    "hi": ("किस बारे में", r"क्या हो रहा है\?|क्या हुआ, लिखकर", "जगह (बताइए|लिखें)"),
    "en": ("What is this about", r"What is happening\?|Write what happened", "(Tell|Write) the place"),
}
"""Language → the questions for category, story and place, in the wordings of both media."""


class Tipster(ABC):
    """A tipster who keeps the receipt.

    Args:
        driver: the tipster's phone.
        language: the tipster's language: `hi` or `en`.
    """

    def __init__(self, driver: Driver, language: str = "en") -> None:
        self.number = ""
        """The number of the sent tip."""
        self._driver = driver
        self._code = ""
        self._language = language
        self._texts = Catalogues.of("satark.dialogue")[language]

    def says(self, key: str, **values: str) -> str:
        """Return a text of the service as it reads on the tipster's channel and in the tipster's language."""
        return self._texts.text(self._texts.own(key, self._driver.channel), **values)

    async def tell(self, what: str, *, category: str, place: str, reachable: bool = False) -> str:
        """Send a tip that accuses no police officer, without files; return its number.

        Args:
            what: the description of the crime.
            category: the code of its category.
            place: the place, in words that name a station.
            reachable: whether the tipster agrees to be contacted.

        Raises:
            LostError: a question is unexpected, or there is no receipt.
        """
        answers = (self._texts.text(f"category.{category}"), what, place)
        told = dict(zip(_QUESTIONS[self._language], answers, strict=True))
        self._code, receipt = await self._walk({**told, **_ANSWERS[self._language]} | told)
        self.number = tip_number_in(receipt)
        if not self.number:
            raise LostError(f"no number: {receipt}")
        await self._driver.type(self.says("reach.yes" if reachable else "reach.no"))
        return self.number

    async def ask(self) -> str:
        """Ask for the tip's status by the receipt; return all answers."""
        await self._driver.type(f"{self.says('command.status')} {self._code}")
        return self._driver.last_answer

    async def answer(self, text: str) -> str:
        """Answer a question of the police; return the service's answer."""
        await self._driver.choose(self.says("mailbox.answer"), self._texts)
        await self._driver.type(text)
        return self._driver.last_answer

    async def dispute(self) -> str:
        """Say that the result did not help; return the service's answer."""
        await self._driver.choose(self.says("feedback.no"), self._texts)
        return self._driver.last_answer

    @abstractmethod
    async def hear_news(self) -> str:
        """Wait for the notice that there is news; return it."""

    @abstractmethod
    async def _walk(self, answers: Mapping[str, Any]) -> tuple[str, str]:
        """Answer all questions; return the receipt code, and the text of the receipt."""


class WhatsAppTipster(Tipster):
    """A tipster on WhatsApp."""

    def __init__(self, citizen: Citizen, language: str = "en") -> None:
        super().__init__(ChatDriver("whatsapp", citizen), language)
        self._citizen = citizen

    async def ask(self) -> str:
        """Ask for the status, and skip notices that there is news."""
        answer = await super().ask()
        while self.number not in answer:
            answer = await self.hear_news()
        return answer

    async def hear_news(self) -> str:
        """Wait for the next message."""
        return (await self._citizen.hear()).text

    async def _walk(self, answers: Mapping[str, Any]) -> tuple[str, str]:
        return await self._citizen.walk(answers), self._citizen.last.text


class SmsTipster(Tipster):
    """A tipster who writes text messages.

    Args:
        texter: the tipster's phone.
        peer: the provider.
    """

    def __init__(self, texter: Texter, peer: TwilioPeer, language: str = "en") -> None:
        super().__init__(SmsDriver(texter, ""), language)
        self._texter, self._peer = texter, peer

    async def hear_news(self) -> str:
        """Wait for a message that the service sends unasked."""
        sent = await until(lambda: [one.body for one in self._peer.sent if one.to == self._texter.number])
        return sent[-1]

    async def _walk(self, answers: Mapping[str, Any]) -> tuple[str, str]:
        return await walk_by_text(self._texter, answers), "\n".join(self._texter.heard)
