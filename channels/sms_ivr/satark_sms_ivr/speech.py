"""The lines that a call reads aloud for a prompt: its text, its choices, and what the keys do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from satark.catalogues import without_isolates
from satark.languages import is_written_in
from satark.prompt import Prompt
from satark_sms_ivr.call_state import CallState
from satark_sms_ivr.call_texts import call_text, language_of, spoken_language

_CODE: Final = re.compile(r"(?<!\d)\d{4}(?: \d{4}){2,3}(?!\d)")
_BULLET: Final = "• "


def spoken_lines(text: str) -> Iterator[str]:
    """Yield the lines of a text without bullets and empty lines."""
    return (line.removeprefix(_BULLET) for line in without_isolates(text).split("\n") if line.strip())


def prompt_lines(prompt: Prompt) -> Iterator[str]:
    """Yield the lines of a prompt. A receipt's code, and any other text that must arrive, comes twice."""
    again = call_text(prompt.language, "again")
    if found := _CODE.search(prompt.text):
        groups = found[0].split()
        yield from spoken_lines(prompt.text[: found.start()])
        yield from [*groups, again, *groups] if prompt.must_arrive else groups
        yield from spoken_lines(prompt.text[found.end() :])
        return
    question = prompt.parts[-1] if prompt.must_arrive and prompt.asks and prompt.parts else ""
    lines = list(spoken_lines(prompt.text.removesuffix(question)))
    yield from [*lines, again, *lines] if prompt.must_arrive else lines
    yield from spoken_lines(question)


def menu_lines(prompt: Prompt) -> Iterator[str]:
    """Yield each choice with its key, in the language of its label."""
    for key, choice in enumerate(prompt.choices, 1):
        yield call_text(language_of(choice.label, prompt.language), "choose", label=choice.label, key=key)


def key_lines(prompt: Prompt, state: CallState, *, greeting: bool) -> list[str]:
    """Return what the keys beside the choices do. `greeting`: the call begins."""
    key_9 = f"{state.key_9}.code" if state.key_9 and prompt.wants == "code" else state.key_9
    commands = (state.key_8, key_9, "clear" if state.clears else "", "repeat", "status" if greeting else "")
    return [call_text(language, command) for language in prompt_languages(prompt) for command in commands if command]


def prompt_languages(prompt: Prompt) -> tuple[str, ...]:
    """Return the languages of a question: more than one while the caller's language is unknown."""
    own, question = spoken_language(prompt.language), prompt.parts[-1] if prompt.parts else prompt.text
    others = (language_of(line, own) for line in spoken_lines(question) if not is_written_in(line, own))
    return tuple(dict.fromkeys((own, *others)))
