"""A text chooses the option that it names, unless it denies it."""

from __future__ import annotations

from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography
from satark_words.reader import Reader
from support.dialogue.corpus import asked_at
from support.loops import every_row

GEOGRAPHY = Geography.sample()

READER = Reader.shared(GEOGRAPHY)

CATALOGUES = Catalogues.of("satark.dialogue")

STEPS = ["category", "what", "place", "station", "police", "police_unit", "evidence", "review", "reach", "cancel"]

ASKED = {step: asked_at(step, GEOGRAPHY, CATALOGUES) for step in STEPS}


@every_row(
    "step, text",
    [("category", "sharab nahi"), ("station", "lanka nahi"), ("police_unit", "SP nahi"), ("category", "not drugs"),
     ("station", "ladka"), ("station", "लंका नहीं")],
)  # fmt: skip
def test_what_is_denied_is_not_chosen(step: str, text: str) -> None:
    assert READER.read(text, ASKED[step]).option == ""


def test_a_category_with_a_story_keeps_its_sentence() -> None:
    reading = READER.read("lanka me sharab bikti hai", ASKED["category"])
    assert (reading.option, reading.story) == ("INTOX", True)
    assert reading.opening.place.station == "lanka"
