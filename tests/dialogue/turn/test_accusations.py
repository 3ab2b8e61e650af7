"""The accused of a tip: accusing words count at every question, and only the tipster's own "no" weakens them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Final

import pytest

from satark.api.inbound import FormPage, Text
from satark.api.routing import Desk, Level
from satark.api.tip import Message, Tip
from satark.dialogue.engine import Engine
from satark.dialogue.session import Mailbox, OpenMailbox
from satark.routing.rules import is_accused, route
from satark_testing.dialogue.chat import Chat
from satark_words.geography.geography import Geography
from support.dialogue.corpus import read_corpus
from support.loops import every_row

GEOGRAPHY: Final = Geography.sample()
OFFICES: Final[Sequence[tuple[str, Level, str]]] = (
    ("sp-varanasi", "district", "varanasi"),
    ("sp-jaunpur", "district", "jaunpur"),
    ("dig", "range", ""),
    ("lanka", "station", "lanka"),
    ("sigra", "station", "sigra"),
    ("cantt", "station", "cantt"),
)
DESKS: Final = [Desk(name=name, title=name, level=level, area=area, recipient="age1") for name, level, area in OFFICES]
STATIONS: Final = {"lanka", "sigra", "cantt"}
STORY: Final = "lanka me ramesh daru bechta hai roz raat ko"
AGAINST_SP: Final = (
    "SP sahab ko bhi hissa jata hai",
    "uska jija SP sahab hai jo usko bachata hai",
    "एसपी साहब को भी हिस्सा जाता है",
    "the SP takes a share of it too",
    "S.P. ko bhi hissa jata hai",
    "एस.पी. साहब को भी हिस्सा जाता है",
)
AGAINST_STATION: Final = (
    "lanka thane ka daroga Ram Singh paisa leta hai",
    "daroga uska rishtedar hai",
    "लंका थाने का दरोगा भी मिला हुआ है",
    "a constable of Lanka police station takes money from him",
)
AGAINST_DIG: Final = ("DIG sahab khud malik hai iske", "डीआईजी साहब को हिस्सा जाता है")


def sent(chat: Chat) -> Chat:
    """Answer the remaining questions like a person who knows no more, and send."""
    for _ in range(10):
        if chat.submission is not None:
            return chat
        offered = [*chat.offered(), *(one.token.split(":")[1] for one in chat.prompt.actions)]
        if chat.step in {"place", "what"}:
            chat.say("lanka" if chat.step == "place" else "wahi jo bataya")
        elif chat.step == "category":
            chat.tap("INTOX")
        else:
            chat.tap(next(one for one in ("send", "keep", "unknown", "@skip", "yes", "no") if one in offered))
    raise AssertionError(f"not sent from {chat.step}")


def asked_whom(chat: Chat) -> Chat:
    """Answer what is asked until it is asked whom the tip accuses."""
    for _ in range(5):
        if chat.step == "police_unit":
            return chat
        chat.tap("INTOX" if chat.step == "category" else "yes")
    raise AssertionError(f"not asked whom: {chat.step}")


def filed(chat: Chat) -> Chat:
    """Answer the question for the category, where words about police left it in doubt."""
    return chat.tap("INTOX") if chat.step == "category" else chat


def readers(chat: Chat, desks: Sequence[Desk] = DESKS) -> set[str]:
    """Send the tip; return the desks that get it or may have it passed on."""
    made = sent(chat).submission
    assert made is not None
    tip = Tip(
        number="n", revision=1, flow="", language="hi", channel="chat", category=made.category, received="",
        answers=made.answers, district=made.place.district, station=made.place.station, accused=made.accused,
    )  # fmt: skip
    allowed = {desk.name for desk in desks if not is_accused(tip, desk, GEOGRAPHY)}
    assert {desk.name for desk in route(tip, desks, GEOGRAPHY).desks} <= allowed
    return allowed


Told = Callable[[Engine, str], Chat]
_ASKED: Final = ("hi", "1", "daru", "ramesh ghar se bechta hai raat ko", "lanka")


def _review(engine: Engine, *taps: str) -> Chat:
    """Begin with a story, answer the question about police, and come back to the review."""
    chat = Chat(engine).say(STORY)
    if taps:
        chat.tap("details", "police", *taps)
    return chat.tap("@skip") if chat.step == "police_who" else chat


BEFORE: Final[dict[str, tuple[str, ...]]] = {
    "unasked": (),
    "no": ("no",),
    "unknown": ("unknown",),
    "a station": ("yes", "station"),
    "an unknown unit": ("yes", "unknown"),
    "a circle": ("yes", "circle"),
}
"""The answer to the question about police before the words."""

ADDED: Final[dict[str, Callable[[Chat, str], Chat]]] = {
    "at the review": lambda chat, words: chat.say(words),
    "in a caption": lambda chat, words: chat.send("image", words),
    "as who": lambda chat, words: chat.tap("details", "who").say(words),
    "as the vehicle": lambda chat, words: chat.tap("details", "vehicle").say(words),
    "as the story": lambda chat, words: chat.tap("change", "what").say(f"{STORY}, {words}"),
    "as an edit": lambda chat, words: chat.edit("s0", f"{STORY}, {words}"),
    "on a form": lambda chat, words: chat.hear(FormPage((("what", Text(f"{STORY}, {words}")),))),
}
"""Questions that accept words once the review is reached."""

OPENED: Final[dict[str, Told]] = {
    "first": lambda engine, words: Chat(engine).say(f"{STORY}, {words}"),
    "as a cry": lambda engine, words: Chat(engine).say(f"bachao mujhe maar rahe hai, {words}"),
    "after a cry": lambda engine, words: Chat(engine).say("bachao wo mujhe maar raha hai lanka me", words),
    "as the place of a cry": lambda engine, words: Chat(engine).say("bachao wo mujhe maar raha hai", words),
    "after TIP": lambda engine, words: Chat(engine, "sms").say(f"TIP {STORY}, {words}"),
    "as what": lambda engine, words: Chat(engine).say("hi", "1", "daru", words, "lanka"),
    "to the question": lambda engine, words: Chat(engine).say(*_ASKED, f"pata nahi, {words}"),
    "before the language": lambda engine, words: Chat(engine).say(words, STORY),
}
"""Questions that accept words before the review."""


def kept_from(words: str) -> set[str]:
    """Return the desks that words accuse."""
    return {*STATIONS, "sp-varanasi"} if words in AGAINST_SP else STATIONS if words in AGAINST_STATION else set()


@pytest.mark.slow("two hundred conversations")
@every_row("before, place, words", [*product(BEFORE, ADDED, (*AGAINST_SP, *AGAINST_STATION))])
def test_accused_offices_get_no_tip_whatever_the_place_of_the_words(
    engine: Engine, before: str, place: str, words: str
) -> None:
    told = readers(ADDED[place](_review(engine, *BEFORE[before]), words))
    accused = {"sp-varanasi", "lanka"} if words in AGAINST_SP else {"lanka"}
    assert not told & (accused - (STATIONS if words in AGAINST_SP else set()))
    assert told <= readers(_review(engine, *BEFORE[before])), "no words add a reader"
    assert "dig" in told


@pytest.mark.slow("many conversations")
@every_row("place, words", [*product(OPENED, (AGAINST_SP[0], AGAINST_STATION[0], AGAINST_STATION[1]))])
def test_accused_offices_get_no_tip_if_the_words_come_at_the_start(engine: Engine, place: str, words: str) -> None:
    told = readers(OPENED[place](engine, words))
    assert not told & ({"sp-varanasi"} if words in AGAINST_SP else {"lanka"})
    assert "dig" in told


@every_row(
    "cry",
    [
        "thane me mere bhai ko mar rahe hai lanka",
        "लंका थाने में मेरे भाई को मार रहे हैं बचाओ",
        "हवालात में मेरे बेटे को मार डालेंगे लंका",
        "vardi wale mere bhai ko utha le gaye lanka",
        "lanka thane me meri bhabhi ko band karke peet rahe hai bachao",
        "bachao PRV wale mujhe maar rahe hai lanka",
        "they are beating my brother inside Lanka police station right now",
    ],
)
def test_torture_in_custody_is_kept_from_every_station(engine: Engine, cry: str) -> None:
    chat = Chat(engine).say(cry)
    assert chat.session is not None
    assert chat.session.dangers
    assert not readers(chat) & STATIONS


@every_row("words", AGAINST_SP)
def test_the_sp_gets_no_cry_that_accuses_the_sp_and_its_words_are_stored(engine: Engine, words: str) -> None:
    chat = Chat(engine).say("bachao wo mujhe maar raha hai lanka me", words)
    assert "sp-varanasi" not in readers(chat)
    assert chat.submission is not None
    assert words in chat.submission.answers["what"]


@every_row("said", ["lanka thane ka sipahi roz aata hai", "police ko sab pata hai", "daroga uska rishtedar hai"])
def test_do_not_know_protects_no_less_than_no_answer(engine: Engine, said: str) -> None:
    story = f"ramesh ghar se bechta hai, {said}"
    chat = Chat(engine).say("hi", "1", "daru", story, "lanka")
    assert chat.step in {"police", "police_unit"}
    assert not readers(chat.tap("unknown")) & STATIONS
    assert not readers(Chat(engine).say(*_ASKED, f"pata nahi, {said}")) & STATIONS


@every_row(
    "unit, move, kept",
    [
        ("station", ("sigra",), {"lanka", "sigra"}),
        ("station", ("cantt",), {"lanka", "cantt"}),
        ("district", ("Shahganj Jaunpur",), {"sp-varanasi", "sp-jaunpur"}),
    ],
)
def test_a_changed_place_withdraws_no_promise(engine: Engine, unit: str, move: tuple[str, ...], kept: set[str]) -> None:
    chat = _review(engine, "yes", unit).tap("change", "place").say(*move)
    assert not readers(chat) & kept


def test_a_pin_elsewhere_takes_no_promise_back(engine: Engine) -> None:
    assert not readers(_review(engine, "yes", "station").pin(25.33, 82.97)) & {"lanka", "cantt"}


def test_only_the_questions_own_no_withdraws_a_promise(engine: Engine) -> None:
    chat = _review(engine, "yes", "district").tap("change", "police_unit", "station")
    assert not readers(chat.tap("@skip") if chat.step == "police_who" else chat) & {"sp-varanasi", "lanka"}
    cleared = _review(engine, "yes", "district").tap("change", "police", "no")
    assert readers(cleared) == {desk.name for desk in DESKS}
    accused = _review(engine).say(AGAINST_SP[0]).tap("none")
    assert "sp-varanasi" not in readers(accused), "a no does not clear what words surely accuse"


def test_a_mention_that_is_denied_accuses_nobody(engine: Engine) -> None:
    chat = Chat(engine).say(f"{STORY}, SP office ke paas")
    assert chat.step == "police", "an office that gets tips is asked about"
    assert readers(chat.tap("no")) == {desk.name for desk in DESKS}


@every_row(
    "words",
    [
        "uska bhai SP hai",
        "SP sahab ka bhai hai wo",
        "wo SP ka driver hai",
        "SP sahab ka gunner hai wo",
        "his wife works for the SP",
        "एसपी साहब उसके रिश्तेदार हैं",
        "SP sahab ke ghar jata hai roz",
        "police mili hui nahi hai par uska bhai SP hai",
        "uska jija lanka thane me daroga hai",
        "lanka thane ka koi mila nahi hai par CO ka driver laata hai",
    ],
)
def test_a_no_clears_nobody_whom_words_relate_to_the_accused(engine: Engine, words: str) -> None:
    chat = filed(Chat(engine).say(f"{STORY}, {words}"))
    assert chat.step == "police"
    assert not readers(chat.tap("no")) & ({"lanka"} if "thane" in words else {"sp-varanasi"})
    if "thane" not in words:
        page = Chat(engine).hear(FormPage((("what", Text(f"{STORY}, {words}")), ("police", Text("no")))))
        assert page.session is not None
        assert "district" in {one.level for one in page.session.accused}


@every_row("words", ["SP Jaunpur ko hissa jata hai", "jaunpur ke SP ko hissa jata hai", "SP Jaunpur uska jija hai"])
def test_an_accused_sp_of_another_district_gets_no_tip(engine: Engine, words: str) -> None:
    chat = Chat(engine).say(f"ramesh ganja bechta hai, {words}")
    assert "sp-jaunpur" not in readers(chat.say("lanka") if chat.step == "place" else chat)


@pytest.mark.slow("many conversations")
@every_row(
    "words",
    [
        "SP Jaunpur ko hissa jata hai",
        "jaunpur ke SP ko hissa jata hai",
        "SP Jaunpur uska jija hai",
        "the SP of Jaunpur takes a share",
        "जौनपुर के एसपी को हिस्सा जाता है",
        "एसपी जौनपुर को पैसा जाता है",
    ],
)
def test_only_the_named_sp_of_another_district_is_kept_out(engine: Engine, words: str) -> None:
    told = readers(Chat(engine, "sms").say(f"TIP {STORY}. {words}"))
    assert "sp-jaunpur" not in told
    assert "sp-varanasi" in told
    whole = Chat(engine).say(f"{STORY}. {words}")
    if whole.step == "place":  # of two places that a text names, none is taken unasked
        whole.say("lanka")
    assert "sp-varanasi" in readers(whole.tap("unknown")), "unless the tipster names the office of this district"


@every_row(
    "words",
    [
        "jaunpur se ganja aata hai, SP ko hissa jata hai",
        "SP Jaunpur aur yahan ke SP dono ko hissa jata hai",
        "SP sahab ka jaunpur me makan hai, unko hissa jata hai",
        "ramesh jaunpur me rehta hai aur SP ko hissa deta hai",
        "SP jaunpur se aata hai hissa lene",
    ],
)
def test_if_an_sps_district_is_in_doubt_the_local_sp_is_kept_out_too(engine: Engine, words: str) -> None:
    assert not readers(Chat(engine, "sms").say(f"TIP {STORY}. {words}")) & {"sp-varanasi", "sp-jaunpur"}


@every_row(
    "words, unit, kept",
    [
        ("CO sahab aur thane ka daroga dono hissa lete hai", "station", {"cantt"}),
        ("CO sahab hissa leta hai. thane ka daroga bhi", "station", {"cantt"}),
        ("सीओ साहब और दरोगा दोनों हिस्सा लेते हैं", "circle", {"cantt"}),
        ("chowki incharge aur ek dusre thane ka daroga hissa lete hai", "station", {"cantt", "sigra"}),
        ("daroga aur manduadih thane ke sipahi dono hissa lete hai", "station", {"lanka"}),
        ("police mili hui hai, CO ko bhi hissa jata hai", "circle", {"cantt"}),
        ("SP sahab ko hissa jata hai, daroga bhi leta hai", "district", {"lanka", "sigra", "sp-varanasi"}),
        ("the circle officer and the inspector both take money", "station", {"cantt"}),
        ("daroga paisa leta hai, SP sahab ko bhi jata hai", "station", {"sp-varanasi", "lanka"}),
    ],
)
def test_naming_one_unit_frees_no_other_unit_that_words_accuse(
    engine: Engine, words: str, unit: str, kept: set[str]
) -> None:
    chat = Chat(engine).say(f"lanka me daru bikti hai, {words}")
    assert not readers(asked_whom(chat).tap(unit)) & kept


@every_row(
    "words",
    [
        "lanka thane ka daroga hissa leta hai",
        "daroga aur sipahi paisa lete hai",
        "thane wale mile hue hai",
        "police mili hai",
    ],
)
def test_naming_the_one_accused_unit_leaves_the_others(engine: Engine, words: str) -> None:
    chat = Chat(engine).say(f"lanka me daru bikti hai, {words}")
    assert {"cantt", "sigra"} <= readers(asked_whom(chat).tap("station"))


@every_row("words, kept", [("daroga aur CO dono", {"lanka", "cantt"}), ("dono SP aur DIG", {"sp-varanasi", "lanka"})])
def test_an_answer_that_names_two_units_keeps_both(engine: Engine, words: str, kept: set[str]) -> None:
    chat = asked_whom(Chat(engine).say(f"{STORY}, police mili hui hai")).say(words)
    if chat.step == "@suggested":
        chat.tap("yes")
    assert not readers(chat) & kept


@pytest.mark.slow("a hundred conversations")
@every_row(
    "words",
    [
        "UP 112 gadi wale lete hai", "dial 100 wale aate hai paisa lene", "GRP wale paisa lete hai",
        "RPF ka jawan bechta hai", "PAC ka jawan bechta hai", "prabhari nirikshak mila hai", "ASI hissa leta hai",
        "habildar mila hai", "dysp mila hai", "LIU wala mila hai", "ATS wale mile hai",
        "anti narcotics wale mile hai", "cheetah mobile wale lete hai", "commissionerate wale mile hai",
        "vardi me aadmi aata hai", "neeli batti wali gadi aati hai", "thulla log paisa lete hai", "mamu log mile hai",
        "pandu hafta leta hai", "aapke hi log mile hue hai", "aapke vibhag ka aadmi mila hai",
        "upar tak paisa jata hai", "bade sahab ko hissa jata hai", "aap log hi mile hue ho",
        "your own men take a share", "जीआरपी वाले पैसा लेते हैं", "प्रभारी निरीक्षक मिला है", "एएसआई हिस्सा लेता है",
        "वर्दी में आदमी आता है", "नीली बत्ती वाली गाड़ी आती है", "आपके ही लोग मिले हुए हैं",
        "आपके विभाग का आदमी मिला है", "ऊपर तक पैसा जाता है", "बड़े साहब को हिस्सा जाता है",
        "चीता मोबाइल वाले लेते हैं", "ठुल्ले पैसा लेते हैं", "money goes to the top",
    ],
)  # fmt: skip
def test_every_word_for_police_is_heard(engine: Engine, words: str) -> None:
    chat = filed(Chat(engine).say(f"{STORY}, {words}"))
    assert chat.step in {"police", "police_unit"}
    assert not readers(chat.tap("unknown")) & STATIONS
    whole = Chat(engine, "sms").say(f"TIP {STORY}, {words}")
    assert whole.submission is None or not readers(whole) & STATIONS


@every_row(
    "words", ["esspee sahab ka hissa hai", "espi ko hissa jata hai", "SPRA ka hissa hai", "एस्पी को हिस्सा जाता है"]
)
def test_every_spelling_of_the_sp_keeps_the_sp_out(engine: Engine, words: str) -> None:
    assert "sp-varanasi" not in readers(Chat(engine, "sms").say(f"TIP {STORY}, {words}"))


@every_row(
    "words",
    ["upar tak paisa jata hai", "bade sahab ko hissa jata hai", "ऊपर तक हिस्सा जाता है", "it goes all the way up",
     "बड़े अफसर मिले हैं", "upar walo ko hafta jata hai"],
)  # fmt: skip
def test_a_whole_tip_against_an_unnamed_higher_office_is_asked_for_its_name(engine: Engine, words: str) -> None:
    chat = Chat(engine, "sms").say(f"TIP {STORY}, {words}")
    assert chat.submission is None
    assert chat.step in {"police", "police_unit"}


@every_row(
    "words",
    ["uske mamu bechte hai", "bijli vibhag wale aate hai", "upar wale kamre me", "fauji aata hai", "pahad ke upar tak",
     "asi ghat ke paas"],
)  # fmt: skip
def test_words_similar_to_those_for_police_accuse_nobody(engine: Engine, words: str) -> None:
    chat = Chat(engine).say(f"{STORY}, {words}")
    assert chat.session is not None
    assert not chat.session.accused


QUESTIONS: Final = (
    "kya SP sahab ye padhenge?",
    "ye SP tak jayega kya",
    "will the SP see this?",
    "does this go to the SP?",
    "SP sahab ko pata chalega kya mera naam",
    "क्या एसपी साहब इसे पढ़ेंगे?",
    "kya DIG sahab bhi ye dekhte hai?",
    "kya thane wale ye padhenge?",
)
"""Questions whether an office reads a tip."""


@pytest.mark.slow("fifty conversations")
@every_row("words", QUESTIONS)
def test_a_question_who_reads_a_tip_is_answered_and_accuses_nobody(engine: Engine, words: str) -> None:
    texts = engine._loaded.catalogues["hi"]
    answers = texts.text("reply.question.readers"), texts.text("reply.question.safe")
    begun = Chat(engine).say(words)
    assert begun.text.startswith(answers)
    assert "sp-varanasi" in readers(begun.say(STORY))
    for before in ((STORY,), _ASKED, _ASKED[:4], (STORY, "police mili hui hai")):
        chat = Chat(engine).say(*before, words)
        assert chat.text.startswith(answers)
        assert chat.session is not None
        assert not [one for one in chat.session.accused if one.level in {"district", "range"}]
        sent(chat)
        assert chat.submission is not None
        assert words not in str(chat.submission.answers)
    opened = sent(Chat(engine).say(STORY)).say(words)
    assert opened.text.startswith(answers)
    assert opened.turn.post is None


@pytest.mark.slow("sixty conversations")
@every_row(
    "words",
    [
        "namaste SP sahab",
        "SP sahab se nivedan hai",
        "SSP महोदय",
        "Respected SP sir",
        "सेवा में, एसपी महोदय वाराणसी",
        "dear SP sahab",
        "SP office ke paas",
        "near the SP office",
        "एसपी कार्यालय के पीछे",
        "SP party ka neta bechta hai",
        "SP ka vidhayak bechta hai",
        "एसपी का विधायक बेचता है",
        *QUESTIONS,
    ],
)
def test_a_tipster_who_only_speaks_to_an_office_or_names_a_landmark_accuses_nobody(engine: Engine, words: str) -> None:
    assert "sp-varanasi" in readers(Chat(engine).say(words, STORY))
    assert "sp-varanasi" in readers(Chat(engine, "sms").say(f"TIP {STORY}. {words}"))
    if words not in QUESTIONS:  # whoever asks first is asked for a language
        assert "sp-varanasi" in readers(Chat(engine, "sms").say(f"TIP {words}. {STORY}"))


@pytest.mark.slow("forty conversations")
@every_row(
    "words",
    [
        "kya aapko pata hai wo SP ka driver hai dekh lena?",
        "do you know he works for the SP?",
        "Respected SP sir, ramesh works for the SP",
        "namaste SP sahab ko hissa jata hai",
        "namaste SP sahab, aapko bhi hissa jata hai",
        "namaste SP ka driver bechta hai",
        "kya SP sahab usse milte hai?",
        "kya SP sahab ko pata hai ki unke log hissa lete hai?",
        "SP office ke paas hissa dete hai",
        "uska bhai SP office ke paas rehta hai",
        "hata do, SP sahab padh lenge",
        "SP sahab party me aate hai",
        "SP mahoday uske ghar aate hai",
        "SP jai singh ramesh ka dost hai",
        "SP ki taraf se chhoot hai",
        "SP office roz jata hai ghar ke paas se",
        "SP ke paas roz jata hai",
        "SP office ke andar se khabar milti hai",
        "namaste SP sahab usse milte hai",
        "usse milte hai: SP, DIG, neta",
    ],
)
def test_a_question_an_address_or_a_landmark_that_relates_an_office_accuses_that_office(
    engine: Engine, words: str
) -> None:
    assert "sp-varanasi" not in readers(Chat(engine, "sms").say(f"TIP {STORY}. {words}"))
    assert "sp-varanasi" not in readers(Chat(engine).say(STORY, words))
    assert "sp-varanasi" not in readers(Chat(engine).say(words, STORY))


@pytest.mark.slow("many conversations")
@every_row("words", AGAINST_SP)
def test_the_tipster_hears_which_office_the_words_keep_out(engine: Engine, words: str) -> None:
    whole, chat = Chat(engine, "sms").say(f"TIP {STORY}. {words}"), Chat(engine).say(STORY, words)
    while chat.step != "review":
        chat.tap("unknown" if "unknown" in chat.offered() else "@skip")
    for one in (whole, chat):
        assert one.session is not None
        assert engine._loaded.text(one.session, "accused.kept") in one.text
        assert engine._loaded.text(one.session, "accused.kept") not in Chat(engine).say(STORY).text


@pytest.mark.slow("many conversations")
@every_row("words", AGAINST_DIG)
@every_row("before", ["namaste DIG sahab", "kya DIG sahab bhi ye dekhte hai?", "DIG sahab ko bhi milta hai kya aapko"])
def test_a_whole_tip_against_a_dig_who_was_named_before_is_not_sent_unsaid(
    engine: Engine, before: str, words: str
) -> None:
    chat = Chat(engine, "sms").say(before, f"TIP {STORY}, {words}")
    assert chat.submission is None


@pytest.mark.slow("many conversations")
@every_row("words", AGAINST_DIG)
def test_a_tip_that_accuses_the_dig_is_never_sent_silently_if_nobody_is_above(engine: Engine, words: str) -> None:
    sms = Chat(engine, "sms").say(f"TIP {STORY}, {words}")
    assert sms.submission is None
    assert sms.step in {"police", "police_unit"}
    warning = engine._loaded.catalogues["hi"].text("accused.nobody_above")
    begun = [ADDED[place](_review(engine, "no"), words) for place in ADDED]
    for chat in (*begun, Chat(engine).say("bachao wo mujhe maar raha hai lanka me", words)):
        while chat.step != "review":
            chat.tap("unknown" if "unknown" in chat.offered() else "@skip")
        assert warning in chat.text


def test_the_dig_gets_no_tip_against_the_dig_where_a_desk_is_above(engine: Engine) -> None:
    engine = engine.among(lambda: True)
    desks = [*DESKS, Desk(name="state", title="state", level="state", area="", recipient="age1")]
    for words in AGAINST_DIG:
        assert readers(_review(engine).say(words), desks) == {"state"}
        assert readers(Chat(engine, "sms").say(f"TIP {STORY}, {words}"), desks) == {"state"}


def _box() -> Mailbox:
    return Mailbox(
        open=OpenMailbox("1" * 32, "4K7Q-2XPM", "age1", question=1), language="hi",
        messages=(Message(sender="desk", text="?", question=True, status="NEED_INFO"),),
    )  # fmt: skip


AFTERWARDS: Final = (
    *(*AGAINST_SP, *AGAINST_DIG, *AGAINST_STATION),
    "wo SP sahab hai jo maar raha hai",
    "lanka thane ka daroga khud hissa leta hai",
    "jo daroga aaya tha usi ne paisa liya",
    "thana prabhari uska jija hai use mat batana",
    "CO sahab ko bhi hissa jata hai",
    "SOG wale paisa lete hai",
    "the SHO who called me takes money from him",
    "thane wale mujhe maar rahe hai bachao",
    "daroga Ram Singh usko bachata hai",
)


@pytest.mark.slow("a third of a second of a processor")
@every_row("words", AFTERWARDS)
def test_after_the_receipt_no_words_reach_an_office_that_they_accuse_without_a_warning(
    engine: Engine, words: str
) -> None:
    chat = sent(Chat(engine).say(STORY))
    box = _box()
    opened = Chat(engine, mailbox=box).say("8391 4460 7012 5538")
    for one in (chat, opened, Chat(engine, mailbox=box).say("8391 4460 7012 5538").tap("answer")):
        for told in (one.say(words), one.send("image", words)):
            if told.turn.post is None:
                assert not told.turn.media_jobs
                assert "नई सूचना" in told.text or "Restart" in told.text
        assert [turn.post for turn in one.turns].count(None) == len(one.turns) - 1, "the second time is wanted"


@every_row("first", ["kya SP sahab ye padhenge?", "namaste SP sahab", "SP sahab ko bhi hissa jata hai"])
def test_after_the_receipt_only_the_same_words_are_added_unsaid(engine: Engine, first: str) -> None:
    graver = "SP sahab ko har mahine 50000 jata hai"
    opened = Chat(engine, mailbox=_box()).say("8391 4460 7012 5538")
    for chat in (sent(Chat(engine).say(STORY)), opened):
        assert chat.say(first, graver).turn.post is None
        assert chat.say(graver).turn.post is not None


@every_row("words", ["police kab aayegi", "police bhejo wo mere bhai ko maar raha hai", "police ko maine bataya tha"])
def test_after_the_receipt_words_that_accuse_no_police_are_not_refused(engine: Engine, words: str) -> None:
    for chat in (sent(Chat(engine).say(STORY)), Chat(engine, mailbox=_box()).say("8391 4460 7012 5538")):
        assert "नई सूचना" not in chat.say(words).text


def test_after_a_tip_against_the_sp_more_words_against_the_sp_are_added(engine: Engine) -> None:
    chat = sent(Chat(engine).say(f"{STORY}, {AGAINST_SP[0]}").tap("district"))
    assert chat.say(AGAINST_SP[1]).turn.post is not None


def _of_corpus(step: str, meant: str) -> list[str]:
    corpus = read_corpus(Path(__file__).parents[2] / "words/corpora/tuning")
    return sorted({one.text for one in corpus if one.step == step and meant in one.meant})


@pytest.mark.slow("five hundred conversations")
def test_no_words_of_the_corpus_add_a_reader(engine: Engine) -> None:
    words = [*_of_corpus("police", "option:yes"), *_of_corpus("police", "option:no")]
    words += [*_of_corpus("police_unit", "option:district"), *_of_corpus("police_unit", "option:station")]
    before = {name: readers(_review(engine, *taps)) for name, taps in BEFORE.items()}
    more = []
    for number, one in enumerate(words):
        name, place = list(BEFORE)[number % len(BEFORE)], list(ADDED)[number % len(ADDED)]
        if place != "at the review":  # where words may be the answer that the tipster was not asked for
            more += (
                [(one, name, place)]
                if not readers(ADDED[place](_review(engine, *BEFORE[name]), one)) <= before[name]
                else []
            )
    assert not more


@pytest.mark.slow("a hundred conversations")
def test_the_corpus_names_the_sp_and_the_sp_gets_no_tip(engine: Engine) -> None:
    words = _of_corpus("police_unit", "option:district")
    got = [one for one in words if "sp-varanasi" in readers(ADDED["as who"](_review(engine), one))]
    assert len(got) <= len(words) // 20


TRUSTED = [
    "SP ko zaroor batana", "SP sahab achhe hain unko batao", "एसपी साहब ईमानदार हैं", "एसपी को बता देना", "tell the SP",
    "please inform the SP", "the SP is honest", "kaptan saheb ke bata diha", "DIG ko bata dena",
]  # fmt: skip


@every_row("words", TRUSTED)
def test_an_office_that_is_praised_or_asked_to_be_told_is_not_accused(engine: Engine, words: str) -> None:
    chat = _review(engine).say(words)
    assert chat.session is not None
    assert not [one for one in chat.session.accused if one.level in {"district", "range"}]


WISHES = [
    "kaptan sahab ko dena", "कप्तान साहब को देना", "I trust only the SP", "I only trust the SP", "sirf SP sahab ko",
    "SP tak baat pahuncha do", "एसपी तक पहुँचा दो", "kaptan sahab tak ye baat pahunche", "यह बात एसपी तक जाए",
    "sirf kaptan sahab pe bharosa hai", "mujhe SP par hi bharosa hai", "SP ko hi batana", "SP ko de dijiyega",
    "give this to the SP please", "only give it to the SP", "for the SP only", "seedhe SP ko", "sirf SP hi padhe",
    "SP ko mil jaye", "nahi, bas SP ko dena",
]  # fmt: skip


@pytest.mark.slow("many conversations")
@every_row("words", WISHES)
def test_a_no_with_a_wish_that_the_office_gets_the_tip_does_not_exclude_the_office(engine: Engine, words: str) -> None:
    whole = Chat(engine).say(f"{STORY}, {words}")
    for chat in (whole, Chat(engine).say(*_ASKED, words), _review(engine).say(words)):
        while chat.step in {"police", "@suggested"}:
            chat.tap("no")
        assert "sp-varanasi" in readers(chat)


@every_row("words", ["SP ko batao ki daroga mila hua hai", "daroga paisa leta hai, SP ko zaroor batana"])
def test_an_office_to_be_told_of_another_gets_the_tip(engine: Engine, words: str) -> None:
    told = readers(asked_whom(Chat(engine).say(f"{STORY}, {words}")).tap("station"))
    assert "sp-varanasi" in told
    assert "lanka" not in told


@pytest.mark.slow("many conversations")
@every_row(
    "words",
    [
        "SP ko mat batana", "don't tell the SP", "SP ko batana mat", "SP achhe nahi hain", "SP ke dost achhe hain",
        "they tell the SP everything", "wo SP ko bata dete hai", "SP ko bataya tha kuch nahi kiya",
        "SP achhe hain lekin hissa lete hain", "SP ko bhejna padta hai paisa", "SP se achhi setting hai",
        "SP ko batao, wo hissa leta hai", "एसपी को मत बताना", "SP ko dena padta hai", "SP ko bhi dena hai",
        "SP sahab ko hafta dena", "uska bharosa SP par hai", "SP par bharosa nahi", "I don't trust the SP",
        "give it to anyone but the SP", "SP tak pahunch hai uski", "maal SP ko dena", "he gives it to the SP",
        "SP ko dete hain", "hissa daroga ko dena, SP ko dena", "SP ke bete ko dena",
        "sabko dena SP ko nahi", "the SP should get his share",
    ],
)  # fmt: skip
def test_an_office_that_is_accused_elsewhere_in_such_words_is_kept_out(engine: Engine, words: str) -> None:
    chat = _review(engine).say(words)
    assert chat.session is not None
    assert "district" in {one.level for one in chat.session.accused}


UNTOLD = [
    "thane ko nahi", "थाने को नहीं", "thane ko mat batana", "थाने को मत बताना", "thana ko pata na chale",
    "daroga ko na bataye", "don't tell the station", "not to the police station", "nahi thane ko mat bhejna",
]  # fmt: skip


@pytest.mark.slow("many conversations")
@every_row("words", UNTOLD)
def test_a_station_that_the_tipster_excludes_gets_no_tip_whatever_the_answers(engine: Engine, words: str) -> None:
    asked = Chat(engine).say(*_ASKED, words)
    if asked.step in {"police", "@suggested"}:
        asked.tap("yes" if asked.step == "@suggested" else "no")
    for chat in (asked, _review(engine, "no").say(words), _review(engine).say(words)):
        while chat.step in {"police", "@change", "@suggested"}:
            chat.tap("@leave" if chat.step == "@change" else "no")
        assert not readers(chat) & STATIONS


@every_row("words", ["thane ko nahi bataya maine", "police ko nahi pata hai", "thane ka koi nahi hai"])
def test_a_station_that_was_excluded_may_get_the_tip_after_a_no(engine: Engine, words: str) -> None:
    chat = Chat(engine).say(f"{STORY}, {words}")
    assert STATIONS & readers(chat.tap("no") if chat.step == "police" else chat)


MAY_HAVE_IT: Final = {
    "sirf SP ko bhejo": "sp-varanasi", "only DIG": "dig", "only the DIG should see": "dig", "CO ko batana": "lanka",
    "show it to the CO": "lanka", "thane ko bata dena": "lanka", "lanka thana ko bhejo": "lanka",
    "SP hi dekhe": "sp-varanasi", "केवल एसपी को भेजें": "sp-varanasi", "सिर्फ डीआईजी को दिखाना": "dig",
    "सीओ को बताना": "lanka", "only SP and DIG": "dig", "thana nahi sirf SP": "sp-varanasi",
    "thane ko nahi SP ko bhejo": "sp-varanasi", "send it to the DIG": "dig",
}  # fmt: skip
MUST_NOT: Final = {
    "SP ko chhodkar sab": "sp-varanasi", "not to the SP's office": "sp-varanasi",
    "everyone except the SP": "sp-varanasi", "एसपी को छोड़कर सब": "sp-varanasi", "SP nahi sirf DIG": "sp-varanasi",
    "only DIG not SP": "sp-varanasi", "don't tell the local police station": "lanka",
    "keep the thana out of it": "lanka", "anyone but the SHO": "lanka", "not to Lanka thana": "lanka",
    "do not share it with the police station": "lanka", "thane ko isse dur rakhna": "lanka",
    "thana ko chhodkar sabko batao": "lanka", "थाने को छोड़कर सबको बताना": "lanka", "थाने को इससे दूर रखना": "lanka",
    "thana nahi sirf SP": "lanka", "I don't trust the local police": "lanka",
    "no one in the thana should know": "lanka",
}  # fmt: skip
WISHED: Final = [(*one, True) for one in MAY_HAVE_IT.items()] + [(*one, False) for one in MUST_NOT.items()]


@pytest.mark.slow("a hundred conversations")
@every_row("words, desk, shall", WISHED)
def test_a_wish_about_recipients_holds_after_a_plain_no(
    engine: Engine,
    words: str,
    desk: str,
    shall: bool,  # noqa: FBT001
) -> None:
    for chat in (_review(engine).say(words), Chat(engine).say(*_ASKED, words), Chat(engine).say(f"{STORY}, {words}")):
        while chat.step in {"police", "@suggested", "@change"}:
            chat.tap("@leave" if chat.step == "@change" else "no")
        assert (desk in readers(chat)) is shall
