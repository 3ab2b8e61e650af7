"""Two tipsters, who send the same two tips on every medium."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from satark_testing.browser import Browser
from satark_testing.canary.identifiers import TipContent, make_tipster
from satark_testing.canary.telling import World
from satark_testing.dialogue.walking import Photo, receipt_in, tip_number_in
from satark_testing.installation import MatrixInstallation
from satark_testing.matrix.drivers import CallDriver, ChatDriver, Driver, SmsDriver
from satark_testing.matrix.form_driver import FormDriver
from satark_testing.telegram.bot_api import Person
from satark_testing.telegram.citizen import TelegramCitizen
from satark_testing.twilio.people import Caller, Texter, code_in
from satark_testing.whatsapp.citizen import Citizen
from satark_words.catalogues import Catalogue, Catalogues

_PLACE: Final = "लंका"
_CRY: Final = "बचाओ, वह मुझे चाकू से मार रहा है"
_UNAVAILABLE: Final = 2
"""Meta's error code for a temporary failure."""


class Secrets(msgspec.Struct, frozen=True):
    """The secrets that the worlds differ in: each is there twice."""

    tipsters: tuple[dict[str, str], dict[str, str]]
    contents: tuple[TipContent, TipContent]
    accused: tuple[str, str] = ("station", "district")
    """Options of the question which police office is involved: each excludes another desk, and asks equally much."""

    @classmethod
    def make(cls) -> Secrets:
        """Make secrets. The second tip is longer, by less than drafts are padded."""
        sentence = "रात में हथियार बिकते हैं"
        contents = (TipContent.make(f"{sentence} {{}}", 6400), TipContent.make(f"{sentence} {{}} {{}} {{}} {{}}", 9600))
        return cls((make_tipster(), make_tipster()), contents)

    @property
    def identifiers(self) -> dict[str, str | bytes]:
        """Every identifier of both sides, by a name that begins with its kind."""
        return {
            f"{name} {side}": value
            for side in (0, 1)
            for name, value in {**self.tipsters[side], **self.contents[side].identifiers}.items()
        }


class Visitor:
    """One tipster in one world.

    Args:
        matrix: the world's installation.
        secrets: all secrets.
        world: which of them this world has.
    """

    def __init__(self, matrix: MatrixInstallation, secrets: Secrets, world: World) -> None:
        self._matrix, self._texts = matrix, Catalogues.of("satark.dialogue")["hi"]
        self._tipster = secrets.tipsters[world.sender]
        self._content = secrets.contents[world.words]
        self._accused = secrets.accused[world.desk]
        self.numbers: list[str] = []
        """The numbers of the tips, in the order in which they were sent."""
        self.codes: list[str] = []
        """The codes of their receipts."""
        self.cookies: list[str] = []

    async def send_tips(self, media: Sequence[str]) -> None:
        """Send a tip on each medium, one after the other."""
        for medium in media:
            await self._send_tip(medium)

    async def leave_drafts(self, media: Sequence[str]) -> None:
        """Leave a draft on each medium but the phone; have a reply wait, since Meta is unavailable."""
        for medium in media:
            if medium != "voice":
                await self._leave(await self._begin(medium))
        self._matrix.installation.peer.faults.fail_next(_UNAVAILABLE, 1000)
        await self._citizen().say(self._content.words)

    async def _send_tip(self, medium: str) -> None:
        """Send a tip with a file. On WhatsApp, agree to be reached, and tell the desk of a danger afterwards."""
        driver = await self._begin(medium)
        await self._choose(driver, "police", "yes")
        await self._choose(driver, "police_unit", self._accused)
        await driver.command("skip", self._texts)
        if "send" in driver.can:
            kind = "image" if medium in ("sms", "web_form") else "document"
            await driver.send(Photo(self._content.photo, "image/jpeg", kind, name=self._tipster["file name"]))
        else:
            await driver.speak(self._content.recording)
        await driver.command("done", self._texts)
        await self._choose(driver, "review", "send")
        code = receipt_in(driver.last_answer) or code_in(driver.last_answer)
        self.codes.append(code)
        self.numbers.append(tip_number_in(driver.last_answer))
        if medium != "voice":  # nobody is called back
            await self._choose(driver, "reach", "yes" if medium == "whatsapp" else "no")
        if medium == "whatsapp":
            for words in ("status", code, f"{self._content.words} {_CRY}", "status"):
                await driver.type(words)
        await self._leave(driver)

    async def _begin(self, medium: str) -> Driver:
        """Answer the first questions: language, category, what happened, where."""
        driver = self._driver(medium)
        await driver.greet()
        await driver.choose(self._texts.text("language.name"), self._texts)
        await self._choose(driver, "category", "ARMS")
        for words in (self._content.words, _PLACE):
            await (driver.type(words) if "type" in driver.can else driver.speak(self._content.recording))
        return driver

    async def _choose(self, driver: Driver, question: str, option: str) -> None:
        """Choose an option by its label: the channel's own, if it has one."""
        worded = self._texts.reworded("satark.dialogue", driver.channel)
        labels = [_label(texts, question, option, driver.channel) for texts in (self._texts, worded) if texts]
        offered = (one for one in labels if re.search(rf" {re.escape(one)}$", driver.last_answer, re.MULTILINE))
        await driver.choose(next(offered, labels[0]), self._texts)

    async def _leave(self, driver: Driver) -> None:
        if isinstance(driver, FormDriver):
            self.cookies += driver.cookies.values()
        await driver.leave()

    def _driver(self, medium: str) -> Driver:
        service, tipster = self._matrix.installation.service, self._tipster
        if medium == "whatsapp":
            return ChatDriver(medium, self._citizen())
        if medium == "telegram":
            names = {"first_name": tipster["profile name"], "username": tipster["user name"]}
            person: Any = Person(id=int(tipster["Telegram id"]), **names)
            webhook = f"{service.url}/telegram/webhook"
            return ChatDriver(medium, TelegramCitizen(self._matrix.telegram, person, webhook))
        if medium == "web_form":
            proxied = {"x-forwarded-for": tipster["IP address"], "forwarded": 'for="[' + tipster["IP address"] + ']"'}
            return FormDriver(Browser(service.url, headers={"user-agent": tipster["user agent"], **proxied}))
        if medium == "sms":
            texter = Texter(self._matrix.twilio, service.url, f"+{tipster['phone']}")
            return SmsDriver(texter, service.environment["SATARK_TWILIO__API_URL"])
        return CallDriver(Caller(self._matrix.twilio, service.url, f"+{tipster['phone']}"))

    def _citizen(self) -> Citizen:
        installation, tipster = self._matrix.installation, self._tipster
        return Citizen(
            installation.peer,
            installation.webhook,
            wa_id=tipster["wa_id"],
            user_id=f"IN.{tipster['BSUID']}",
            name=tipster["profile name"],
            username=tipster["user name"],
        )


def _label(texts: Catalogue, question: str, option: str, channel: str) -> str:
    key = f"{question}.{option}"
    return texts.text(texts.own(key if key in texts else f"option.{option}", channel))
