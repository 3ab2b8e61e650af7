"""A complete draft that was not sent: the tipster is asked once, neutrally, if allowed; else told next time."""

from __future__ import annotations

import msgspec
import pytest

from satark.api.inbound import Tap
from satark.dialogue.engine import Engine
from satark_testing.dialogue.chat import Chat
from support.loops import every_row

CHANNELS = ("whatsapp", "telegram", "sms")
STORY = "Illegal sand is dug at Lanka every night by three trucks and the police take money"
TELLING = ("Hi", "English", "Illegal mining", "remind", "They dig sand every night", "Lanka", "no", "skip")
BETRAYING = ("police", "tip", "crime", "report", "sent", "send", "satark", "सूचना", "पुलिस", "भेज", "अपराध", "तहरीर")


def asked(engine: Engine, channel: str = "whatsapp") -> Chat:
    """A conversation with the question about its unsent draft."""
    talk = Chat(engine, channel).say(*TELLING)
    assert talk.session is not None
    found = engine.ask_unsent(talk.session)
    assert found is not None
    talk.session = found[0]
    return talk


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_tipster_who_allowed_a_reminder_is_asked_once_in_neutral_words(engine: Engine, channel: str) -> None:
    for language in ("English", "हिन्दी"):
        talk = Chat(engine, channel).say(
            "Hi", language, "3", "remind", "They sell it every night", "Lanka", "no", "skip"
        )
        assert talk.session is not None
        found = engine.ask_unsent(talk.session)
        assert found is not None
        session, prompt = found
        assert not [word for word in BETRAYING if word in prompt.text.casefold()]
        assert (prompt.choices, prompt.actions) == ((), ())
        assert engine.ask_unsent(session) is None


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("said", [TELLING[:-1], (*TELLING[:3], *TELLING[4:]), (*TELLING, "send")])
def test_a_tipster_who_did_not_allow_a_reminder_is_not_asked(
    engine: Engine, channel: str, said: tuple[str, ...]
) -> None:
    talk = Chat(engine, channel).say(*said)
    assert talk.session is not None
    assert engine.ask_unsent(talk.session) is None


@pytest.mark.slow("a third of a second of a processor")
@every_row("channel", CHANNELS)
@every_row("answer", ["yes", "haan", "1", "send", "bhej do", "ok", "हाँ", "hi", "skip", "back", "?", "mat bhejo"])
def test_no_answer_to_the_reminder_sends_or_erases_anything(engine: Engine, channel: str, answer: str) -> None:
    talk = asked(engine, channel).say(answer)
    assert talk.submission is None
    assert talk.step == "review"
    assert "NOT sent yet" in talk.text
    assert talk.tap("send").submission is not None


def test_an_old_button_below_the_review_leads_back_to_it(engine: Engine) -> None:
    talk = asked(engine)
    button = talk.prompt.choices[0]
    assert talk.hear(Tap(button.token, button.label)).submission is None
    assert talk.step == "review"


def test_a_story_told_in_answer_to_the_reminder_is_stored(engine: Engine) -> None:
    talk = asked(engine).say("the liquor truck comes at two with a red number plate")
    assert talk.step == "review"
    assert "red number plate" in talk.text


def test_forget_and_cancel_keep_their_meaning(engine: Engine) -> None:
    assert asked(engine).say("forget me").turn.erase
    assert asked(engine).say("forget it").step == "@cancel"
    cancelled = asked(engine).say("cancel")
    assert (cancelled.turn.erase, cancelled.step) == (False, "@cancel")


def test_no_reminder_is_offered_if_nobody_can_write_to_the_tipster(engine: Engine) -> None:
    session = engine.begin(channel="voice", tip="0" * 32, recipient="age1", identity="K", reachable=False)
    talk = Chat(engine, "voice")
    talk.session = session
    talk.say("Hi", "English", "3")
    assert "remind" not in [choice.token.split(":")[1].lstrip("@") for choice in talk.prompt.actions]
    assert "can't remind" in talk.say("remind").text


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("first", ["Hi", STORY, "TIP " + STORY])
def test_the_next_conversation_tells_of_a_draft_that_was_erased_unsent(
    engine: Engine, channel: str, first: str
) -> None:
    before = Chat(engine, channel).say(STORY)
    assert before.session is not None
    left = engine.expire(before.session)
    assert left is not None
    assert not {"tip", "identity", "answers", "files", "language"} & {
        name for name, value in msgspec.structs.asdict(left).items() if value
    }
    talk = Chat(engine, channel)
    fresh = engine.begin(channel=channel, tip="1" * 32, recipient="age1", identity="K")
    talk.session = msgspec.structs.replace(fresh, lapsed=True)
    assert "NOT sent, and is erased" in talk.say(first).text
    if talk.submission is None:
        assert "NOT sent, and is erased" not in talk.say("English").text


def test_nothing_remains_of_an_expired_session_that_told_nothing_or_was_sent(engine: Engine) -> None:
    for said in (("Hi",), ("Hi", "English", "3"), (*TELLING, "send")):
        talk = Chat(engine).say(*said)
        assert talk.session is not None
        assert engine.expire(talk.session) is None


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_first_story_tells_that_it_is_unsent_and_needs_one_more_tap(engine: Engine, channel: str) -> None:
    talk = Chat(engine, channel).say("Illegal sand is dug at Lanka every night by three trucks")
    assert "Send this to the police?" in talk.text
    assert talk.step == "review"
    assert talk.tap("send").submission is not None
