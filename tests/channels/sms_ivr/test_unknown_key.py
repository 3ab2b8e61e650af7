"""Key 0 means "I don't know" at every question of a tip. Each question names it, and it invents no answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from satark.api.prompt import Choice, Prompt
from satark.api.tip import Message
from satark.dialogue.engine import Engine
from satark.dialogue.flow.definition import FlowSource
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.dialogue.session import Mailbox, OpenMailbox
from satark.dialogue.turn.loaded_flow import ASKED_PARTS
from satark_sms_ivr.call_state import CallState
from satark_sms_ivr.call_texts import call_text
from satark_words.catalogues import Catalogue, Catalogues
from satark_words.geography.geography import Geography

SOURCE = default_flow()
ENGINE = Engine(load_flow(SOURCE), SOURCE.catalogues, Geography.sample())
LINES = {call_text("en", f"unknown{kind}") for kind in ("", ".skip", ".done")}
SAYS_NOTHING = (None, "unknown", "OTHER", ["unknown"], ["OTHER"])
STARTS = {
    "nothing known": ["2"],
    "police suspected": ["2", "0", "0", "0", "0", "1"],
    "police corruption": ["2", "8", "3"],
    "another thana suspected": ["2", "8", "3", "0", "0", "0", "3"],
}
"""The answers of callers before they know nothing more."""

Dial = Callable[[Engine], Any]


def know_nothing(call: Any) -> None:
    """Press 0 at every question, up to the review, and check each."""
    asked: set[str] = set()
    while (step := call.chat.engine.flow.by_id.get(call.chat.step)) and step.type.part in ASKED_PARTS:
        assert step.id not in asked, f"{step.id} is asked again"
        asked.add(step.id)
        assert LINES & set(call.question.splitlines()), f"{step.id} does not name the key"
        call.press("0")
        answer = call.chat.session.answers.get(step.id) if call.chat.session else None
        assert answer is None or answer.value in SAYS_NOTHING, f"{step.id}: {answer}"


@pytest.mark.parametrize("start", STARTS)
def test_a_caller_who_knows_no_answers_reaches_the_review_with_one_key(start: str, dial: Dial) -> None:
    call = dial(ENGINE).press(*STARTS[start])
    know_nothing(call)
    assert call.chat.step == "review"
    call.press("1")
    assert call.chat.submission is not None


@pytest.mark.parametrize("detail", [step.id for step in ENGINE.flow.steps if step.detail])
def test_every_further_detail_may_be_unknown(detail: str, dial: Dial) -> None:
    call = dial(ENGINE).press("2")
    know_nothing(call)
    call.press("2")
    offered = [choice.token.split(":")[1] for choice in call.chat.prompt.choices]
    call.press(str(offered.index(detail) + 1))
    assert call.chat.step == detail
    know_nothing(call)
    assert call.chat.step == "review"


def test_an_answer_changed_to_unknown_is_stored_only_if_unknown_is_an_answer(dial: Dial) -> None:
    call = dial(ENGINE).press("2")
    know_nothing(call)
    call.press("3", "1")
    assert call.chat.step == "category"
    assert call.press("3").chat.session.answers["category"].value == "ARMS"
    call.press("3", "1", "0")
    assert call.chat.session.answers["category"].value == "OTHER"


def test_the_officers_question_is_answered_with_the_same_key(dial: Dial) -> None:
    call = dial(ENGINE)
    box = OpenMailbox(tip="1" * 32, number="4K7Q-2XPM", recipient="age1", question=1)
    asked = Message(sender="desk", text="Which shop?", question=True)
    call.chat.mailbox = Mailbox(open=box, language="en", messages=(asked,))
    call.press("0")
    call.press("8391446070125538")
    assert call_text("en", "unknown") in call.question
    call.press("0")
    assert call.chat.turn.post is not None
    assert call.chat.turn.post.text == "Don't know"


def test_key_0_asks_for_an_earlier_report_at_the_start_and_does_nothing_in_the_review(dial: Dial) -> None:
    assert "secret code" in dial(ENGINE).press("0").question
    call = dial(ENGINE).press("2")
    know_nothing(call)
    assert call.press("0").chat.step == "review"
    assert "secret code" in call.press("*", "0").question


def test_the_option_dont_know_is_not_in_the_menu_and_other_options_keep_their_keys(dial: Dial) -> None:
    call = dial(ENGINE).press("2", "3", "0", "0", "1")
    assert call.chat.step == "police"
    assert call.question.count("Don't know") == 1
    choices = tuple(Choice(f"who:{code}:1", code) for code in ("unknown", "a", "b"))
    state = CallState().next(Prompt(text="Who?", language="en", choices=choices, wants="choice"))
    assert [state.event_of(key).body for key in "23"] == ["2", "3"]  # type: ignore[union-attr]
    assert state.key_0 == "unknown"


# ---- flows of others

CODES = ["COW", "unknown", "OTHER", "red"]
kinds: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({
        "type": st.sampled_from(["choice", "choices"]),
        "options": st.lists(st.sampled_from(CODES), min_size=1, max_size=4, unique=True),
    }),
    st.builds(lambda voice: {"type": "text", "voice": voice}, st.booleans()),
    st.sampled_from([{"type": kind} for kind in ("number", "date", "confirm", "media", "place")]),
)  # fmt: skip
steps = st.lists(st.tuples(kinds, st.booleans()), min_size=1, max_size=6)
ASKED = {f"q{n}.{text}": "Which?" for n in range(6) for text in ("ask", "name", "more")}
OPTIONS = {f"q{n}.{code}": code for n in range(6) for code in CODES}
TEXTS = Catalogues(Catalogue(c.language, ASKED | OPTIONS).over(c) for c in SOURCE.catalogues.only(("hi", "en")))


def flow_of(chosen: list[tuple[dict[str, Any], bool]]) -> Engine:
    """Make an engine with these steps, with at most one media step and one place step."""
    written: list[dict[str, Any]] = []
    seen: set[str] = set()
    for number, (kind, skip) in enumerate(chosen):
        if kind["type"] in seen & {"media", "place"}:
            continue
        seen.add(kind["type"])
        written.append({"id": f"q{number}", **kind, **({"skip": True} if skip or kind["type"] == "media" else {})})
    written += [{"id": "review", "type": "review"}, {"id": "send", "type": "submit"}]
    text = yaml.safe_dump({"name": "other", "languages": ["hi", "en"], "accuses": "nobody", "steps": written})
    source = FlowSource(name="other", text=text, catalogues=TEXTS)
    return Engine(load_flow(source), TEXTS, Geography.sample())


@pytest.mark.slow("a property over whole flows")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=steps)
def test_in_any_flow_one_key_leads_to_the_review(chosen: list[tuple[dict[str, Any], bool]], dial: Dial) -> None:
    call = dial(flow_of(chosen)).press("2")
    know_nothing(call)
    assert call.chat.step == "review"
