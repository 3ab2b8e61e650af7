"""Every prompt that a flow can show is listed: each question, menu and text, in each language."""

from __future__ import annotations

from satark.dialogue.engine import STATES
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.dialogue.flow.required_texts import REQUIRED_TEXTS
from satark.dialogue.rendering.every_prompt import every_prompt
from satark_words.geography.geography import Geography

SOURCE = default_flow()
FLOW = load_flow(SOURCE)


def test_each_question_menu_and_text_is_listed_in_each_language() -> None:
    names = {name for name, _ in every_prompt(FLOW, SOURCE.catalogues, Geography.sample(), "whatsapp")}
    asked = [step.id for step in FLOW.steps if step.type.part in {"ask", "media", "review"}]
    for language in FLOW.languages:
        assert {f"{language} {step} 0" for step in asked} <= names
        assert {f"{language} {state}" for state in STATES if state} <= names
        assert {f"{language} {key}" for key in REQUIRED_TEXTS} <= names


def test_unfilled_placeholders_stay_in_braces_and_filled_ones_do_not() -> None:
    filled = dict(every_prompt(FLOW, SOURCE.catalogues, Geography.sample(), "whatsapp"))
    bare = dict(every_prompt(FLOW, SOURCE.catalogues, Geography.sample(), "whatsapp", filled=False))
    assert "{code}" in bare["en receipt"].text
    assert "8391 4460 7012 5538" in filled["en receipt"].text
    assert [name for name, prompt in filled.items() if "{" in prompt.text] == []
