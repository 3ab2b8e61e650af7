"""Tipsters with made-up identifiers: virtual users of every medium."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any, Final

import msgspec

from satark_testing.browser import Browser
from satark_testing.canary.identifiers import Identifiers
from satark_testing.dialogue.walking import LostError, Photo, Place
from satark_testing.installation import HINDI, MatrixInstallation
from satark_testing.matrix.drivers import Ability, CallDriver, ChatDriver, Driver, SmsDriver
from satark_testing.matrix.form_driver import FormDriver
from satark_testing.matrix.player import play
from satark_testing.matrix.scenario import Do, Scenario, Send, Words
from satark_testing.telegram.bot_api import Person
from satark_testing.telegram.citizen import TelegramCitizen, content
from satark_testing.twilio.people import Caller, Texter, code_in
from satark_testing.whatsapp.citizen import Citizen
from satark_words.catalogues import Catalogue, Catalogues

_QUESTION: Final = 30
"""Number of characters that identify a question."""
FORM_FILE: Final = "IMG-20261124-WA0042"
"""The name that `satark_testing.browser.Browser` gives to the first file."""


class MarkedCitizen(Citizen):
    """A WhatsApp user whose files have names, and whose message ids are stored as identifiers."""

    identifiers: Identifiers

    async def send(self, photo: Photo) -> str:
        """Send a file as a document with a file name."""
        node, name = self._peer.add_media(photo.data, photo.mime), self.identifiers.word("file name", "{}.jpg")
        return await self._post(
            lambda key: self._peer.webhooks.media(self.sender, "document", node, filename=name, id=key)
        )

    async def share_contact(self, phone: str, mail: str) -> str:
        """Share a contact card."""
        card = {"name": {"formatted_name": "Card"}, "phones": [{"phone": phone}], "emails": [{"email": mail}]}
        message = {"type": "contacts", "contacts": [card]}
        return await self._post(lambda key: self._peer.webhooks.message(self.sender, message, id=key))

    async def _post(self, build: Any) -> str:
        key = await super()._post(build)
        self.identifiers.remember("message id", key)
        return key


class MarkedTelegramCitizen(TelegramCitizen):
    """A Telegram user whose files have names."""

    identifiers: Identifiers

    async def send(self, photo: Photo) -> str:
        """Send a file as a document with a file name."""
        file = self._peer.add_file(photo.data)
        body = content("document", file, photo.mime)
        body["document"]["file_name"] = self.identifiers.word("file name", "{}.jpg")
        return await self._message(body)


class MarkedDriver:
    """A driver that sends files and recordings with made-up identifiers in place of the scenario's. See `Driver`."""

    def __init__(self, driver: Driver, identifiers: Identifiers) -> None:
        self._driver, self._identifiers = driver, identifiers
        self.answers: list[str] = []
        """All answers of the service, in order."""

    @property
    def channel(self) -> str:
        """The channel's name."""
        return self._driver.channel

    @property
    def can(self) -> frozenset[Ability]:
        """The actions that the medium supports."""
        return self._driver.can

    @property
    def last_answer(self) -> str:
        """The last answer, complete."""
        return self._driver.last_answer

    async def greet(self) -> None:
        """Start the conversation."""
        await self._driver.greet()

    async def choose(self, label: str, texts: Catalogue) -> None:
        """Choose an option, but keep a photo's place hidden from the police.

        Store the answer, which may be the receipt.
        """
        await self._driver.choose(label, texts)
        if await self._keep_origin(texts):  # it was asked after the word for sending, which is asked for once more
            await self._driver.choose(label, texts)
        self.answers.append(self.last_answer)

    async def command(self, name: str, texts: Catalogue) -> None:
        """Execute a command."""
        await self._driver.command(name, texts)
        await self._keep_origin(texts)

    async def _keep_origin(self, texts: Catalogue) -> bool:
        """Answer no if the question is whether the police may know where the photo was taken; return whether it was."""
        asked = texts.text("origin.ask")[:_QUESTION] in self.last_answer
        if asked:
            await self._driver.choose(texts.text("origin.no"), texts)
        return asked

    async def type(self, words: str) -> None:
        """Type words."""
        await self._driver.type(words)

    async def speak(self, voice: bytes) -> None:
        """Send a recording with a made-up identifier."""
        await self._driver.speak(self._identifiers.voice())

    async def point(self, place: Place) -> None:
        """Send a location."""
        await self._driver.point(place)

    async def send(self, file: Photo) -> None:
        """Send a photo with made-up identifiers."""
        await self._driver.send(msgspec.structs.replace(file, data=self._identifiers.photo(), mime="image/jpeg"))

    async def leave(self) -> None:
        """Store the browser's cookies as identifiers. The page stays open, so that the browser keeps them."""
        if isinstance(self._driver, FormDriver):
            for cookie in self._driver.cookies.values():
                self._identifiers.remember("cookie", cookie)
            await self._driver.leave()


def whatsapp_citizen(matrix: MatrixInstallation, made: Identifiers) -> MarkedCitizen:
    """Make a WhatsApp user."""
    citizen = MarkedCitizen(
        matrix.installation.peer,
        matrix.installation.webhook,
        wa_id=made.phone("wa_id"),
        user_id=made.digits("BSUID", 17, "IN."),
        name=made.word("profile name", "{} {}"),
        username=made.word("user name"),
    )
    citizen.identifiers = made
    return citizen


def telegram_citizen(matrix: MatrixInstallation, made: Identifiers) -> MarkedTelegramCitizen:
    """Make a Telegram user."""
    person = Person(
        id=int(made.digits("Telegram id", 10)),
        first_name=made.word("profile name"),
        last_name=made.word("profile name"),
        username=made.word("user name"),
    )
    webhook = f"{matrix.installation.service.url}/telegram/webhook"
    citizen = MarkedTelegramCitizen(matrix.telegram, person, webhook)
    citizen.identifiers = made
    return citizen


def browser(matrix: MatrixInstallation, made: Identifiers) -> Browser:
    """Make a browser that sends its user agent, and whose proxy sends the browser's address."""
    address = made.address()
    made.remember("file name", FORM_FILE)
    headers = {
        "user-agent": made.word("user agent", "{}/9.8 (Linux; {} Build/{})"),
        "x-forwarded-for": address,
        "x-real-ip": address,
        "forwarded": f'for="[{address}]"',
        "referer": f"https://search.example/?q={made.word('words')}",
    }
    return Browser(matrix.installation.service.url, headers=headers)


def driver_of(medium: str, matrix: MatrixInstallation, made: Identifiers) -> MarkedDriver:
    """Make a tipster with made-up identifiers on a medium."""
    url = matrix.installation.service.url
    found: Driver
    if medium in {"whatsapp", "telegram"}:
        walker: Any = whatsapp_citizen(matrix, made) if medium == "whatsapp" else telegram_citizen(matrix, made)
        found = ChatDriver(medium, walker)
    elif medium == "web_form":
        found = FormDriver(browser(matrix, made))
    elif medium == "sms":
        texter = Texter(matrix.twilio, url, f"+{made.phone()}")
        found = SmsDriver(texter, matrix.installation.service.environment["SATARK_TWILIO__API_URL"])
    else:
        found = CallDriver(Caller(matrix.twilio, url, f"+{made.phone()}"))
    return MarkedDriver(found, made)


_PLACE: Final = Words("लंका")
_CODE: Final = re.compile(r"(?:\d[ \u00a0\u2009\u202f–-]?){16}")


async def send_tip(matrix: MatrixInstallation, medium: str, made: Identifiers) -> None:
    """Send a tip with a file and refuse contact. On a chat medium, open the mailbox afterwards."""
    driver = driver_of(medium, matrix, made)
    exchanges = (
        ("category", "ARMS"),
        ("what", Words(made.sentence("गाँव के बाहर रात में हथियार बिकते हैं"))),
        ("place", _PLACE),
        ("police", "no"),
        ("evidence", Send("photo")),
        ("evidence", Do("done")),
        ("review", "send"),
    )
    await play(Scenario("marked", "hi", exchanges), driver)
    _remember_code(driver, made)


async def leave_draft(matrix: MatrixInstallation, medium: str, made: Identifiers) -> None:
    """Start a tip, and leave it unfinished."""
    driver = driver_of(medium, matrix, made)
    exchanges = (("category", "INTOX"), ("what", Words(made.sentence("भट्ठी के पीछे कच्ची शराब बनती है"))))
    await play(Scenario("left", "hi", exchanges), driver)


async def stay_reachable(matrix: MatrixInstallation, made: Identifiers) -> None:
    """Send a tip by WhatsApp, agree to contact, open the mailbox, and enter a wrong code."""
    citizen = whatsapp_citizen(matrix, made)
    words = made.sentence("मंदिर के पीछे हथियारों का ढेर है")
    no = Catalogues.of("satark.dialogue")["hi"].text("origin.no")
    code = await citizen.walk(
        {
            **HINDI,
            no: no,
            "क्या हो रहा है\\?": words,
            "हो गया": [Photo(made.photo()), Photo(made.voice(), "audio/ogg"), "हो गया"],
        }
    )
    _remember(code, made)
    await citizen.reply(Catalogues.of("satark.dialogue")["hi"].text("reach.yes"))
    await citizen.hear()
    for words in ("status", code, made.sentence("एक बात और"), "status", "7878 9898 7878 9898"):
        await citizen.say(words)
        await citizen.hear()


async def share_and_forget(matrix: MatrixInstallation, made: Identifiers) -> None:
    """Start a tip by WhatsApp, share a contact card with a phone number and an e-mail address, and have all erased."""
    citizen = whatsapp_citizen(matrix, made)
    for words in ("Hi", "हिन्दी", "अवैध खनन"):
        await citizen.reply(words)
        await citizen.hear()
    await citizen.share_contact(made.phone(), made.word("e-mail", "{}@mail.example"))
    await citizen.hear()
    await citizen.say("forget")
    with suppress(LostError):
        await citizen.hear()
        await citizen.reply(Catalogues.of("satark.dialogue")["hi"].text("cancel.yes"))
        await citizen.hear()


def _remember_code(driver: MarkedDriver, made: Identifiers) -> None:
    for answer in driver.answers:
        found = _CODE.search(answer)
        if code := (re.sub(r"\D", "", found[0]) if found else code_in(answer)):
            _remember(code, made)


def _remember(code: str, made: Identifiers) -> None:
    made.remember("receipt code", code)
    made.remember("receipt code", " ".join(code[i : i + 4] for i in range(0, 16, 4)))
