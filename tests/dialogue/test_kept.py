"""Words that tell something are stored at every question: no command, option or menu loses them.

The texts are those of the corpus with six or more words that tell something, not only in the service's words.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from satark.api.inbound import MediaKind
from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.dialogue.session import Mailbox, OpenMailbox, Session
from satark_testing.dialogue.chat import RECEIPT, Chat
from satark_words.analysis import Analysis
from satark_words.choosing import tells_crime
from satark_words.geography.geography import Geography
from satark_words.reader import Reader
from support.dialogue.corpus import Utterance, read_corpus
from support.dialogue.unseen import TYPED, conversation
from support.loops import every_row

CORPORA = Path(__file__).parents[1] / "words" / "corpora"
LONG = 6
LODGE = (
    "Saidpur thana Ghazipur me station road pe ek lodge hai, waha bahar ki ladkiyo ko laa ke rakhte hai aur galat kaam"
    " karwate hai"
)


class _Remembering(Reader):
    """Keeps every analysis: the same text is read at each question."""

    @cache  # noqa: B019 - one reader for all tests
    def analyse(self, text: str) -> Analysis:
        """Return the analysis of a text, which is made once."""
        return super().analyse(text)


@pytest.fixture(scope="module")
def engine() -> Engine:
    source = default_flow()
    engine = Engine(load_flow(source), source.catalogues, Geography.sample())
    engine._loaded.__dict__["reader"] = _Remembering(Geography.sample())
    return engine


NOTHING_OF_A_CRIME = (
    "i am dying to know what happened", "sir mera phone band ho jayega", "i have more information about it",
)  # fmt: skip
"""Texts without a danger that only ask, explain the sender's hurry, or want to add something."""


def _tells(one: Utterance) -> bool:
    if one.text in NOTHING_OF_A_CRIME:
        return False
    by_label = one.step in {"danger", "harmless"} or one.meant == ("content",)
    named = one.step == "category" and all(meant.startswith("option:") for meant in one.meant)
    return (by_label or named) and len([word for word in one.text.split() if word[0].isalpha()]) >= LONG


@cache
def stated() -> tuple[str, ...]:
    reader = Reader.shared(Geography.sample())
    texts = dict.fromkeys(one.text for one in read_corpus(CORPORA) if _tells(one) and not one.text.startswith("TIP "))
    return tuple(text for text in texts if _has_own_words(reader.analyse(text)))


def _has_own_words(analysis: Analysis) -> bool:
    words = {index for index, token in enumerate(analysis.tokens) if token.text[0].isalpha()}
    return bool(
        words - analysis.covered(("fill", "pol", "soc.*", "say.*", "cmd.*", "neg", "who.me", "who.mine", "cat.OTHER"))
    )


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for part in value.values() for text in _strings(part))


HELD_BACK = "नहीं जोड़ा: आपने जिस कार्यालय का नाम लिया"
"""Reply to words that accuse an office with the tip: their sender decides."""


def _kept(chat: Chat, text: str) -> bool:
    """Return whether the text is stored, or waits for the answer whether it belongs to the tip."""
    post = chat.turns[-1].post
    answers = chat.session.answers.values() if chat.session else ()
    held = [words for _, words in chat.session.held] if chat.session else []
    words = [
        *held,
        *(post.text for post in [post] if post),
        *(words for one in answers for words in _strings(one.value)),
    ]
    return any(text.strip() in one for one in words)


def _where(session: Session | None) -> object:
    return (session.state, session.step, session.language, dict(session.answers)) if session else ("", "", "", {})


@cache
def _at(engine: Engine, step: str) -> Session | None:
    return conversation(engine, step).session


def _lost(engine: Engine, step: str, text: str) -> str:
    """Return how a step lost a text; empty: the text is stored, or only answered and has no mark of a crime."""
    chat = Chat(engine)
    before = chat.session = _at(engine, step)
    chat.say(text)
    if _kept(chat, text) or HELD_BACK in chat.text:
        return ""
    if tells_crime(engine._loaded.reader.analyse(text)):
        return f"{step}: not kept: {text}"
    moved = before is not None and _where(before) != _where(chat.session)
    return f"{step}: taken: {text}" if moved else ""


@pytest.mark.full("the whole corpus")
def test_no_text_that_tells_something_is_lost(engine: Engine) -> None:
    steps = list(TYPED)
    tried = ((steps[at % len(steps)], text) for at, text in enumerate(stated()))
    assert [lost for step, text in tried if (lost := _lost(engine, step, text))] == []


@pytest.mark.full("the corpus at every question")
@every_row("step", TYPED)
def test_no_text_that_tells_something_is_lost_at_any_question(engine: Engine, step: str) -> None:
    assert [lost for text in stated() if (lost := _lost(engine, step, text))] == []


@pytest.mark.slow("many dialogues")
@every_row("step", TYPED)
@every_row("text", [LODGE, "nahi nahi galat likh diya tha, asal me wo ladka sigra ki gali me ganja bechta hai"])
def test_a_story_with_the_word_for_a_mistake_is_stored(engine: Engine, step: str, text: str) -> None:
    assert _kept(conversation(engine, step).say(text), text)


BEGUN = (
    "तस्करी", "मदद के नाम पर ठगी", "madad ke badle paisa", "done wrong by pradhan", "raju", "sonu aur monu", "sigra",
    "लंका", "status ke naam pe vasooli", "back gate pe bhatti", "help gang wale", "kheton ka mamla hai",
    "नमस्ते मेरी साइकिल गई", "hello sir it is about my tractor", "i think the landlord is up to something",
)  # fmt: skip
"""First messages of which some words are the service's own and some are not."""


@every_row("text", BEGUN)
def test_a_first_message_that_is_not_wholly_talk_is_stored(engine: Engine, text: str) -> None:
    assert _kept(Chat(engine).say(text), text)


@every_row(
    "text",
    [
        "hello",
        "नमस्ते",
        "help",
        "status",
        "Hi",
        "मदद",
        "1",
        "ok",
        "good morning sir",
        "mujhe kuch batana hai",
        "ek mamla hai",
        "namaste ji koi hai kya",
        "is this really the police?",
    ],
)
def test_a_first_message_that_is_wholly_talk_is_not_stored(engine: Engine, text: str) -> None:
    assert not _kept(Chat(engine).say(text), text)


@every_row("text", ["smack lanka", "munna bhatti", "ladki bechte hain", "तस्करी", "sigra"])
def test_a_short_answer_about_the_category_is_stored_as_told(engine: Engine, text: str) -> None:
    assert _kept(conversation(engine, "category").say(text), text)


def test_a_category_s_number_or_label_is_no_story(engine: Engine) -> None:
    for text in ("4", "जुआ / सट्टा"):
        assert not _kept(conversation(engine, "category").say(text), text)


@every_row("text", ["daroga har mahine 5000 leta hai", "haan thana prabhari 10000 leta hai"])
def test_an_answer_about_police_that_tells_more_is_stored(engine: Engine, text: str) -> None:
    chat = conversation(engine, "police").say(text)
    assert chat.step == "police_unit"
    assert _kept(chat, text)


@every_row("where", ["cancel", "restart"])
@every_row("text", ["katta", "raju", "smack lanka", "sigra"])
def test_a_word_at_a_question_before_an_act_is_asked_about(engine: Engine, where: str, text: str) -> None:
    assert _kept(_came_to(engine, where).say(text), text)


CODE = RECEIPT.code
TOLD = ("Hi", "1", "4", "कपड़े की दुकान के पीछे लोग जुआ खेलते हैं", "लंका", "2", "छोड़ें")
STATES: dict[str, tuple[str, ...]] = {
    **{step: typed for step, typed in TYPED.items() if step != "after"},
    "details": (*TOLD, "जोड़ें"), "change": (*TOLD, "बदलें"), "restart": (*TOLD, "नई सूचना"),
    "identity": ("lanka me mere bhai ramesh daru bechta hai, mera naam Sunita hai, mobile 9876543210",),
    "unsent": TOLD, "code": (*TOLD, "स्थिति"), "code alone": ("स्थिति",), "elsewhere": ("elsewhere",),
    "language after the receipt": (*TOLD, "भेजें", "भाषा"), "code after the receipt": (*TOLD, "भेजें", "स्थिति"),
    "mailbox": (CODE,),
    "in doubt": (*TOLD, "ruko abhi koi aa gaya hai gadi UP65 AB 1234"),
    "in doubt at the story": ("Hi", "1", "4", "mera naam mat likhna mai Sunita hu, 9876543210"),
    "back?": (*TOLD[:4], "wapas jail gaya tha"),
}  # fmt: skip
"""Question → the tipster's texts that lead to it."""
ADDITIONS = (
    "unka godown sigra me hai wahan se ganja ki gadi aati hai", "gadi ka number UP65 AB 1234 hai jisme daru aati hai",
    "ओकरा लगे कट्टा बा अउर दारू बेचेला", "he keeps the ganja in the shed behind the temple",
)  # fmt: skip
SHORT = ("ओकरा लगे कट्टा बा", "uska naam Bablu bhi hai", "वो सफ़ेद कुर्ता पहनता है", "two more men help him")


def _came_to(engine: Engine, where: str) -> Chat:
    box = Mailbox(open=OpenMailbox("0" * 32, "4K7Q-2XPM", "age1"), language="hi", messages=())
    chat = Chat(engine, mailbox=box).say(*STATES[where])
    if where == "unsent" and chat.session and (asked := engine.ask_unsent(replace(chat.session, may_remind=True))):
        chat.session = asked[0]
    return chat


@pytest.mark.slow("every question")
@every_row("where", STATES)
@every_row("text", ADDITIONS)
def test_an_addition_is_stored_at_every_question(engine: Engine, where: str, text: str) -> None:
    assert _kept(_came_to(engine, where).say(text), text)


@pytest.mark.slow("every question")
@every_row("where", ["review", "unsent", "details", "change", "cancel", "identity", "police", "evidence", "reach"])
@every_row("text", SHORT)
def test_a_short_addition_is_stored_after_a_whole_tip(engine: Engine, where: str, text: str) -> None:
    assert _kept(_came_to(engine, where).say(text), text)


@pytest.mark.slow("every question")
@every_row("where", STATES)
@every_row("kind", ["image", "voice", "video"])
def test_a_file_is_stored_at_every_question(engine: Engine, where: str, kind: MediaKind) -> None:
    assert _came_to(engine, where).send(kind).turn.media_jobs


@pytest.mark.slow("many conversations")
@every_row("where", STATES)
def test_a_location_is_stored_at_every_question(engine: Engine, where: str) -> None:
    chat = _came_to(engine, where).pin(25.3, 83.0)
    places = [one.value for one in chat.session.answers.values()] if chat.session else []
    assert chat.turns[-1].post or any(isinstance(one, dict) and "latitude" in one for one in places)


NAMES: Final = ("Rajesh", "Bablu", "राजेश", "मुन्ना", "Sonu Singh")
TOLD_BESIDE: Final = (
    "raat 10 baje", "raat me", "रात में", "every night", "roz sham ko", "kaali gaadi", "black car", "काली गाड़ी",
    "UP65 AB 1234", "4567", "UP 65 1234", "lal makaan", "5 log hain", "uska jija bhi", "school ke peeche", "10 pm",
)  # fmt: skip
CORRECTIONS: Final = ("not Raju but {}", "Raju nahi {}", "राजू नहीं {}", "not Raju, {}", "nahi {}", "galat, {} hai", "{}")


@pytest.mark.slow("many conversations")
@settings(max_examples=25, deadline=None)
@given(
    way=st.sampled_from(CORRECTIONS), told=st.sampled_from((*NAMES, *TOLD_BESIDE)), menu=st.sampled_from(("", "change"))
)
def test_words_at_the_review_are_stored_or_asked_about(engine: Engine, way: str, told: str, menu: str) -> None:
    chat = _at_review(engine)
    assert _kept(chat.tap("change").say(way.format(told)) if menu else chat.say(way.format(told)), told)
    # A name may be the sender's signature.
    assert chat.tap("yes").step in {"review", "@identity"} if chat.step == "@suggested" else True
    assert _kept(chat, told)
    assert chat.submission is None


@every_row(
    "told",
    [
        "kal raat ko hua", "parso ki baat hai", "do ghante pehle", "hone wala hai aaj raat", "last monday",
        "an hour ago", "tomorrow", "कल होगा", "पिछले हफ़्ते", "din me 2 baje hua tha", "raat ko hota h",
    ],
)  # fmt: skip
def test_a_time_told_at_the_question_about_now_is_stored(engine: Engine, told: str) -> None:
    chat = Chat(engine).say("Hi", "1", "laash padi hai naale ke kinare")
    assert chat.step == "now"
    assert _kept(chat.say(told), told)


@every_row("told", ["10 am", "11 baje", "1 baje", "ek baje", "2 pm"])
@every_row("step", [("Hi", "1"), ("Hi", "1", "Other", "chain cheente hai ladke", "Lanka")])
def test_a_time_of_the_day_chooses_no_option(engine: Engine, told: str, step: tuple[str, ...]) -> None:
    chat = Chat(engine).say(*step)
    asked = chat.step
    assert chat.say(told).step in {asked, "@suggested"}


def _at_review(engine: Engine) -> Chat:
    chat = Chat(engine)
    chat.session = _at(engine, "review")
    return chat.say("दोबारा बताएँ")


@every_row("menu", [(), ("change",)])
@every_row("words", ["Lanka nahi Sigra", "Not Lanka, Sigra", "लंका नहीं सिगरा", "not Lanka but Sigra"])
def test_another_place_at_the_review_corrects_the_place(engine: Engine, words: str, menu: tuple[str, ...]) -> None:
    chat = _at_review(engine).tap(*menu).say(words)
    assert chat.step == "review"
    assert chat.session is not None
    assert chat.session.answers["place"].value["station"] == "sigra"


@every_row("words", ["bhejna nahi hai abhi", "kal bhejunga", "abhi nahi", "ruko", "theek hai", "haan", "samajh gaya"])
def test_talk_at_the_review_is_no_part_of_the_tip(engine: Engine, words: str) -> None:
    chat = _at_review(engine).say(words)
    assert not _kept(chat, words)
    assert chat.step == "review"


NUMBERS = (
    "paise is account me gaye 5010012345678901", "uska account hai 5010012345678901",
    f"{CODE} gadi ka number UP65 hai",
)  # fmt: skip


@every_row("text", NUMBERS)
def test_a_number_in_a_message_to_the_police_is_no_code(engine: Engine, text: str) -> None:
    chat = _came_to(engine, "mailbox").say(text)
    post = chat.turns[-1].post
    assert post is not None
    assert post.text == text.removeprefix(f"{CODE} ")


@every_row("text", ["OTP code 482719305571 maang raha tha thag", "aadhar code 4827 1930 5571 leke fraud kiya"])
def test_a_number_of_twelve_digits_in_a_story_is_no_handoff_code(engine: Engine, text: str) -> None:
    chat = Chat(engine).say(text)
    assert not chat.turn.redeem_handoff_code
    assert _kept(chat, text)
