"""A draft continues on another channel: the code that it gets, and its arrival there."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from satark.api.inbound import Tap
from satark.api.prompt import command_token
from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.dialogue.steps.structure_steps import with_website
from satark_testing.dialogue.chat import HANDOFF_CODE, Chat
from satark_words.geography.geography import Geography

GROUPED = "4827 1930 5571"

STORY = "Arms are sold behind the mill every night"


@pytest.fixture
def begun(engine: Engine) -> Chat:
    """A conversation that has told what happens, and is asked where."""
    return Chat(engine).say("Hi", "English", "Illegal arms", STORY)


@pytest.mark.parametrize("word", ["continue", "जारी", "Jari", "go on elsewhere", "दूसरी जगह"])
def test_a_draft_gets_a_handoff_code_and_the_conversation_continues(begun: Chat, word: str) -> None:
    begun.say(word)
    assert begun.turn.issue_handoff_code
    assert GROUPED in begun.text
    assert "15 minutes" in begun.text
    assert "Tell the place" in begun.text
    assert begun.prompt.must_arrive
    assert begun.step == "place"
    begun.say("Lanka")
    assert begun.step == "police"


@pytest.mark.parametrize("channel", ["whatsapp", "telegram", "sms", "voice"])
def test_one_tap_leads_from_an_account_with_a_name_to_the_website_with_the_draft(channel: str) -> None:
    source = default_flow()
    engine = Engine(load_flow(source), source.catalogues, Geography.sample(), website="https://tips.example")
    chat = Chat(engine, channel).say("Hi", "English")
    assert "Continue elsewhere" not in [one.label for one in chat.prompt.actions], "nothing is told yet"
    chat.say("Illegal arms", STORY)
    ways = [one for one in chat.prompt.actions if one.label == "Continue elsewhere"]
    assert len(ways) == (channel in {"whatsapp", "telegram"})
    for way in ways:
        assert f"https://tips.example#{HANDOFF_CODE}" in chat.hear(Tap(way.token)).text


def test_repeated_texts_never_contain_the_handoff_code(engine: Engine) -> None:
    caller = Chat(engine, channel="voice").say("Hi", "English", "Illegal arms", STORY, "continue")
    assert caller.session is not None
    assert GROUPED not in caller.session.said
    assert GROUPED not in caller.say("repeat").text


def test_asking_for_a_handoff_code_leaves_a_menu(begun: Chat) -> None:
    begun.say("Hi")
    assert begun.step == "@restart"
    begun.tap("@elsewhere")
    assert GROUPED in begun.text
    assert begun.step == "place"


@pytest.mark.parametrize("channel", ["telegram", "sms", "voice"])
def test_the_draft_continues_on_the_new_channel_in_its_own_wording(begun: Chat, engine: Engine, channel: str) -> None:
    there = Chat(engine, channel=channel)
    there.brought = begun.session
    there.say(f"continue {GROUPED}")
    assert there.turn.redeem_handoff_code
    assert "goes on here" in there.text
    notice = with_website(engine._loaded.catalogues["en"].get(f"notice.{channel}"), "")
    assert notice in there.text
    assert there.step == "place"
    assert there.session is not None
    assert begun.session is not None
    assert (there.session.tip, there.session.identity) == (begun.session.tip, begun.session.identity)
    assert there.session.channel == channel
    there.say("Lanka", "No", "skip", "Yes, send")
    assert there.submission is not None
    assert there.submission.answers["what"] == STORY


def test_without_a_draft_the_code_is_asked_for_in_both_languages(engine: Engine, begun: Chat) -> None:
    there = Chat(engine, channel="telegram").say("continue")
    assert "12-digit code" in there.text
    assert "12 अंकों का कोड" in there.text
    assert there.prompt.wants == "code"
    assert "not a 12-digit code" in there.say("what code?").text
    there.brought = begun.session
    there.say("४८२७-१९३०-५५७१")
    assert there.step == "place"


def test_a_call_accepts_a_handoff_code_where_it_asks_for_codes(engine: Engine, begun: Chat) -> None:
    there = Chat(engine, channel="voice").say("Hi", "English", "status")
    there.brought = begun.session
    assert there.say(HANDOFF_CODE).step == "place"


def test_all_wrong_codes_get_the_same_words_until_the_limit(engine: Engine) -> None:
    there = Chat(engine).say("Hi", "English", "continue")
    for _ in range(4):
        assert "That code is not right" in there.say(HANDOFF_CODE).text
    assert "takes none any more" in there.say(HANDOFF_CODE).text
    assert not there.say(f"continue {HANDOFF_CODE}").turn.redeem_handoff_code
    assert not there.say("continue").turn.issue_handoff_code


def test_a_draft_on_the_new_channel_is_not_replaced(begun: Chat, engine: Engine) -> None:
    there = Chat(engine).say("Hi", "English", "Gambling / satta", "They gamble in the back room")
    there.brought = begun.session
    there.say(f"continue {HANDOFF_CODE}")
    assert "unfinished report here" in there.text
    assert not there.turn.redeem_handoff_code
    assert there.step == "place"


def test_twelve_digits_are_ordinary_words_unless_a_code_is_awaited(begun: Chat) -> None:
    begun.say("919876543210")
    assert not begun.turn.redeem_handoff_code
    assert begun.step == "district"


def test_after_submission_the_receipt_is_named_instead_of_a_code(begun: Chat) -> None:
    begun.say("Lanka", "No", "skip", "Yes, send")
    assert not begun.say("continue").turn.issue_handoff_code


def test_the_question_for_the_first_words_has_the_button_that_calls(engine: Engine) -> None:
    chat = Chat(engine, "whatsapp").say("Hi", "English")
    assert chat.session
    chat.session = replace(chat.session, calls=True)
    chat.say("Illegal arms")
    assert (chat.step, chat.prompt.call) == ("what", "Call and tell"), "one tap"
    assert chat.text.count("The call is free") == 1
    assert chat.say("Call and tell").text.count("The call is free") == 1
    assert not chat.say("They are sold at night").prompt.call


def test_one_tap_shows_the_button_for_a_call_if_the_account_answers_calls(engine: Engine) -> None:
    chat = Chat(engine, "whatsapp").say("Hi", "English", "Illegal arms", "They are sold at night")
    assert chat.session
    assert "Call and tell" not in [one.label for one in chat.prompt.actions]
    chat.session = replace(chat.session, calls=True)
    chat.say("repeat")
    (way,) = [one for one in chat.prompt.actions if one.label == "Call and tell"]
    step, choices = chat.step, [one.label for one in chat.prompt.choices]
    chat.hear(Tap(way.token))
    assert chat.prompt.call == "Call and tell"
    assert "The call is free" in chat.text
    assert (chat.step, [one.label for one in chat.prompt.choices]) == (step, choices), "it may be answered here too"
    assert not chat.say("Lanka").prompt.call


HUNG_UP = Tap(command_token("hung_up"))


def test_after_a_call_the_chat_asks_its_question(begun: Chat) -> None:
    begun.hear(HUNG_UP)
    assert begun.step == "place"
    assert "place" in begun.text


def test_after_a_call_that_ended_at_the_review_the_chat_repeats_nothing_told(begun: Chat) -> None:
    begun.say("Lanka", "no", "skip")
    assert begun.step == "review"
    neutral = begun.hear(HUNG_UP).text
    assert "reply with any word" in neutral
    assert not [word for word in ("Lanka", "arms", "mill") if word in neutral]
    assert begun.hear(HUNG_UP).text == neutral, "after a second call too"
    assert "NOT sent" in begun.say("yes").text
    assert begun.step == "review"


def test_after_a_call_with_a_receipt_or_without_a_word_the_chat_says_nothing(engine: Engine) -> None:
    chat = Chat(engine, "whatsapp").hear(HUNG_UP)
    assert chat.turn.session is None
    assert chat.turn.prompt is None
    chat = Chat(engine, "whatsapp").say("Hi", "English").hear(HUNG_UP)
    assert chat.turn.session is not None
    assert chat.turn.prompt is None


def test_a_session_continues_in_a_call_with_the_calls_notice_and_back(engine: Engine, begun: Chat) -> None:
    assert begun.session
    call = engine.begin(channel="voice", tip="", recipient="", identity="", reachable=False)
    moved = engine.move(begun.session, call)
    assert (moved.channel, moved.reachable, moved.step) == ("voice", False, "place")
    assert moved.answers.keys() == begun.session.answers.keys() - {"notice", "emergency"}, "said again in its own words"
    assert (moved.tip, moved.identity) == (begun.session.tip, begun.session.identity)
    back = engine.move(moved, begun.session)
    assert (back.channel, back.reachable) == ("whatsapp", True)
