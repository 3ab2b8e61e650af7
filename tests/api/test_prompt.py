"""Choice tokens, names of clips, and voice notes that many people hear."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satark.api.prompt import (
    NEXT_PAGE,
    Choice,
    ChoiceToken,
    Prompt,
    VoiceNote,
    clip_name,
    command_token,
    make_token,
    parse_token,
)


@pytest.mark.slow("a third of a second of a processor")
@given(
    st.from_regex(r"@?[a-z][a-z0-9_]{0,23}", fullmatch=True),
    st.from_regex(r"@?[A-Za-z0-9_-]{1,24}", fullmatch=True),
    st.integers(0, 36**8 - 1),
)
def test_a_token_is_parsed_into_its_parts(question: str, option: str, revision: int) -> None:
    assert parse_token(make_token(question, option, revision)) == ChoiceToken(question, option, revision)


@pytest.mark.parametrize(
    "text", ["", "what", "what:yes", "what:yes:1:2", "What:yes:1", "what:y es:1", "what:yes:Z", "x" * 99]
)
def test_arbitrary_text_is_not_a_token(text: str) -> None:
    assert parse_token(text) is None


def test_tokens_of_commands_and_pages_belong_to_no_question() -> None:
    found = [parse_token(text) for text in (command_token("help"), NEXT_PAGE)]
    assert [(one.question, one.option) for one in found if one] == [
        ("@any", "@help"),
        ("@page", "@more"),
    ]


def test_a_voice_note_for_one_person_has_no_reuse_key() -> None:
    assert VoiceNote(("en-1", "hi-1")).reuse_key != VoiceNote(("hi-1", "en-1")).reuse_key
    assert VoiceNote(("en-1",), once=True).reuse_key == ""
    assert VoiceNote(("en-1", ("en", "words"))).reuse_key == ""


def test_a_lines_clip_is_named_by_its_language_and_words() -> None:
    assert clip_name("hi", "नमस्ते") != clip_name("en", "नमस्ते")
    assert clip_name("en", "Where?") == "en-91f45115c34f7dcf"


def test_a_prompt_asks_if_it_has_choices_or_wants_an_answer() -> None:
    said = Prompt(text="Thank you.", language="en")
    assert not said.asks
    assert Prompt(text="Where?", language="en", wants="pin").asks
    assert Prompt(text="Which?", language="en", choices=(Choice("a:b:1", "B"),)).asks
