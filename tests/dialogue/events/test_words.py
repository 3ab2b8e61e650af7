"""Words are read where they are no command: dangers get their numbers, remarks an answer, stories their place."""

from __future__ import annotations

import itertools

import pytest

from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark_testing.dialogue.chat import Chat
from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography
from satark_words.reader import Reader
from satark_words.reading import DangerKind
from support.loops import every_row

CRIES = {
    "bachao mujhe maar denge": "112",
    "मुझे बचाओ, वे मुझे मार डालेंगे": "112",
    "they are going to kill me": "112",
    "main apni jaan de dunga": "14416",
    "मैं जीना नहीं चाहती": "14416",
    "I want to kill myself": "14416",
    "he says he will take his own life": "14416",
    "they will take her life tonight": "112",
    "mere saath balatkar hua": "1090",
    "मेरे साथ बलात्कार हुआ": "1090",
    "a girl is being raped here": "112",
    "bacche ko utha le gaye": "1098",
}

STEPS = {
    "language": (),
    "category": ("Hi", "2"),
    "what": ("Hi", "2", "daru"),
    "place": ("Hi", "2", "daru", "They sell it every night"),
    "police": ("Hi", "2", "daru", "They sell it every night", "Lanka"),
    "review": ("Hi", "2", "daru", "They sell it every night", "Lanka", "no", "skip"),
}


def chat() -> Chat:
    source = default_flow()
    return Chat(Engine(load_flow(source), source.catalogues, Geography.sample()))


@pytest.mark.slow("every step")
@every_row("step", STEPS)
@every_row("cry", CRIES)
def test_a_cry_for_help_gets_its_number_at_every_step(step: str, cry: str) -> None:
    talk = chat().say(*STEPS[step], cry)
    assert CRIES[cry] in talk.text
    assert "112" in talk.text
    assert talk.submission is None
    assert talk.session is not None
    assert talk.session.dangers


def test_before_a_language_is_chosen_the_number_comes_in_every_language() -> None:
    text = chat().say("bachao mujhe maar denge").text
    assert "जान को ख़तरा है? अभी 112 पर कॉल करें।" in text
    assert "Call 112 now" in text


def test_the_tip_is_urgent_and_says_why() -> None:
    talk = chat().say(*STEPS["what"], "they will kill the boy if he tells", "Lanka", "no", "skip").tap("send")
    assert talk.submission is not None
    assert talk.submission.priority == "urgent"
    assert talk.submission.flags
    assert all(flag.startswith("danger:") for flag in talk.submission.flags)


def test_an_ordinary_tip_is_not_urgent() -> None:
    talk = chat().say(*STEPS["review"]).tap("send")
    assert talk.submission is not None
    assert (talk.submission.priority, talk.submission.flags) == ("normal", ())


@pytest.mark.slow("every step")
def test_every_language_names_the_numbers_of_every_danger() -> None:
    reader = Reader()
    for catalogue, kind in itertools.product(Catalogues.of("satark.dialogue"), DangerKind):
        for number in reader.numbers(kind):
            assert number in catalogue.text(f"danger.{kind}"), (catalogue.language, number)


@pytest.mark.parametrize("typed", ["13", "0", "qwerty", "!!"])
def test_a_text_that_chooses_nothing_is_answered(chat: Chat, typed: str) -> None:
    chat.say("Hi", "2", typed)
    assert chat.step == "category"
    assert "not understood" in chat.text


@pytest.mark.parametrize("greeting", ["Hi", "hello sir", "namaste ji", "नमस्ते", "ok", "👋", "", "start"])
def test_a_greeting_is_not_taken_for_a_story(chat: Chat, greeting: str) -> None:
    chat.say(greeting)
    assert chat.session is not None
    assert chat.session.answers == {}
    assert "not understood" not in chat.text
