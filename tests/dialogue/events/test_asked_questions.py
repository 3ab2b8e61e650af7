"""A question as a text is read at it."""

from __future__ import annotations

import pytest

from satark.dialogue.engine import STATES, Engine
from satark.dialogue.events.asked_questions import asked_of, named_option
from satark.dialogue.turn.context import TurnContext
from satark_testing.dialogue.chat import NOW, Chat
from satark_words.tokens import fold
from support.dialogue.walks import at_review


def context_at(chat: Chat, engine: Engine) -> TurnContext:
    assert chat.session is not None
    return TurnContext(engine._loaded, STATES, chat.session, "", NOW)


@pytest.fixture
def review(engine: Engine) -> TurnContext:
    return context_at(at_review(Chat(engine)), engine)


def test_the_review_tells_which_of_its_options_acts(review: TurnContext) -> None:
    asked = asked_of(review, *review.whole_question())
    assert (asked.asks, asked.opening) == ("review", False)
    assert [option.id for option in asked.options if option.acts] == ["send"]


def test_the_first_question_is_an_opening(engine: Engine) -> None:
    context = context_at(Chat(engine).say("Hi"), engine)
    assert asked_of(context, *context.whole_question()).opening


@pytest.mark.parametrize(("said", "option"), [("send", "send"), ("भेजें", "send"), ("haan", ""), ("", "")])
def test_an_option_is_named_by_its_own_words(review: TurnContext, said: str, option: str) -> None:
    assert named_option(review, *review.whole_question(), fold(said)) == option
