"""Another program's questionnaire becomes ids, codes and labels that Satark can show."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.cli.importing.draft import Draft, as_id, language_code


@pytest.mark.parametrize("wanted", ["class", "help", "when", "Where is it?", "1", "ज़िला", "a" * 40, "_x__y_"])
def test_an_id_is_unused_and_has_no_meaning_for_the_dialogue(wanted: str) -> None:
    draft = Draft("x")
    first, second = (draft.add(wanted, "text", {"en": "Q"}, "", {}) for _ in range(2))
    assert first != second
    assert {first, second}.isdisjoint({"class", "help", "when"})
    assert all(as_id(one) == one for one in (first, second))


def test_a_long_label_is_shortened_and_complete_in_its_description(tmp_path: Path) -> None:
    draft = Draft("x")
    draft.add("q", "choice", {"en": "Q"}, "", {"a b/c": {"en": "Liquor that is made without a licence"}})
    texts = (draft.write(tmp_path / "x", accuses_nobody=True).parent / "texts/en.po").read_text()
    assert draft.steps[0]["options"] == ["a_b_c"]
    assert 'msgid "q.a_b_c"\nmsgstr "Liquor that is made wit…"' in texts
    assert 'msgid "q.a_b_c.description"\nmsgstr "Liquor that is made without a licence"' in texts


def test_options_with_similar_codes_stay_apart() -> None:
    draft = Draft("x")
    draft.add("q", "choice", {"en": "Q"}, "", {"a b": {"en": "A"}, "a/b": {"en": "B"}, "हाँ": {"en": "C"}})
    assert len(set(draft.steps[0]["options"])) == 3


@pytest.mark.parametrize(
    ("named", "code"),
    [("eng", "en"), ("hin", "hi"), ("English (en)", "en"), ("French", "fr"), ("base", "xx"), ("", "xx")],
)
def test_a_language_is_recognised_by_its_code_or_its_name(named: str, code: str) -> None:
    assert language_code(named, "xx") == code


def test_a_text_too_long_for_one_text_message_is_split_by_an_ok(tmp_path: Path) -> None:
    draft = Draft("x")
    for _ in range(3):
        draft.add("said", "say", {"en": "A word. " * 40}, "", {})
    draft.add("q", "text", {"en": "A long question. " * 40}, "", {})
    assert [step["type"] for step in draft.steps] == ["choice", "choice", "choice", "choice", "text"]
    assert draft.left_out[0] == "step said: it waits for an OK, since more does not fit into one text message"
    texts = (draft.write(tmp_path / "x", accuses_nobody=True).parent / "texts/en.po").read_text()
    assert texts.count("question") == 40
    assert 'msgid "said.OK"\nmsgstr "OK"' in texts


def test_no_options_code_is_a_text_of_its_step(tmp_path: Path) -> None:
    draft = Draft("x")
    draft.add("field", "choice", {"en": "Which?"}, "", {"name": {"en": "My name"}, "ask": {"en": "I ask"}})
    texts = (draft.write(tmp_path / "x", accuses_nobody=True).parent / "texts/en.po").read_text()
    assert all(one in texts for one in ("Which?", "My name", "I ask"))
    assert {"name", "ask"}.isdisjoint(draft.steps[0]["options"])


def test_an_option_that_is_cut_off_is_named() -> None:
    draft = Draft("x")
    draft.add("q", "choice", {"en": "Q"}, "", {"a": {"en": "a" * 72}, "b": {"en": "b" * 73}})
    assert draft.left_out == ["step q: its option b is cut off after 72 characters"]
