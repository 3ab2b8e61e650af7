"""A flow is built from plain data; problems are refused, with step and language."""

from __future__ import annotations

import pytest

from satark.dialogue.engine import Engine
from satark.dialogue.flow.builder import rebuild_flow
from satark.dialogue.flow.definition import FlowError
from satark.dialogue.flow.loader import default_flow, load_flow
from satark_testing.dialogue.chat import Chat
from satark_words.geography.geography import Geography
from support.dialogue.small_flows import SEND, small_flow


def test_a_form_of_today_is_built_as_it_is() -> None:
    flow = load_flow(default_flow())
    assert rebuild_flow(flow.canonical).canonical == flow.canonical


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ("- {id: a, type: nothing}" + SEND, "step 'a': the type 'nothing' is not known"),
        ("- {id: A b, type: text}" + SEND, "an id is up to"),
        ("- {id: language, type: text}" + SEND, "is no reserved word"),
        ("- {id: a, type: text}\n- {id: a, type: text}" + SEND, "step 'a': the id occurs twice"),
        ("- {id: a, type: text, when: 'f(x)'}" + SEND, "is refused"),
        ("- {id: a, type: text, when: b == 'x'}\n- {id: b, type: text}" + SEND, "'b', which is not asked before it"),
        ("- {id: a, type: text}\n- {id: b, type: choice, from: stations, of: a}" + SEND, "asks for no district"),
        ("- {id: a, type: choice, options: [x]}\n- {id: b, type: text, when: a == 'q'}" + SEND, "'q', which is not an"),
        ("- {id: a, type: choice, options: [yes, no]}" + SEND, "write them in quotes"),
        ("- {id: a, type: choice, options: ['p q']}" + SEND, "is not a code"),
        ("- {id: a, type: choice, options: [x, x]}" + SEND, "an option occurs twice"),
        ("- {id: a, type: choice}" + SEND, "no option to choose"),
        ("- {id: a, type: text, maximum: 3}" + SEND, "maximum"),
        ("- {id: a, type: text, skip: maybe}" + SEND, "`skip` is true or false"),
        ("- {id: a, type: text, check: nobody}" + SEND, "the check 'nobody' is not known"),
        ("- {id: files, type: media}" + SEND, "nobody"),
        ("- {id: a, type: text}", "can end without a submit step"),
        (SEND.strip() + "\n- {id: a, type: text}", "step 'a': it can never be reached"),
        ("- {id: a, type: text}\n- {id: z, type: submit}", "step 'z': a review without a condition must stand"),
        ("- {id: a, type: choice, options: [x, y]}\n- {id: b, type: text, when: a == 'x' and a == 'y'}" + SEND,
         "step 'b': it can never be reached"),
        ("- {id: b, type: number}\n- {id: c, type: text, when: b > 3 and b < 2}" + SEND, "step 'c': it can never"),
        ("- {type: branch, steps: []}" + SEND, "a branch needs"),
        ("- {id: a, type: say}" + SEND, "step 'a', language 'en': the text 'a' is missing"),
        ("- {id: a, type: choice, options: [x, q]}" + SEND, "the text 'a.q' is missing"),
    ],
)  # fmt: skip
def test_a_problem_is_refused_and_named(steps: str, words: str) -> None:
    with pytest.raises(FlowError) as caught:
        load_flow(small_flow(steps))
    if words == "nobody":
        words = "can't be left by somebody who has no file"
    assert words in str(caught.value)


def test_every_problem_is_listed_at_once() -> None:
    with pytest.raises(FlowError) as caught:
        load_flow(small_flow("- {id: a, type: q}\n- {id: b, type: text, skip: 3}\n- {id: c, type: text, check: w}"))
    assert [problem.step for problem in caught.value.problems] == ["a", "b", "c"]


def test_a_flow_is_rebuilt_from_its_canonical_form() -> None:
    flow = load_flow(default_flow())
    again = rebuild_flow(flow.canonical)
    assert (again.hash, again.canonical, again.name) == (flow.hash, flow.canonical, flow.name)
    with pytest.raises(FlowError):
        rebuild_flow(b"{}")


def test_a_check_may_refuse_an_answer_with_a_text_of_its_own() -> None:
    made = small_flow("- {id: a, type: text, check: short}" + SEND, texts={"too.long": "Shorter, please."})
    flow = load_flow(made, validators={"short": lambda value: "too.long" if len(value) > 5 else None})
    talk = Chat(Engine(flow, made.catalogues, Geography.sample())).say("Hi", "far too long")
    assert "Shorter, please." in talk.text
    assert talk.say("Guns").step == "r"
    with pytest.raises(FlowError, match="the check 'short' is not known"):
        rebuild_flow(flow.canonical)


def test_a_missing_text_of_a_check_is_never_shown_by_its_id() -> None:
    made = small_flow("- {id: a, type: text, check: short}" + SEND)
    flow = load_flow(made, validators={"short": lambda value: "plate.bad" if len(value) > 5 else None})
    talk = Chat(Engine(flow, made.catalogues, Geography.sample())).say("Hi", "far too long")
    assert "plate.bad" not in talk.text
    assert made.catalogues["en"].text("not_understood") in talk.text
    assert talk.step == "a"
