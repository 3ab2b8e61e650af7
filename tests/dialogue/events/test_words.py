"""Words are read where they are no command: dangers get their numbers, remarks an answer, stories their place."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest

from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark_testing.dialogue.chat import Chat
from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography
from satark_words.reader import Reader
from satark_words.reading import Confidence, DangerKind, Kind
from support.dialogue.corpus import read_corpus
from support.loops import every_row

CRIES = {
    "bachao mujhe maar denge": "112",
    "मुझे बचाओ, वे मुझे मार डालेंगे": "112",
    "they are going to kill me": "112",
    "main apni jaan de dunga": "14416",
    "मैं जीना नहीं चाहती": "14416",
    "I want to kill myself": "14416",
    "he says he will take his own life": "14416",
    "they will take her life tonight": "112",
    "mere saath balatkar hua": "1090",
    "मेरे साथ बलात्कार हुआ": "1090",
    "a girl is being raped here": "112",
    "bacche ko utha le gaye": "1098",
}

STEPS = {
    "language": (),
    "category": ("Hi", "2"),
    "what": ("Hi", "2", "daru"),
    "place": ("Hi", "2", "daru", "They sell it every night"),
    "police": ("Hi", "2", "daru", "They sell it every night", "Lanka"),
    "review": ("Hi", "2", "daru", "They sell it every night", "Lanka", "no", "skip"),
}


CORPORA = Path(__file__).parents[2] / "words" / "corpora"


def chat() -> Chat:
    source = default_flow()
    return Chat(Engine(load_flow(source), source.catalogues, Geography.sample()))


@pytest.mark.slow("every step")
@every_row("step", STEPS)
@every_row("cry", CRIES)
def test_a_cry_for_help_gets_its_number_at_every_step(step: str, cry: str) -> None:
    talk = chat().say(*STEPS[step], cry)
    assert CRIES[cry] in talk.text
    assert "112" in talk.text
    assert talk.submission is None
    assert talk.session is not None
    assert talk.session.dangers


HINDI_CRIES = [
    "bachao", "bachaao", "koi bachao", "bacha lo mujhe", "jaan bachao", "बचाओ", "हमें बचा लो",
    "fansi laga lunga aaj", "aaj phansi laga lungi", "phasi laga lunga", "main fansi lagane ja raha hu",
    "फाँसी लगा लूँगा आज",
    "hamke bacha la bhaiya", "hamke bacha la bhai", "हमके बचा लऽ भइया", "हमनी के बचाईं", "hamke bachai",
    "हमार बिटिया के उठाय लइ गए", "hamar bitiya ke uthay lai gaye", "beti ko utha le gaye",
    "🆘", "🆘🆘", "jaldi aao bachao",
]  # fmt: skip
ENGLISH_CRIES = [
    "help me please", "please help me", "save us please", "somebody help us", "he is going to kill me",
    "I want to kill myself", "they are going to kill us",
]  # fmt: skip


@every_row("cry, language", [(one, "hi") for one in HINDI_CRIES] + [(one, "en") for one in ENGLISH_CRIES])
def test_a_cry_as_the_first_message_is_answered_in_its_language_and_asked_where(cry: str, language: str) -> None:
    talk = chat().say(cry)
    assert talk.session is not None
    assert talk.session.language == language
    assert ("अभी" in talk.text, "112" in talk.text, "now" in talk.text) == (language == "hi", True, language == "en")
    assert talk.step == "place"
    assert talk.offered() == []
    assert len(talk.text) <= 500
    assert talk.session.answers["what"].value == cry


@pytest.mark.parametrize("step", ["category", "what", "place"])
@pytest.mark.parametrize("where", ["near the old temple", "Lanka", "varanasi cantt ke paas"])
def test_the_place_after_a_cry_leads_to_the_review_from_which_it_is_sent(step: str, where: str) -> None:
    talk = chat().say(*STEPS[step], "he is stabbing my brother right now", where)
    assert talk.step == "review"
    talk.tap("send")
    assert talk.submission is not None
    assert talk.submission.priority == "urgent"
    assert "stabbing my brother" in talk.submission.answers["what"]
    assert talk.submission.place.text.lower() == where.lower()


def test_a_danger_to_a_life_beside_another_is_not_said_twice() -> None:
    talk = chat().say("हमार बिटिया के उठाय लइ गए")
    assert talk.session is not None
    assert talk.session.dangers == (DangerKind.CHILD, DangerKind.LIFE)
    assert talk.text.count("112") == 1


def test_a_cry_that_names_its_place_is_asked_nothing() -> None:
    talk = chat().say("lanka me goli chal rahi hai bachao")
    assert talk.step == "review"
    assert len(talk.text) <= 500


def test_a_cry_about_a_policeman_is_kept_from_every_station() -> None:
    talk = chat().say("daroga mujhe maar raha hai bachao", "lanka").tap("send")
    assert talk.submission is not None
    assert talk.submission.accused is not None
    assert talk.submission.accused.level == "unknown"


def test_a_cry_is_asked_where_until_it_is_told_or_skipped() -> None:
    talk = chat().say("bachao", "jaldi aao mujhe maar rahe hai")
    assert talk.step == "place"
    assert talk.session is not None
    assert talk.session.answers["what"].value == "bachao\njaldi aao mujhe maar rahe hai"
    assert talk.session.answers.get("place") is None
    assert talk.say("skip").step == "review"


@pytest.mark.parametrize(("channel", "where"), [("sms", "Write the place"), ("web_form", "Where is it?")])
def test_a_channel_that_takes_no_location_asks_a_cry_in_its_own_words(channel: str, where: str) -> None:
    source = default_flow()
    talk = Chat(Engine(load_flow(source), source.catalogues, Geography.sample()), channel).say("help me please")
    assert where in talk.text


def test_the_notice_that_a_cry_had_no_time_for_is_given_above_the_review() -> None:
    talk = chat().say("help me please")
    assert "Meta" not in talk.text
    assert "Meta" in talk.say("Lanka").text


ORDINARY = [
    "blood bank me khoon bechte h", "blood bank me khoon bechta hai", "ब्लड बैंक में खून बेचते हैं",
    "they sell blood at the blood bank", "khoon ki bottle black me bechte hai", "blood bank se khoon chori hota hai",
    "chain snatching parso hua", "chain snatching kal hui thi", "चेन स्नैचिंग परसों हुई", "chain chheen ke bhage parso",
    "chain snatching happened yesterday", "parso chain snatching hui lanka pe",
    "he sells bullets", "कट्टा बनावेला लोहार", "do saal pehle jo murder hua tha uska aaropi daru bechta hai",
    "pichle saal yaha goli chali thi ab juwa hota hai",
]  # fmt: skip


@every_row("tip", ORDINARY)
def test_an_ordinary_tip_with_violent_words_is_not_urgent(tip: str) -> None:
    talk = chat().say("Hi", "2", tip)
    assert talk.session is not None
    assert talk.session.dangers == ()


def test_a_danger_that_one_reading_alone_finds_is_shown_and_makes_nothing_urgent() -> None:
    talk = chat().say("Hi", "2", "blood bank me khoon bechte h")
    assert "112" in talk.text
    while talk.step != "review":
        talk.say("Lanka" if talk.step == "place" else "no" if talk.step in {"now", "police"} else "skip")
    talk.tap("send")
    assert talk.submission is not None
    assert (talk.submission.priority, talk.submission.flags) == ("normal", ())


def test_the_tip_is_urgent_and_says_why() -> None:
    talk = chat().say(*STEPS["what"], "they will kill the boy if he tells", "Lanka", "no", "skip").tap("send")
    assert talk.submission is not None
    assert talk.submission.priority == "urgent"
    assert talk.submission.flags
    assert all(flag.startswith("danger:") for flag in talk.submission.flags)


def test_an_ordinary_tip_is_not_urgent() -> None:
    talk = chat().say(*STEPS["review"]).tap("send")
    assert talk.submission is not None
    assert (talk.submission.priority, talk.submission.flags) == ("normal", ())


@pytest.mark.slow("every step")
def test_every_language_names_the_numbers_of_every_danger() -> None:
    reader = Reader()
    for catalogue, kind in itertools.product(Catalogues.of("satark.dialogue"), DangerKind):
        for number in reader.numbers(kind):
            assert number in catalogue.text(f"danger.{kind}"), (catalogue.language, number)


@pytest.mark.parametrize("typed", ["13", "0", "qwerty", "!!"])
def test_a_text_that_chooses_nothing_is_answered(chat: Chat, typed: str) -> None:
    chat.say("Hi", "2", typed)
    assert chat.step == "category"
    assert "not understood" in chat.text


@pytest.mark.parametrize("greeting", ["Hi", "hello sir", "namaste ji", "नमस्ते", "ok", "👋", "", "start"])
def test_a_greeting_is_not_taken_for_a_story(chat: Chat, greeting: str) -> None:
    chat.say(greeting)
    assert chat.session is not None
    assert chat.session.answers == {}
    assert "not understood" not in chat.text


FIRST = {
    "हमार बिटिया के उठाय लइ गए": "hi",
    "he sells bullets": "en",
    "कट्टा बनावेला लोहार": "hi",
    "hamar betwa gayab ba": "",
    "बहू जला दी": "hi",
    "balu chori": "",
    "ganja": "",
    "mukhiya dhamkata": "",
    "बाबू पइसा माँगत": "hi",
    "stolen bikes here": "en",
}


@every_row("story, language", FIRST.items())
def test_the_first_words_are_kept_however_few_they_are(story: str, language: str) -> None:
    talk = chat().say(story)
    assert talk.session is not None
    assert talk.session.answers["what"].value == story
    assert talk.step not in {"@language", "what"}
    assert language in {"", talk.session.language}


@every_row("story", FIRST)
def test_few_words_before_the_story_is_asked_are_kept_too(story: str) -> None:
    talk = chat().say("Hi", "English", story)
    assert talk.session is not None
    kept = talk.session.answers.get("what")
    assert (kept is not None and kept.value == story) or (talk.step == "what" and story in {"ganja", "balu chori"})


@every_row(
    "said",
    ["Hi", "namaste ji", "ok", "haan ji", "thank you", "kya police ko mera number dikhega?", "1", "asdf", "help", "??"],
)
def test_talk_before_the_story_is_not_kept(said: str) -> None:
    talk = chat().say(said)
    assert talk.session is None or "what" not in talk.session.answers


REPEATED = [
    "kya mujhe inaam milega police se bhai",
    "who will see what i am writing here",
    "ye sab to bekar hai koi kuch nahi karta",
    "wo wala jo uske sath tha na",
    "nahi bataunga kuch bhi tumko samjhe",
]


LOOPED = ("language", "category", "police", "review")


@pytest.mark.slow("many dialogues")
@every_row("step", LOOPED)
@every_row("text", REPEATED)
def test_nobody_gets_the_same_reply_again_and_again_to_a_longer_text(step: str, text: str) -> None:
    assert_no_loop(chat(), step, text)


@pytest.mark.slow("a corpus")
@every_row("step", LOOPED)
def test_no_text_of_the_corpus_makes_the_dialogue_loop(step: str) -> None:
    texts = sorted({one.text for one in read_corpus(CORPORA) if len(one.text.split()) >= 4})
    begun = chat()
    for text in random.Random(26).sample(texts, 150):
        assert_no_loop(Chat(begun.engine), step, text)


def assert_no_loop(talk: Chat, step: str, text: str) -> None:
    """A text that is sent three times is kept or asked something else, unless it wishes to hear the question again."""
    talk.say(*STEPS[step], text, text)
    begun, before = talk.session, talk.text
    talk.say(text)
    if talk.session is None or begun is None or talk.text != before:
        return
    told = [*(answer.value for answer in talk.session.answers.values()), *(turn.post for turn in talk.turns[-2:])]
    assert any(text.strip() in str(value) for value in told if value) or repeats(talk, text), text


def repeats(talk: Chat, text: str) -> bool:
    assert talk.session is not None
    reading = talk.engine.read(talk.session, text)
    is_command = reading.kind is Kind.COMMAND and reading.confidence is Confidence.CERTAIN
    refuses = (reading.kind, reading.topic) == (Kind.REFUSAL, "send")
    return is_command or refuses or reading.kind in {Kind.OPTION, Kind.DANGER} or reading.command == "repeat"


@every_row(
    "correction, station",
    [
        ("nahi nahi, galat likh diya, wo sigra ka mamla hai", "sigra"),
        ("नहीं नहीं गलत लिख दिया, वो सिगरा का मामला है", "sigra"),
        ("arre galti ho gayi, jagah sigra hai", "sigra"),
        ("nahi nahi wo bhelupur me hai", "bhelupur"),
        ("galat bata diya wo chetganj ka hai", "chetganj"),
        ("no wrong, it is in Sigra", "sigra"),
    ],
)
def test_a_correction_that_names_a_place_changes_the_place(correction: str, station: str) -> None:
    talk = chat().say(*STEPS["police"], correction)
    assert talk.session is not None
    assert talk.session.answers["place"].value["station"] == station
    assert "police" not in talk.session.answers
    assert talk.step == "police"


@every_row(
    "following",
    [
        "ladkiyo ke piche jate h",
        "ladki ke piche pade hai",
        "लड़कियों के पीछे जाते हैं",
        "mere piche aata hai",
        "wo meri behan ke piche jata hai",
    ],
)
def test_to_go_behind_girls_is_no_step_back(following: str) -> None:
    talk = chat().say(*STEPS["what"], following)
    assert talk.session is not None
    assert talk.session.answers["what"].value == following
