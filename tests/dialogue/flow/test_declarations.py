"""A flow declares whom its answers accuse, and what its steps mean; ids are free."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from satark.api.tip import Accused
from satark.dialogue.engine import Engine
from satark.dialogue.flow.builder import rebuild_flow
from satark.dialogue.flow.definition import FlowError, FlowSource
from satark.dialogue.flow.loader import default_flow, load_flow
from satark_testing.dialogue.chat import Chat
from satark_words.catalogues import Catalogue, Catalogues
from satark_words.geography.geography import Geography

TEXTS = {f"{step}.{part}": part for step in ("whom", "which", "who", "place") for part in ("ask", "name")} | {
    "whom.us": "Our police station",
    "whom.post": "Its outpost",
    "whom.other": "Another one",
    "whom.sp": "The SP",
    "whom.none": "Nobody",
    "which.unknown": "Don't know",
    "r.ask": "{summary}?",
    "r.send": "Send",
    "r.details": "More",
    "r.change": "Change",
}

WHOM = "- {id: whom, type: choice, options: [us, post, other, sp, none], accuses: %s}\n"

UNITS = "{us: station, post: outpost, other: named, sp: district, none: nobody}"

WHICH = "- {id: which, type: choice, from: stations, options: [unknown], accuses: station, when: whom == 'other'}\n"

WHO = "- {id: who, type: text, skip: true, accuses: outpost, when: whom == 'post'}\n"

PLACE = "- {id: place, type: place}\n"

SEND = "- {id: r, type: review}\n- {id: z, type: submit}"


def source(steps: str, top: str = "languages: [en]") -> FlowSource:
    own = Catalogue("en", TEXTS).over(Catalogues.of("satark.dialogue")["en"])
    return FlowSource(name="own words", text=f"{top}\nsteps:\n{steps}{SEND}", catalogues=Catalogues([own]))


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        (PLACE + "- {id: whom, type: choice, options: [us, sp]}\n", "the flow does not say whom in the police"),
        (PLACE + WHOM % "{us: station, sp: district}", "step 'whom': `accuses` does not say whom the option 'none'"),
        (PLACE + WHOM % "{us: station, post: outpost, other: circle, sp: district, none: nobody, x: range}",
         "names 'x', which is not an option"),
        (PLACE + WHOM % "{us: chief}", "gives each option one of"),
        (PLACE + WHOM % "everybody", "`accuses` is `station`, `outpost`"),
        (PLACE + WHOM % UNITS, "no step names it"),
        (PLACE + WHOM % UNITS + "- {id: which, type: text, accuses: station}\n", "a choice from the stations"),
        (PLACE + "- {id: who, type: text, accuses: {us: station}}\n", "needs a choice of one of its own options"),
    ],
)  # fmt: skip
def test_a_flow_without_a_question_about_the_accused_is_refused(steps: str, words: str) -> None:
    with pytest.raises(FlowError) as caught:
        load_flow(source(steps))
    assert words in str(caught.value)


def test_a_flow_may_say_that_it_accuses_nobody_but_not_both() -> None:
    nobody = "languages: [en]\naccuses: nobody"
    assert load_flow(source(PLACE, nobody)).accuses == "nobody"
    with pytest.raises(FlowError, match="contradicts"):
        load_flow(source(PLACE + WHOM % UNITS + WHICH, nobody))


@pytest.mark.parametrize(
    ("said", "accused"),
    [
        (["us"], Accused(level="station", unit="lanka")),
        (["post", "the men of Nagwa"], Accused(level="outpost", unit="lanka-nagwa")),
        (["post", "skip"], Accused(level="outpost", unit="lanka")),
        (["other", "Bhelupur"], Accused(level="station", unit="bhelupur")),
        (["other", "don't know"], Accused(level="unknown")),
        (["sp"], Accused(level="district", unit="varanasi")),
        (["none"], None),
    ],
)
def test_a_flow_in_its_own_words_accuses_the_declared_unit(said: Sequence[str], accused: Accused | None) -> None:
    made = source(PLACE + WHOM % UNITS + WHICH + WHO)
    flow = rebuild_flow(load_flow(made).canonical)
    chat = Chat(Engine(flow, made.catalogues, Geography.sample())).say("Hi", "Lanka")
    chat.tap(said[0]).say(*said[1:]).tap("send")
    assert chat.submission is not None
    assert chat.submission.accused == accused


@pytest.mark.parametrize("accused", [Accused(level="range"), None])
def test_the_ranges_office_can_be_accused_only_if_a_desk_is_above_it(accused: Accused | None) -> None:
    shipped = default_flow()
    engine = Engine(load_flow(shipped), shipped.catalogues, Geography.sample())
    chat = Chat(engine.among(lambda: accused is not None))
    chat.say("Hi", "2", "police corruption", "They take money from every shop", "Lanka", "the DIG's office")
    if accused is None:
        assert chat.step == "police_unit"
        assert "No office above the DIG's is connected here" in chat.text
        assert "Lokayukta" in chat.text
        assert "Nothing has been sent" in chat.text
    else:
        chat.say("skip", "skip").tap("send")
        assert chat.submission is not None
        assert chat.submission.accused == accused
