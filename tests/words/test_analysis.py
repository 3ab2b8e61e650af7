"""An analysis recognises meanings that single words don't have: who is described, how old a child is."""

from __future__ import annotations

from satark_words.analysis import Analysis
from satark_words.danger import BY_LETTERS
from satark_words.geography.geography import Geography
from satark_words.reader import Reader
from support.loops import every_row

GEOGRAPHY = Geography.sample()

READER = Reader.shared(GEOGRAPHY)


@every_row(
    "text, coming",
    [("लूट करने वाले गिरोह का अड्डा है", False), ("chori karne wale ladke yahan baithte hain", False),
     ("वे लूट करने वाले हैं", True), ("wo log aaj raat loot karne wale", True), ("hone wali shadi me daru", True)],
)  # fmt: skip
def test_people_named_by_their_work_are_no_plan(text: str, coming: bool) -> None:  # noqa: FBT001
    """ "Loot karne wale" before a noun are robbers; before "hain" they are about to rob."""
    assert Analysis(text, READER.lexicon).has("time.coming", "opt.when.coming") is coming


@every_row(
    "text, heard",
    [("13 saal ki ladki ki shadi kal hai", True), ("१४ साल की लड़की का ब्याह", True),
     ("13 saal se juye ka adda hai", False), ("25 saal ki ladki ki shadi hai", False)],
)  # fmt: skip
def test_an_age_makes_a_child(text: str, heard: bool) -> None:  # noqa: FBT001
    assert ("child" in {danger.kind for danger in READER.dangers(text) if danger.rule != BY_LETTERS}) is heard


@every_row(
    "text, goes",
    [("peeche", True), ("पीछे जाओ", True), ("koi mere peeche hai", False), ("बस अड्डे के पीछे", False),
     ("mandir ke pichhe", False), ("पीछे के रास्ते से", False), ("hamra pachhe", False), ("at the back", False)],
)  # fmt: skip
def test_words_about_what_is_behind_something_do_not_mean_going_back(text: str, goes: bool) -> None:  # noqa: FBT001
    assert Analysis(text, READER.lexicon).has("cmd.back") is goes


@every_row(
    "text, waits",
    [("aa raha hu", True), ("likh raha hu ruko", True), ("wo aa raha hai", False), ("balu nikal rahe hai", False),
     ("बालू निकाल रहे हैं", False), ("bachche dekh rahe hai ye sab", False)],
)  # fmt: skip
def test_only_the_sender_asks_to_wait(text: str, waits: bool) -> None:  # noqa: FBT001
    assert Analysis(text, READER.lexicon).has("soc.wait") is waits


@every_row(
    "text, found",
    [("UP65AX1234", True), ("up 65 ax 1234", True), ("यूपी 65 एक्स 1234", True), ("यूपी ६५ एक्स १२३४", True),
     ("up65 1234", True), ("gadi up65ax1234", True), ("5000 rupaye", False), ("ward 12", False), ("up 65", False)],
)  # fmt: skip
def test_the_number_of_a_vehicle_is_found_in_any_script_and_spacing(text: str, found: bool) -> None:  # noqa: FBT001
    assert Analysis(text, READER.lexicon).has("thing.number") is found


@every_row(
    "text, is_officer",
    [
        ("They dig sand every night in ramnagar", False),
        ("people dig soil near the river", False),
        ("ye log jcb se dig karte hai", False),
        ("every night tractors dig the river bed", False),
        ("only dig please", True),
        ("dig", True),
        ("the DIG takes money for sand mining", True),
        ("dig sahab ko pata hai balu khanan", True),
        ("sp aur dig dono balu se paisa lete hai", True),
    ],
)
def test_a_text_about_digging_sand_accuses_no_deputy_inspector_general(text: str, is_officer: bool) -> None:  # noqa: FBT001
    assert Analysis(text, READER.lexicon).has("unit.range") is is_officer
