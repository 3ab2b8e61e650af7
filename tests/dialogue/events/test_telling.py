"""A question is described by the lexicon's name; a text that tells something is stored, and talk is answered."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from satark_testing.dialogue.chat import Chat
from satark_words.reading import Confidence, Kind
from support.dialogue.corpus import read_corpus
from support.dialogue.walks import SAID_UNTIL, new_chat
from support.loops import every_row


@pytest.mark.parametrize("greeting", ["Hi", "hello sir", "namaste ji", "नमस्ते", "ok", "👋", "", "start"])
def test_a_greeting_is_not_taken_for_a_story(chat: Chat, greeting: str) -> None:
    chat.say(greeting)
    assert chat.session is not None
    assert chat.session.answers == {}
    assert "not understood" not in chat.text


NOT_SENT = ("All right, not sent.", "Take your time. Nothing is sent")
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


@pytest.mark.slow("a third of a second of a processor")
@every_row("story, language", FIRST.items())
def test_the_first_words_are_stored_however_few(story: str, language: str) -> None:
    talk = new_chat().say(story)
    assert talk.session is not None
    assert talk.session.answers["what"].value == story
    assert talk.step not in {"@language", "what"}
    assert language in {"", talk.session.language}


@pytest.mark.slow("a third of a second of a processor")
@every_row("story", FIRST)
def test_few_words_before_the_story_question_are_stored_too(story: str) -> None:
    talk = new_chat().say("Hi", "English", story)
    assert talk.session is not None
    kept = talk.session.answers.get("what")
    assert (kept is not None and kept.value == story) or (talk.step == "what" and story in {"ganja", "balu chori"})


@pytest.mark.slow("a third of a second of a processor")
@every_row(
    "said",
    ["Hi", "namaste ji", "ok", "haan ji", "thank you", "kya police ko mera number dikhega?", "1", "asdf", "help", "??"],
)
def test_talk_before_the_story_is_not_stored(said: str) -> None:
    talk = new_chat().say(said)
    assert talk.session is None or "what" not in talk.session.answers


REPEATED = [
    "kya mujhe inaam milega police se bhai",
    "who will see what i am writing here",
    "ye sab to bekar hai koi kuch nahi karta",
    "wo wala jo uske sath tha na",
    "nahi bataunga kuch bhi tumko samjhe",
]


CORPORA = Path(__file__).parents[2] / "words" / "corpora"
LOOPED = ("language", "category", "police", "review")


@pytest.mark.slow("many dialogues")
@every_row("step", LOOPED)
@every_row("text", REPEATED)
def test_no_longer_text_gets_the_same_reply_again_and_again(step: str, text: str) -> None:
    assert_no_loop(new_chat(), step, text)


@pytest.mark.slow("a corpus")
@every_row("step", LOOPED)
def test_no_text_of_the_corpus_makes_the_dialogue_loop(step: str) -> None:
    long = (one for one in read_corpus(CORPORA) if len(one.text.split()) >= 4 and one.file != "details_39")
    texts = sorted({one.text for one in long})
    begun = new_chat()
    for text in random.Random(26).sample(texts, 60):
        assert_no_loop(Chat(begun.engine), step, text)


def assert_no_loop(talk: Chat, step: str, text: str) -> None:
    """A text that is sent three times is stored or leads to another question, unless it asks to hear the question
    again.
    """
    talk.say(*SAID_UNTIL[step], text, text)
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
    refuses = (reading.kind, reading.topic) == (Kind.REFUSAL, "send") or talk.text.startswith(NOT_SENT)
    greets = talk.step == "@language" and reading.talk == "likely"
    is_said = is_command or refuses or greets or reading.command == "repeat"
    return is_said or reading.kind in {Kind.OPTION, Kind.DANGER}


def test_talk_that_names_police_is_stored_once_its_sender_says_so() -> None:
    chat = new_chat().say("hi", "1", "daru", words := "mujhe dar lagta hai uska bhai daroga hai", "haan")
    assert chat.session is not None
    assert chat.session.answers["what"].value == words
    talk = new_chat().say("hi", "1", "daru", "mujhe police se dar lagta hai")
    assert talk.step == "what", "police who are only feared are no story"


DENYING = [
    "kotedar ration nahi deta", "doctor dawai nahi deta hai", "कोटेदार राशन नहीं देता", "hospital me dawa nahi milti",
    "pradhan nali nahi banwata", "kotedar does not give ration",
]  # fmt: skip


@every_row("story", DENYING)
def test_a_first_message_about_something_not_done_is_stored(story: str) -> None:
    talk = new_chat().say(story)
    assert talk.session
    assert talk.session.answers["what"].value == story


@every_row("said", ["nahi batana chahta hoon", "mat bhejo kuch", "mujhe kuch nahi kehna", "naam nahi bataunga"])
def test_a_first_message_that_only_refuses_is_not_stored(said: str) -> None:
    talk = new_chat().say(said)
    assert talk.session is None or "what" not in talk.session.answers


DETAILS = [
    "kal raat 9 baje", "raat ko 10 baje", "रात 9 बजे", "every night 10pm", "9876501234", "number 9876501234",
    "UP65 AB 1234", "गाड़ी यूपी 65 एबी 1234", "lal gaadi", "two men", "uska naam pappu hai", "his name is Pappu",
]  # fmt: skip


@pytest.mark.slow("many conversations")
@every_row("said", DETAILS)
@every_row("step", ["police", "evidence"])
def test_a_detail_at_another_question_is_stored_or_asked_about(step: str, said: str) -> None:
    until = (*SAID_UNTIL["police"], "no") if step == "evidence" else SAID_UNTIL[step]
    talk = new_chat().say(*until, said)
    assert talk.session
    if talk.session.held:
        talk.say("yes")
    assert said in talk.session.answers["what"].value
    assert talk.step == step


GRAVE = [
    "balatkar hua", "बलात्कार हुआ", "rape hua hai", "gang rape", "murder", "katl ho gaya", "हत्या हुई", "apharan hua",
    "अपहरण", "bomb", "acid phenka", "lash mili", "he was killed",
]  # fmt: skip


@pytest.mark.slow("many conversations")
@every_row("said", GRAVE)
def test_a_grave_fact_at_the_review_is_stored_and_its_numbers_are_shown(said: str) -> None:
    talk = new_chat().say(*SAID_UNTIL["review"], said)
    assert talk.session
    assert "112" in talk.text
    if talk.session.held:
        talk.say("yes")
    assert said in talk.session.answers["what"].value
    assert talk.submission is None


@pytest.mark.slow("many conversations")
@every_row("said", ["call police", "police bulao", "पुलिस बुलाओ", "police ko phone karo", "call the police now"])
def test_a_call_for_the_police_is_asked_for_the_place_and_not_for_the_accused(said: str) -> None:
    talk = new_chat().say("Hi", "2", said)
    assert ("112" in talk.text, talk.step) == (True, "place")
    assert new_chat().say(*SAID_UNTIL["review"], said).step == "review"
