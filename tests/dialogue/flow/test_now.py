"""If somebody may be hurt this minute, one question asks whether it happens now. A yes makes the tip urgent."""

from __future__ import annotations

import pytest

from satark.dialogue.engine import Engine
from satark.dialogue.flow.builder import rebuild_flow
from satark.dialogue.flow.definition import FlowError
from satark.dialogue.flow.loader import default_flow, load_flow
from satark_testing.dialogue.chat import Chat
from support.loops import every_row

ASKED = ("TRAFF", "HARASS", "HEIN")
NOT_ASKED = ("COW", "INTOX", "ARMS", "GAMBL", "MINE", "EXTORT", "CONV", "POLCOR", "OTHER")
CHANNELS = ("whatsapp", "telegram", "sms", "voice", "web_form")
STORY = "Two men stand behind the school there"


@every_row("channel", CHANNELS)
@every_row("category", ASKED)
def test_a_crime_under_way_says_112_and_makes_the_tip_urgent(engine: Engine, channel: str, category: str) -> None:
    talk = Chat(engine, channel).say("Hi", "English").tap(category).say(STORY)
    assert (talk.step, talk.offered()) == ("now", ["yes", "no", "files"])
    talk.tap("yes")
    assert "112" in talk.text
    talk.say("Lanka").tap("no", "send")
    assert talk.submission is not None
    assert (talk.submission.priority, talk.submission.flags) == ("urgent", ("happening_now",))


@pytest.mark.parametrize("answer", ["no", "files"])
def test_a_crime_that_is_over_is_not_urgent(chat: Chat, answer: str) -> None:
    chat.say("Hi", "English").tap("HEIN").say(STORY).tap(answer)
    assert "112" not in chat.text
    chat.say("Lanka").tap("no")
    assert chat.step == ("evidence" if answer == "files" else "review")
    chat.say("skip") if answer == "files" else chat
    chat.tap("send")
    assert chat.submission is not None
    assert (chat.submission.priority, chat.submission.flags) == ("normal", ())


@pytest.mark.parametrize("category", NOT_ASKED)
def test_other_categories_are_not_asked_whether_it_happens_now(chat: Chat, category: str) -> None:
    assert chat.say("Hi", "English").tap(category).say(STORY).step == "place"


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("abhi ho raha hai", "yes"), ("हाँ अभी", "yes"), ("yes right now", "yes"), ("chal raha hai", "yes"),
        ("abhi nahi", "no"), ("not now", "no"), ("अभी नहीं", "no"), ("video hai", "files"),
    ],
)  # fmt: skip
def test_whether_it_happens_now_is_answered_in_words_too(chat: Chat, typed: str, answer: str) -> None:
    chat.say("Hi", "English").tap("TRAFF").say(STORY, typed)
    assert chat.session is not None
    assert chat.session.answers["now"].value == answer


def test_the_time_is_not_asked_if_the_story_tells_it(chat: Chat) -> None:
    chat.say("Hi", "English").tap("HEIN").say("The shop near Lanka was robbed yesterday at night by three men")
    assert "Happening now: No" in chat.text
    assert chat.step == "police"


def test_unsolicited_files_are_shown_before_they_are_sent(chat: Chat) -> None:
    chat.say("Hi", "English").tap("HEIN").say(STORY).tap("no").send().say("Lanka").tap("no", "@done")
    assert chat.step == "review"
    assert "1 file" in chat.text


def test_a_flag_of_a_flow_is_checked_and_named() -> None:
    flow = load_flow(default_flow())
    assert set(rebuild_flow(flow.canonical).flags) == {"happening_now"}
    with pytest.raises(FlowError, match="flag 'Bad one'"):
        rebuild_flow(flow.canonical.replace(b'"happening_now"', b'"Bad one"'))
