"""A danger is heard with its numbers, wherever in a text it stands."""

from __future__ import annotations

from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography
from satark_words.reader import Reader
from support.dialogue.corpus import asked_at

GEOGRAPHY = Geography.sample()

READER = Reader.shared(GEOGRAPHY)

CATALOGUES = Catalogues.of("satark.dialogue")

STEPS = ["category", "what", "place", "station", "police", "police_unit", "evidence", "review", "reach", "cancel"]

ASKED = {step: asked_at(step, GEOGRAPHY, CATALOGUES) for step in STEPS}

STORY = "roz raat me log sharab peete hai aur gaana bajta hai "


def test_a_danger_is_heard_with_its_numbers() -> None:
    life = READER.dangers("he is out on bail and threatening to kill me")
    assert life[0].numbers == ("112",)
    assert "14416" in READER.dangers("मैं मरना चाहती हूँ")[0].numbers
    assert "1098" in READER.dangers("bachche ko peet rahe hai")[0].numbers
    assert {"1090", "181"} <= set(READER.dangers("pati roz marta hai mujhe")[0].numbers)


def test_a_danger_and_a_name_in_the_middle_of_a_long_story_are_heard() -> None:
    text = STORY * 40 + "unhone mere bhai ko jaan se maarne ki dhamki di, mera naam Ramesh Yadav hai, " + STORY * 40
    assert READER.read(text, ASKED["what"]).dangers
    assert "name" in {span.kind for span in READER.own_identity(text)}
