"""A whole tip in one message, and what media need that show less at once or show it again."""

from __future__ import annotations

import pytest

from satark.channel import CompleteTip, Media, MediaRef, Tap, Text
from satark.choice_tokens import NEXT_PAGE, PREVIOUS_PAGE, command_token
from satark.dialogue.engine import Engine
from satark.testing.dialogue.chat import Chat

STORY = "Arms are sold behind the rice mill in Lanka every night"
HINDI = "चावल मिल के पीछे रात में हथियार बिकते हैं"


@pytest.fixture
def sms(engine: Engine) -> Chat:
    return Chat(engine, channel="sms")


@pytest.mark.parametrize(("body", "language"), [(STORY, "en"), (HINDI, "hi"), ("112 !!", "hi")])
def test_one_message_is_handed_in_at_once(body: str, language: str, sms: Chat) -> None:
    sms.hear(CompleteTip(Text(body)))
    assert sms.submission is not None
    assert sms.submission.language == language
    assert sms.submission.answers["what"] == body
    assert sms.submission.category == "OTHER"
    assert sms.submission.accused is None
    assert "8391 4460 7012 5538" in sms.text


def test_a_message_that_is_spoken_is_handed_in_with_the_recording(sms: Chat) -> None:
    sms.hear(CompleteTip(Media(MediaRef(account="voice:1", id="RE1"), "voice")))
    assert sms.submission is not None
    assert sms.submission.answers["what"] == {"voice": "1"}
    assert sms.submission.evidence == ("1",)
    assert [keep.ref.id for turn in sms.turns for keep in turn.media_jobs] == ["RE1"]


def test_it_goes_to_the_draft_where_one_is_under_way(sms: Chat) -> None:
    sms.say("Hi", "English", "3")
    sms.hear(CompleteTip(Text(STORY)))
    assert sms.submission is None
    assert sms.session is not None
    assert sms.session.answers["what"].value == STORY


SPOKEN = Media(MediaRef(account="voice:1", id="RE9"), "voice")


@pytest.mark.parametrize(
    ("told", "role"),
    [
        (("Hi", "English", "3"), "what"),
        (("Hi", "English", "3", STORY), "evidence"),
        (("Hi", "English", "10", STORY, "Lanka"), "evidence"),
        (("Hi", "English", "3", STORY, "Lanka", "No", "skip"), "evidence"),
        (("Hi", "English", "3", STORY, "Lanka", "No", "skip", "Change"), "evidence"),
        (("Hi", "English", "3", STORY, "Lanka", "No", "skip", "Change", "What happens"), "evidence"),
        (("Hi", "English", "3", STORY, "cancel"), "evidence"),
        ((STORY,), "evidence"),
    ],
)
def test_the_last_message_is_handed_in_with_all_that_was_told(told: tuple[str, ...], role: str, engine: Engine) -> None:
    voice = Chat(engine, channel="voice").say(*told).hear(CompleteTip(SPOKEN, last=True))
    assert voice.submission is not None
    assert voice.submission.evidence == ("1",)
    assert [(keep.ref.id, keep.role) for turn in voice.turns for keep in turn.media_jobs] == [("RE9", role)]
    assert not [ordinal for turn in voice.turns for ordinal in turn.dropped_files]
    assert voice.submission.answers["what"] == ({"voice": "1"} if role == "what" else STORY)
    assert "8391 4460 7012 5538" in voice.text


def test_a_page_of_the_whole_message_is_turned_with_what_stood_above_it(sms: Chat) -> None:
    sms.say("Hi", "English")
    assert "We ask no name" in sms.text
    before = sms.text
    sms.hear(Tap(NEXT_PAGE))
    assert (sms.text, sms.prompt.page) == (before, 1)
    sms.hear(Tap(PREVIOUS_PAGE))
    assert (sms.text, sms.prompt.page) == (before, 0)


def test_a_question_is_restated_with_what_stood_above_it(sms: Chat, engine: Engine) -> None:
    sms.say("Hi", "English")
    assert sms.session is not None
    assert engine.repeat_question(sms.session).text == sms.text
    sms.hear(Tap(command_token("repeat")))
    assert "We ask no name" in sms.text
    sms.say("3")
    assert engine.repeat_question(sms.session).text == sms.text


def test_a_receipt_is_never_repeated(sms: Chat, engine: Engine) -> None:
    sms.hear(CompleteTip(Text(STORY)))
    assert sms.session is not None
    assert sms.session.said == ""
    assert "8391" not in engine.repeat_question(sms.session).text
    sms.say("repeat")
    assert "8391" not in sms.text


@pytest.mark.parametrize(("name", "words"), [("status", "16-digit"), ("help", "112"), ("nonsense", "not understood")])
def test_a_key_means_its_command_wherever_the_session_stands(name: str, words: str, sms: Chat) -> None:
    sms.say("Hi", "English", "3")
    sms.hear(Tap(command_token(name)))
    assert words in sms.text


def test_a_channel_has_wording_of_its_own(engine: Engine) -> None:
    told = {}
    for channel in ("voice", "sms", "whatsapp"):
        chat = Chat(engine, channel=channel)
        chat.hear(Text("Hi")).say("English", "status")
        told[channel] = chat.text
    assert "keypad" in told["voice"]
    assert told["sms"] == told["whatsapp"]


def test_with_something_under_way_it_is_an_answer_as_it_was_typed(sms: Chat) -> None:
    typed = Text("सूचना मिली है कि रात में जुआ होता है")
    sms.say("Hi", "हिन्दी", "4").hear(CompleteTip(Text("मिली है कि रात में जुआ होता है"), typed=typed))
    assert sms.session is not None
    assert sms.session.answers["what"].value == typed.body


@pytest.mark.parametrize(("word", "told"), [("help", "At any time send"), ("zzz", "not understood")])
def test_what_is_newly_said_stands_on_the_first_page(word: str, told: str, sms: Chat) -> None:
    sms.say("Hi", "English").hear(Tap(NEXT_PAGE))
    assert sms.prompt.page == 1
    sms.say(word)
    assert told in sms.text
    assert sms.prompt.page == 0
    sms.hear(Tap(NEXT_PAGE))
    assert (told in sms.text, sms.prompt.page) == (True, 1)
    sms.hear(Tap(command_token("repeat")))
    assert sms.prompt.page == 1
