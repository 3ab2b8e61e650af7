"""A story tells its category and its place."""

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


def test_a_first_message_is_read_whole() -> None:
    opening = READER.open("लंका सामने घाट पर रोज़ रात 2 बजे अवैध बालू खनन होता है, दरोगा पैसे लेता है")
    assert (opening.category, opening.place.station, opening.often) == ("MINE", "lanka", True) or opening.police
    assert opening.place.station == "lanka"


@every_row(
    "text, code",
    [("cow slaughter", "COW"), ("gaay ki hatya", "COW"), ("police wala sharab bechta hai", "POLCOR"), ("beef", "COW"),
     ("हफ़्ता", "EXTORT"), ("घूसखोर दरोगा", "POLCOR"), ("ret", "MINE"), ("juwa", "GAMBL"), ("شراب", "INTOX"),
     ("thane ke pass sharab bikti hai", "INTOX"), ("ghar me ghus kar maara", "HEIN"), ("अपहरण", "HEIN")],
)  # fmt: skip
def test_categories_are_read_as_meant(text: str, code: str) -> None:
    assert READER.read(text, ASKED["category"]).option == code
