"""The form knows the number of its steps, and keeps to that number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satark.api.flow import FormQuestion, FormView
from satark.api.inbound import FormPage, Media, MediaRef, Tap, Text
from satark.dialogue.engine import Engine
from satark_testing.dialogue.chat import NOW, Chat

WORDS = ("They sell liquor every night", "Lanka", "behind the big tree", "somewhere near Jaunpur", "the DIG's office")
FILES = (
    Media(MediaRef(account="web_form:site", id="a"), "audio"),
    Media(MediaRef(account="web_form:site", id="v"), "video"),
)


def begun(engine: Engine) -> Chat:
    return Chat(engine, channel="web_form").say("Hi", "English")


def view_of(form: Chat) -> FormView:
    assert form.session is not None
    return form.engine.form(form.session, NOW)


@st.composite
def an_answer(draw: st.DrawFn, question: FormQuestion) -> Tap | Text | Media:
    """Draw an answer that the question's page could send, the empty one included."""
    if question.options:
        return Tap(draw(st.sampled_from([option.code for option in question.options])))
    if question.wants == "media":
        return draw(st.one_of(st.sampled_from(FILES), st.just(Text(""))))
    return Text(draw(st.sampled_from([*WORDS, ""] if question.optional else WORDS)))


@pytest.mark.slow("a property over whole flows")
@given(data=st.data())
def test_no_answer_changes_the_number_of_steps_or_exceeds_it(engine: Engine, data: st.DataObject) -> None:
    form = begun(engine)
    shown: list[tuple[int, int]] = []
    while not (view := view_of(form)).review and len(shown) < 40:
        question = next(one for one in view.questions if one.step == view.current)
        shown.append((view.step_of(question.step), view.steps))
        form.hear(FormPage(((question.step, data.draw(an_answer(question))),), "en"))
    assert {steps for _, steps in shown} == {view.steps} == {6}
    numbers = [number for number, _ in shown]
    assert numbers == sorted(numbers)
    assert 1 == numbers[0] <= numbers[-1] < view.steps


def test_a_conditional_question_belongs_to_the_step_before_it(engine: Engine) -> None:
    view = view_of(begun(engine))
    assert [one.step for one in view.questions if one.counted] == ["category", "what", "place", "police", "evidence"]
    asked = {"category": 1, "now": 2, "district": 3, "police_unit": 4, "police_who": 4, "evidence": 5, "who": 5}
    assert {step: view.step_of(step) for step in asked} == asked


@pytest.mark.parametrize("unknown", ["", "@reach"])
def test_a_page_without_a_question_of_the_flow_is_the_first_step(engine: Engine, unknown: str) -> None:
    assert view_of(begun(engine)).step_of(unknown) == 1
