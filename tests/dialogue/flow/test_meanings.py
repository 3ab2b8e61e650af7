"""A flow declares the meaning of a step for the engine and the desks; its id is free."""

from __future__ import annotations

import pytest

from satark.dialogue.engine import Engine
from satark.dialogue.flow.builder import rebuild_flow
from satark.dialogue.flow.declarations import MEANINGS, undeclared
from satark.dialogue.flow.definition import FlowError, FlowSource
from satark.dialogue.flow.loader import default_flow, load_flow
from satark_testing.dialogue.chat import Chat
from satark_words.catalogues import Catalogue, Catalogues
from satark_words.geography.geography import Geography

RENAMED = {
    "category": "kind",
    "what": "story",
    "place": "spot",
    "police": "involved",
    "police_unit": "whom",
    "evidence": "proof",
    "whose_voice": "speaker",
    "when": "moment",
}
"""Id of the default flow → id of the same step in a renamed flow."""


def renamed() -> tuple[Engine, Catalogues]:
    """Return the default flow with other ids, and its texts."""
    shipped = default_flow(["en"])
    text = shipped.text
    for old, new in RENAMED.items():
        for before, after in (
            (f"id: {old}\n", f"id: {new}\n"), (f"id: {old},", f"id: {new},"), (f"{old} ", f"{new} "),
            (f"{old}.", f"{new}."), (f"when: {old}\n", f"when: {new}\n"),
        ):  # fmt: skip
            text = text.replace(before, after)
    english = shipped.catalogues["en"]
    texts = {key: english.get(key) for key in english}
    texts |= {f"{RENAMED[head]}.{rest}": text for key, text in texts.items()
              for head, _, rest in [key.partition(".")] if head in RENAMED}  # fmt: skip
    catalogues = Catalogues([Catalogue("en", texts)])
    flow = load_flow(FlowSource(name="renamed", text=text, catalogues=catalogues))
    return Engine(rebuild_flow(flow.canonical), catalogues, Geography.sample()), catalogues


def source(steps: str) -> FlowSource:
    return FlowSource(
        name="small",
        text=f"accuses: nobody\nlanguages: [en]\nsteps:\n{steps}",
        catalogues=Catalogues.of("satark.dialogue"),
    )


def test_the_default_flow_declares_every_meaning() -> None:
    flow = load_flow(default_flow())
    assert set(flow.meanings) == set(MEANINGS)
    assert undeclared(flow.steps) == []


def test_the_same_words_are_understood_with_other_ids() -> None:
    engine, _ = renamed()
    assert not set(RENAMED) & set(engine.flow.by_id)
    chat = Chat(engine).say("Hi", "the police take bribes from every shop", "Lanka")
    assert chat.step == "whom"
    chat.say("the circle officer", "skip", "skip").tap("send")
    submission = chat.submission
    assert submission is not None
    assert (submission.category, submission.place.station) == ("POLCOR", "lanka")
    assert submission.accused is not None
    assert submission.accused.level == "circle"
    assert submission.meanings["own_voice"] == "speaker"
    assert submission.meanings["evidence"] == "proof"


def test_a_story_told_first_answers_steps_of_any_id() -> None:
    engine, _ = renamed()
    chat = Chat(engine).say("They sell illegal liquor at Lanka every night")
    answers = chat.session.answers if chat.session else {}
    assert {"kind", "story", "spot"} <= answers.keys()
    assert answers["kind"].value == "INTOX"


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ("- {id: category, type: choice, options: [A]}", "declare `means: category`"),
        ("- {id: kind, type: text, means: category}", "needs a step of the type choice"),
        ("- {id: kind, type: choice, options: [A], means: sort}", "`means` is one of category, place"),
        ("- {id: voice, type: choice, options: [own], means: own_voice}", "needs the option 'other'"),
        ("- {id: voice, type: text, means: own_voice}", "needs the option 'other'"),
        ("- {id: a, type: place, means: place}\n- {id: b, type: place, means: place}", "the step 'a' already"),
        ("- {id: here, type: place}\n- {id: there, type: place}", "declare `means: place` at the tip's"),
    ],
)  # fmt: skip
def test_a_flow_that_declares_a_meaning_wrongly_is_refused(steps: str, words: str) -> None:
    with pytest.raises(FlowError) as caught:
        load_flow(source(steps))
    assert words in str(caught.value)


def test_the_declared_one_of_several_places_is_the_tips() -> None:
    places = "- {id: home, type: place}\n- {id: spot, type: place, means: place}"
    with pytest.raises(FlowError) as caught:
        load_flow(source(places))
    assert "means" not in str(caught.value)
