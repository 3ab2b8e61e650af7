"""The lines that a call reads aloud for a prompt (its text, choices and keys), and their recordings."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from satark.api import Prompt, clip_name
from satark_sms_ivr.call_state import CallState
from satark_sms_ivr.call_texts import call_text, language_of, spoken_language
from satark_sms_ivr.keypad import UNKNOWN, offered_commands, says_unknown
from satark_words.catalogues import without_isolates
from satark_words.languages import is_written_in

CLIPS_PATH: Final = "/voice/clips"
_SUFFIXES: Final = (".mp3", ".wav")
_CODE: Final = re.compile(r"(?<!\d)\d{4}(?: \d{4}){2,3}(?!\d)")
_BULLET: Final = "• "
_SAME_EVERYWHERE: Final = frozenset({"back", "repeat"})
"""Commands of keys with the same effect at every question. The call names them at its start, and after a silence."""


def spoken_lines(text: str) -> Iterator[str]:
    """Yield the lines of a text without bullets and empty lines."""
    return (line.removeprefix(_BULLET) for line in without_isolates(text).split("\n") if line.strip())


def prompt_lines(prompt: Prompt) -> Iterator[str]:
    """Yield the lines of a prompt. A receipt's code is repeated, and so is any other text that must arrive."""
    again = call_text(prompt.language, "again")
    if prompt.page:
        return  # the caller turned the page of the choices, and has heard the question
    if found := _CODE.search(prompt.text):
        groups = found[0].split()
        yield from spoken_lines(prompt.text[: found.start()])
        yield from [*groups, again, *groups] if prompt.must_arrive and prompt.asks else groups
        yield from spoken_lines(prompt.text[found.end() :])
        return
    question = prompt.parts[-1] if prompt.must_arrive and prompt.asks and prompt.parts else ""
    lines = list(spoken_lines(prompt.text.removesuffix(question)))
    yield from [*lines, again, *lines] if prompt.must_arrive else lines
    yield from spoken_lines(question)


def lines_below_list(prompt: Prompt) -> int:
    """Return the number of lines of a prompt below its last list: below a review's list, only the question."""
    _, bullet, last = prompt.text.rpartition(_BULLET)
    return len([*spoken_lines(last)][1:]) if bullet else 0


def receipt_code(prompt: Prompt) -> list[str]:
    """Return the groups of a receipt's code if the receipt ends the call; empty for every other prompt."""
    found = None if prompt.asks or not prompt.must_arrive else _CODE.search(prompt.text)
    return found[0].split() if found else []


def menu_lines(prompt: Prompt) -> Iterator[str]:
    """Yield each choice with its key, in the language of its label. `unknown_lines` has the line of "don't know".

    Each language's first line says that a key is to be pressed.
    """
    said: set[str] = set()
    for key, choice in enumerate(prompt.choices, 1):
        if says_unknown(choice):
            continue
        language = language_of(choice.label, prompt.language)
        yield call_text(language, "choose.next" if language in said else "choose", label=choice.label, key=key)
        said.add(language)


def unknown_lines(prompt: Prompt, state: CallState) -> list[str]:
    """Return the line that names the key for "don't know", if there is one. The key lets a caller pass any question."""
    if state.key_0 != UNKNOWN or prompt.page:
        return []
    kind = next((f".{command}" for command in ("done", "skip") if command in offered_commands(prompt)), "")
    return [call_text(prompt.language, f"{UNKNOWN}{kind}")]


def key_lines(prompt: Prompt, state: CallState, *, remind: bool) -> list[str]:
    """Return the lines that explain the keys beside the choices.

    `remind`: whether to name also the keys with the same effect at every question.
    """
    key_9 = f"{state.key_9}.code" if state.key_9 and prompt.wants == "code" else state.key_9
    commands = [state.key_8, key_9, "clear" if state.clears else "", "repeat", state.key_0]
    known = {UNKNOWN} if state.key_0 != UNKNOWN else {UNKNOWN, "skip", "done"}
    known |= set() if remind else _SAME_EVERYWHERE
    commands = [command for command in commands if command and command not in known]
    return [call_text(language, command) for language in prompt_languages(prompt) for command in commands]


def prompt_languages(prompt: Prompt) -> tuple[str, ...]:
    """Return the languages of a question: several as long as the caller has not chosen one."""
    own, question = spoken_language(prompt.language), prompt.parts[-1] if prompt.parts else prompt.text
    others = (language_of(line, own) for line in spoken_lines(question) if not is_written_in(line, own))
    return tuple(dict.fromkeys((own, *others)))


class Clips:
    """The recorded lines: the sound files that the folder holds when the program starts, each named after its text.

    A synthetic voice reads all other lines.
    """

    def __init__(self, folder: Path | None, public_url: str) -> None:
        files = sorted(folder.iterdir()) if folder else []
        base = public_url.rstrip("/") + CLIPS_PATH
        self._urls = {file.stem: f"{base}/{file.name}" for file in files if file.suffix in _SUFFIXES}

    def url(self, language: str, text: str) -> str:
        """Return the URL of a line's recording; empty: there is none."""
        return self._urls.get(clip_name(language, text), "") if self._urls else ""
