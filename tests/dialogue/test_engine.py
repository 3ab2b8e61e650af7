"""The default flow, walked like citizens walk it."""

from __future__ import annotations

import msgspec
import pytest

from satark.api.flow import Step
from satark.api.inbound import Event, Text
from satark.api.tip import Accused, Place
from satark.dialogue.engine import Engine
from satark.dialogue.flow.builder import rebuild_flow
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.dialogue.session import FileNotice, Session
from satark_testing.dialogue.chat import NOW, RECEIPT, Chat
from satark_words.geography.geography import Geography
from support.dialogue.walks import at_police, at_review

CATEGORIES = [
    "COW", "INTOX", "ARMS", "GAMBL", "TRAFF", "MINE", "EXTORT", "HARASS", "CONV", "POLCOR", "HEIN", "OTHER",
]  # fmt: skip


@pytest.mark.parametrize("language", ["1", "2"])
@pytest.mark.parametrize("category", CATEGORIES)
def test_seven_answers_after_hi_make_a_tip(chat: Chat, language: str, category: str) -> None:
    chat.say("Hi", language).tap(category).say("क्या हो रहा है behind the school")
    asks_now = category in {"TRAFF", "HARASS", "HEIN"}
    chat.tap("no") if asks_now else None
    chat.say("Assi ghat")
    chat.tap("unknown") if category == "POLCOR" else chat.tap("no")
    if category == "POLCOR":
        chat.tap("@skip")
    chat.tap("send") if asks_now else chat.tap("@skip").tap("send")
    assert len(chat.turns) == 1 + 7 + (category == "POLCOR")
    made = chat.submission
    assert made is not None
    assert (made.category, made.language) == (category, "hi" if language == "1" else "en")
    assert made.answers["category"] == category
    assert made.answers["what"] == "क्या हो रहा है behind the school"
    assert made.answers["place"] == {"text": "Assi ghat", "district": "varanasi", "station": "bhelupur"}
    assert made.place == Place(text="Assi ghat", district="varanasi", station="bhelupur")
    assert made.evidence == ()
    assert made.accused == (Accused(level="unknown") if category == "POLCOR" else None)
    assert not {"language", "review", "evidence", "notice"} & set(made.answers)


def test_the_receipt_shows_number_and_code_in_four_groups_and_asks_to_be_reached(chat: Chat) -> None:
    at_review(chat).tap("send")
    assert RECEIPT.number in chat.text
    assert "8391 4460 7012 5538" in chat.text
    assert "delete this chat" in chat.text
    assert chat.prompt.must_arrive
    assert chat.offered() == ["no", "yes"]
    assert chat.session is not None
    assert chat.session.submitted
    assert chat.session.identity == ""
    assert chat.session.answers == {}
    assert b"8391" not in msgspec.msgpack.encode(chat.session)


def test_the_first_question_carries_the_channels_notice_and_112(chat: Chat, engine: Engine) -> None:
    assert "WhatsApp needs a SIM" in chat.say("Hi", "2").text
    assert "112" in chat.text
    for channel, words in (
        ("telegram", "Telegram needs a SIM"),
        ("other", "stays confidential"),
        ("web_form", "Write nothing that shows who you are"),
    ):
        assert words in Chat(engine, channel=channel).say("Hi", "2").text


def test_the_language_question_comes_in_both_languages(chat: Chat) -> None:
    chat.say("नमस्ते")
    assert "भाषा चुनें" in chat.text
    assert "Choose a language" in chat.text
    assert [choice.label for choice in chat.prompt.choices] == ["हिन्दी", "English"]


@pytest.mark.parametrize(("typed", "language"), [("1", "hi"), ("१", "hi"), ("2️⃣", "en"), ("हिंदी", "hi"), ("eng", "en")])
def test_a_language_is_chosen_by_number_or_name(chat: Chat, typed: str, language: str) -> None:
    chat.say("Hi", typed)
    assert chat.prompt.language == language
    assert chat.step == "category"


def test_a_language_name_as_the_very_first_word_is_a_choice(chat: Chat) -> None:
    assert chat.say("English").step == "category"


def test_an_expired_session_says_nothing_and_leaves_no_word_of_a_draft(chat: Chat, engine: Engine) -> None:
    at_police(chat)
    assert chat.session is not None
    left = engine.expire(chat.session)
    assert left is not None
    assert (left.tip, left.identity, left.answers, left.lapsed) == ("", "", {}, True)
    chat.say("no", "skip").tap("send")
    assert engine.expire(chat.session) is None


def test_notices_are_neutral(engine: Engine) -> None:
    for language in ("hi", "en", "xx"):
        for prompt in (
            engine.news_notice(language),
            engine.file_notice(FileNotice("lost"), language),
        ):
            assert not any(word in prompt.text.lower() for word in ("police", "tip", "पुलिस", "सूचना", "crime"))


def test_an_interpreter_may_replace_an_event() -> None:
    def interpret(event: Event, step: Step | None, session: Session) -> Event | None:
        return Text("2") if event == Text("two") else None

    source = default_flow()
    chat = Chat(Engine(load_flow(source), source.catalogues, Geography.sample(), interpret))
    assert chat.say("Hi", "two").prompt.language == "en"


def test_a_pinned_session_continues_with_the_flow_rebuilt_from_its_canonical_form(chat: Chat, engine: Engine) -> None:
    at_police(chat)
    rebuilt = rebuild_flow(engine.flow.canonical)
    assert rebuilt.hash == engine.flow.hash
    assert len(rebuilt.hash) == 64
    assert rebuilt.languages == ("hi", "en")
    chat.engine = Engine(rebuilt, default_flow().catalogues, Geography.sample())
    assert chat.say("no", "skip").tap("send").submission is not None


def test_lone_surrogates_never_reach_a_prompt_or_a_tip(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "they sell liquor \ud83d behind the school", "Assi", "no", "skip")
    chat.text.encode()
    chat.tap("send")
    assert chat.submission is not None
    msgspec.json.encode(chat.submission)


def test_a_tipster_who_can_not_be_reached_is_not_asked_about_contact(engine: Engine) -> None:
    session = engine.begin(channel="voice", tip="0" * 32, recipient="age1", identity="K", reachable=False)
    turn = engine.show_receipt(session, RECEIPT, NOW)
    assert (turn.session, turn.reach) == (None, None)
    assert turn.prompt is not None
    assert turn.prompt.must_arrive
    assert not turn.prompt.asks
    assert "8391 4460 7012 5538" in turn.prompt.text
    assert "नहीं करेंगे" in turn.prompt.text
