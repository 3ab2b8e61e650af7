"""A text chooses the option that it names, unless it denies that option."""

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
def test_a_denied_option_is_not_chosen(step: str, text: str) -> None:
    assert READER.read(text, ASKED[step]).option == ""


def test_a_category_with_a_story_keeps_its_sentence() -> None:
    reading = READER.read("lanka me sharab bikti hai", ASKED["category"])
    assert (reading.option, reading.story) == ("INTOX", True)
    assert reading.opening.place.station == "lanka"


DENIALS = [
    "there is no police involvement", "no policeman is involved", "no one from police", "not a single policeman",
    "police does not know", "koi police wala shamil nahi", "koi police wala nahi", "isme police wala koi nahi",
    "ek bhi police wala nahi", "police mili nahi hai", "koi daroga nahi mila", "कोई पुलिस वाला शामिल नहीं",
    "पुलिस मिली नहीं है", "एक भी पुलिस वाला नहीं", "kauno police wala naikhe", "कौनो पुलिस वाला नइखे", "naikhe",
]  # fmt: skip


@every_row("text", DENIALS)
def test_a_denial_that_police_are_involved_answers_no_and_accuses_nobody(text: str) -> None:
    assert READER.read(text, ASKED["police"]).option == "no"
    opening = READER.open(f"they sell liquor, {text}")
    assert (opening.category, opening.police) == ("INTOX", False)


@every_row("text", ["one policeman is involved", "koi police wala mila hai", "daroga mila hai", "पुलिस मिली हुई है"])
def test_police_who_are_involved_answer_yes(text: str) -> None:
    assert READER.read(text, ASKED["police"]).option == "yes"


@every_row(
    "text",
    ["haan par kaun pata nahi", "haan, kaun hai nahi malum", "ji haan lekin naam nahi pata", "हाँ पर कौन पता नहीं",
     "हाँ लेकिन नाम नहीं मालूम", "yes but no idea who", "yes, don't know his name", "yes, not sure who", "no doubt",
     "there is no doubt", "without any doubt", "nahi, lekin daroga mila hua hai", "नहीं लेकिन चौकी वाला मिला हुआ है"],
)  # fmt: skip
def test_yes_without_a_name_still_means_yes(text: str) -> None:
    assert READER.read(text, ASKED["police"]).option == "yes"


@every_row(
    "text",
    ["haan nahi", "nahi haan", "हाँ नहीं", "नहीं हाँ", "yes no", "no yes", "yes and no", "haan pata nahi",
     "bilkul nahi lekin chowki wala aata hai", "nahi par sipahi aata hai", "बिल्कुल नहीं लेकिन सिपाही आता है",
     "not at all but the constable comes", "no but the outpost man takes tea there"],
)  # fmt: skip
def test_yes_and_no_in_one_text_choose_neither(text: str) -> None:
    assert READER.read(text, ASKED["police"]).option == ""


@every_row(
    "text",
    [
        "bilkul nahi",
        "of course not",
        "definitely not",
        "haan, koi police wala nahi",
        "ji nahi",
        "no, no one from police",
    ],
)
def test_a_denial_stays_a_denial(text: str) -> None:
    assert READER.read(text, ASKED["police"]).option == "no"


LANGUAGE = asked_at("language", GEOGRAPHY, CATALOGUES)


@every_row(
    "text",
    ["english bottle", "english bottle bech raha hai", "angrezi daaru", "angrezi daru bikti hai", "अंग्रेजी शराब",
     "hindi medium school", "hindi medium school ke paas", "हिंदी मीडियम स्कूल", "angreji daru bechela",
     "english wine shop at night"],
)  # fmt: skip
def test_a_language_that_describes_something_is_not_chosen(text: str) -> None:
    reading = READER.read(text, LANGUAGE)
    assert (reading.option, reading.command) == ("", "")


@every_row(
    "text, code",
    [("hindi", "hi"), ("हिंदी में", "hi"), ("mujhe hindi me baat karni hai", "hi"), ("hindi chahiye", "hi"),
     ("english please", "en"), ("i want english", "en"), ("angrezi me batao", "en")],
)  # fmt: skip
def test_a_language_that_is_asked_for_is_chosen(text: str, code: str) -> None:
    assert READER.read(text, LANGUAGE).option == code


@every_row(
    "text, code",
    [("mujhe english nahi aati", "hi"), ("angrezi samajh nahi aati", "hi"), ("अंग्रेज़ी नहीं आती", "hi"),
     ("I don't know English", "hi"), ("english nahi padh pata", "hi"), ("I don't know Hindi", "en"),
     ("i can't read hindi", "en"), ("no hindi", "en"), ("hindi nahi aati", "en"), ("मुझे हिंदी नहीं आती", "en"),
     ("angrezi nahi aati hindi rakho", "hi")],
)  # fmt: skip
def test_a_person_who_does_not_know_one_language_gets_the_other(text: str, code: str) -> None:
    assert READER.read(text, LANGUAGE).option == code
    assert READER.read(text, ASKED["review"]).option in {"", code}


@every_row(
    "text, code",
    [("sharab nahi, jua hota hai", "GAMBL"), ("शराब नहीं जुआ होता है", "GAMBL"), ("daru nahi katta bikta hai", "ARMS"),
     ("it is gambling, not ganja", "GAMBL"), ("not liquor but guns", "ARMS"), ("jua nahi sharab bikti hai", "INTOX")],
)  # fmt: skip
def test_a_denied_category_is_not_chosen(text: str, code: str) -> None:
    assert READER.open(text).category == code
