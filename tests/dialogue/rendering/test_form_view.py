"""The form knows how many pages lie before the tipster."""

from __future__ import annotations

import pytest

from satark.api.flow import FormView
from satark.dialogue.engine import Engine
from satark_testing.dialogue.chat import NOW, Chat


@pytest.fixture
def form(engine: Engine) -> Chat:
    return Chat(engine, channel="web_form").say("Hi", "English")


def view_of(form: Chat) -> FormView:
    assert form.session is not None
    return form.engine.form(form.session, NOW)


def test_before_the_first_answer_there_are_six_pages_the_review_among_them(form: Chat) -> None:
    view = view_of(form)
    assert view.length == 6
    assert [one.step for one in view.questions if one.expected] == ["category", "what", "place", "police", "evidence"]


def test_an_answer_that_leads_to_further_questions_adds_their_pages(form: Chat) -> None:
    form.tap("INTOX").say("They sell liquor every night", "Lanka")
    assert view_of(form).length == 6
    assert view_of(form.tap("yes")).length == 8


def test_a_detail_counts_once_it_is_answered(form: Chat) -> None:
    form.tap("INTOX").say("They sell liquor every night", "Lanka").tap("no", "@skip")
    assert view_of(form).length == 6
    assert view_of(form.tap("details", "vehicle")).length == 6
    assert view_of(form.say("a white pickup")).length == 7
