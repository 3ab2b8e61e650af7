"""A driver acts as a person does on its medium: it turns pages until it finds the option."""

from __future__ import annotations

from typing import Any

import pytest

from satark_testing.dialogue.walking import LostError, Place
from satark_testing.matrix.drivers import CallDriver, ChatDriver, SmsDriver
from satark_testing.whatsapp.messages import Offer
from satark_words.catalogues import Catalogues

ENGLISH = Catalogues.of("satark.dialogue")["en"]
MORE = ENGLISH.text("command.more")


class Message:
    """A message of the bot with offers."""

    def __init__(self, *labels: str) -> None:
        self.text, self.offers = "?", [Offer(label, label) for label in labels]


class PagedWalker:
    """A chat whose options are spread over pages."""

    def __init__(self, *pages: Message) -> None:
        self.pages, self.tapped = list(pages), list[str]()

    @property
    def last(self) -> Message:
        return self.pages[0]

    async def tap(self, label: str) -> None:
        self.tapped.append(label)

    async def hear(self) -> None:
        if len(self.pages) > 1:
            self.pages.pop(0)


async def test_a_chat_driver_turns_pages_until_the_option_is_offered() -> None:
    walker: Any = PagedWalker(Message("a", MORE), Message("b", MORE), Message("c"))
    await ChatDriver("whatsapp", walker).choose("c", ENGLISH)
    assert walker.tapped == [MORE, MORE, "c"]
    with pytest.raises(LostError, match="'d' is not offered"):
        await ChatDriver("whatsapp", walker).choose("d", ENGLISH)


class ScriptedPhone:
    """A phone with scripted answers."""

    number = "+919199999999"

    def __init__(self, *answers: list[str]) -> None:
        self.answers, self.said = list(answers), list[str]()

    async def say(self, text: str, *_: Any, **__: Any) -> list[str]:
        self.said.append(text)
        return self.answers.pop(0)


async def test_the_sms_driver_reads_every_page_and_answers_by_number() -> None:
    hint = Catalogues.of("satark_sms_ivr")["en"].text("sms.more")
    phone: Any = ScriptedPhone([f"Which?\n1 Arms\n{hint}"], ["2 Liquor"], ["Taken"])
    driver = SmsDriver(phone, "https://media.example")
    await driver.greet()
    assert driver.last_answer == "Which?\n1 Arms\n2 Liquor"
    await driver.choose("Liquor", ENGLISH)
    assert phone.said == ["Hi", "M", "2"]


async def test_the_call_driver_can_neither_type_nor_point() -> None:
    caller: Any = ScriptedPhone()
    with pytest.raises(LostError):
        await CallDriver(caller).type("words")
    with pytest.raises(LostError, match="Lanka"):
        await CallDriver(caller).point(Place(25.3, 83.0, "Lanka"))
