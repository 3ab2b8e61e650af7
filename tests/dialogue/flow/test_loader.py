"""Loading flows: problems are refused with step and language, and channels that can't show a prompt are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.dialogue.flow.definition import FlowError
from satark.dialogue.flow.loader import load_flow, read_flow
from support.dialogue.small_flows import SEND, small_chat, small_flow


@pytest.mark.parametrize(
    ("top", "words"),
    [
        ("languages: []", "needs a language"),
        ("languages: [en, ur]\naccuses: nobody", "language 'ur': there is no catalogue"),
        ("languages: [en]\naccuses: nobody\npriority: {high: 'f()'}", "step 'priority'"),
        ("languages: [en]\naccuses: nobody\nmore: 1", "can't be read"),
        ("languages: [en]\naccuses: nobody\n\tx", "can't be read"),
    ],
)
def test_a_wrong_head_is_refused(top: str, words: str) -> None:
    with pytest.raises(FlowError, match=words):
        load_flow(small_flow("- {id: a, type: text}" + SEND, top))


def test_with_one_language_the_first_step_comes_at_once_and_back_stays_on_it() -> None:
    talk = small_chat("- {id: hello, type: say}\n- {id: a, type: text}" + SEND).say("Hi")
    assert talk.text == "Hello\n\na ask"
    assert "first question" in talk.say("back").text
    assert talk.say("They sell guns").step == "r"
    assert "Hello" not in talk.say("restart").tap("yes").text or talk.turn.session is None


def test_an_own_flow_is_read_with_the_words_beside_it(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "en.po").write_text('msgid "a.ask"\nmsgstr "Mine?"\n\nmsgid "a.name"\nmsgstr "A"\n', "utf-8")
    (tmp_path / "texts" / "bho.po").write_text('msgid "a.ask"\nmsgstr "का?"\n', "utf-8")
    path = tmp_path / "mine.yaml"
    steps = "[{id: a, type: text}, {id: review, type: review}, {id: z, type: submit}]"
    path.write_text(f"languages: [en]\naccuses: nobody\nsteps: {steps}", "utf-8")
    read = read_flow(path)
    assert read.name == "mine"
    assert read.catalogues["en"].text("a.ask") == "Mine?"
    assert "bho" in read.catalogues
    assert load_flow(read).languages == ("en",)
    (tmp_path / "texts" / "en.po").write_text('msgid "unfinished\n', "utf-8")
    with pytest.raises(FlowError, match="catalogue 'en' can't be read"):
        read_flow(path)
