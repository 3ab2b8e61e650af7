"""Step types: what most of them share, and how many pages a form has."""

from __future__ import annotations

from satark.api.flow import BaseStepType, FormQuestion, FormView, Step, View, actions_of, question_text
from satark.api.prompt import Prompt
from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography


class Plate(BaseStepType):
    """A step type that uses every default of the base class."""

    name = "plate"


def step(**fields: bool) -> Step:
    return Step(id="what", type=Plate(), **fields)  # type: ignore[arg-type] # it neither asks nor accepts


def view(channel: str = "sms") -> View:
    texts = Catalogues.of("satark.dialogue")["en"]
    return View(catalogue=texts, geography=Geography.sample(), channel=channel, now=0, values={})


def test_a_step_type_needs_a_question_and_a_name_and_shows_answers_unchanged() -> None:
    plate = Plate()
    assert plate.keys(step()) == [("what.ask",), ("what.name",)]
    assert plate.show(step(), "UP65", view()) == "UP65"
    assert plate.show(step(), {"voice": "1", "text": "a lorry"}, view()).startswith("a lorry, ")


def test_a_question_has_a_channels_own_wording_where_there_is_one() -> None:
    assert question_text(step(), view("no such channel")) == view().catalogue.get("what.ask")


def test_an_optional_step_can_be_skipped_and_a_partly_answered_one_ended() -> None:
    assert actions_of(step(), partial=False) == ()
    assert actions_of(step(skip=True), partial=False) == actions_of(step(detail=True), partial=False) == ("skip",)
    assert actions_of(step(skip=True), partial=True) == ("done",)


def test_a_form_has_a_step_for_each_counted_question_and_the_review() -> None:
    asked = FormQuestion(step="what", kind="text", name="What", text="What happened?", counted=True)
    left = FormQuestion(step="when", kind="date", name="When", text="When?")
    form = FormView(
        language="en", languages=(), questions=(asked, left), prompt=Prompt(text="?", language="en"), current="what"
    )
    assert form.steps == 2
    assert (form.step_of("what"), form.step_of("when")) == (1, 1)
