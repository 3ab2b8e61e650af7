"""What is taken at once, and what is asked back: one reading alone is never enough."""

from __future__ import annotations

from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography
from satark_words.reader import Reader
from satark_words.reading import Confidence
from support.dialogue.corpus import asked_at
from support.loops import every_row

READER = Reader.shared(Geography.sample())
CATALOGUES = Catalogues.of("satark.dialogue")


def sure(step: str, text: str) -> bool:
    """Return whether a text surely chooses an option."""
    reading = READER.read(text, asked_at(step, Geography.sample(), CATALOGUES))
    return bool(reading.option) and reading.confidence > Confidence.GUESS


@every_row(
    "step, text",
    [
        ("category", "smack bechne wala"), ("police", "haan daroga ji ke hissa jata hai har hafta"),
        ("now", "har raat hota hai din me nahi"), ("when", "कल हुआ था शाम के"), ("danger", "nahi bhai koi khatra nahi"),
    ],
)  # fmt: skip
def test_two_readings_that_agree_are_sure(step: str, text: str) -> None:
    assert sure(step, text)


@every_row(
    "step, text",
    [
        ("category", "लिंक दबाया तो खाता खाली हो गया"), ("now", "kyu tum abhi aa jaoge kya?"),
        ("when", "kal bhi hua tha kal bhi hoga"), ("known_by", "Only I saw but I told in tea stall"),
        ("danger", "bahut khatarnak aadmi hai bhaiya, zubaan ka. haath nahi uthata"),
    ],
)  # fmt: skip
def test_what_another_word_asks_denies_or_limits_is_not_sure(step: str, text: str) -> None:
    assert not sure(step, text)


@every_row("text", ["pure khoon pasine ki kamai le gaya thag", "afeem factory se chori ka maal nikalte hai"])
def test_a_story_between_two_categories_is_in_doubt(text: str) -> None:
    assert "category" in READER.open(text).doubts
