"""Prompts for tipsters who don't read: choices with a digit and a picture, and the clips that speak the prompt.

Speech consists of recorded clips, phrase by phrase. A text may have a shorter wording for the ear, `ID.aloud`. The
tipster's own words have no clip, so a clip says that such words are in the text. This machine's synthetic voice reads
what the police wrote.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from importlib.resources import files
from typing import Final, Literal

import msgspec

from satark.api.prompt import Capabilities, Choice, Prompt, SpokenPart, VoiceNote, clip_name, parse_token
from satark.speech.voice_notes import PAUSE
from satark_words.catalogues import Catalogue, Catalogues
from satark_words.geography.geography import Geography
from satark_words.graphemes import truncate
from satark_words.languages import language_of_text
from satark_words.tokens import ascii_digits

_MARK: Final = "\0"
"""Marks a line that stands for words of the police; a number follows the mark."""

_MOST_CHOICES: Final = 10
"""Most choices on one page that is read out, including those that turn pages."""
_CODE_DIGITS: Final = 4
"""Number of digits from which a group of digits is part of a code."""

Fit = Callable[[Prompt, Capabilities], Prompt]


class ReadAloud:
    """Illustrates prompts, and returns their clips.

    Args:
        catalogues: the texts of the flow in use.
        geography: districts and stations, whose names are said.
        clips: returns the names of the existing clips.
    """

    def __init__(self, catalogues: Catalogues, geography: Geography, clips: Callable[[], Collection[str]]) -> None:
        self._catalogues = catalogues
        self._geography = geography
        self._clips = clips

    def fit(self, prompt: Prompt, capabilities: Capabilities, fit: Fit) -> Prompt:
        """Fit a prompt to a medium that sends voice notes: add pictures, and the clips that speak it."""
        by_ear = msgspec.structs.replace(capabilities, buttons=min(capabilities.buttons, _MOST_CHOICES))
        fitted = fit(illustrated(prompt, by_ear), by_ear)
        return msgspec.structs.replace(fitted, spoken=self.note(prompt, fitted))

    def note(self, prompt: Prompt, fitted: Prompt) -> VoiceNote | None:
        """Return the voice note of a prompt, with the choices of the page that is shown; None: it has no clip.

        Args:
            prompt: the prompt.
            fitted: the same prompt, as the medium shows it.
        """
        every = [*self._text(prompt), *self._choices(prompt, fitted)]
        parts = [part for part, before in zip(every, (PAUSE, *every), strict=False) if {part, before} != {PAUSE}]
        if parts and parts[-1] == PAUSE:
            parts.pop()
        return VoiceNote(tuple(parts), once=self._is_one_persons(prompt, parts)) if parts else None

    def _is_one_persons(self, prompt: Prompt, parts: Sequence[SpokenPart]) -> bool:
        """Whether a prompt contains a code, or words of the tipster or of the police."""
        own = {clip_name(each.language, each.text("aloud.own_words")) for each in self._catalogues}
        has_code = any(word.isdecimal() and len(word) >= _CODE_DIGITS for word in words_of(prompt.text))
        return bool(prompt.receipt or prompt.police_words) or has_code or not own.isdisjoint(parts)

    def _text(self, prompt: Prompt) -> Iterator[SpokenPart]:
        text = prompt.text
        for number, words in enumerate(prompt.police_words):
            text = text.replace(words, f"\n{_MARK}{number}\n", 1)
        for line in text.split("\n"):
            if line.startswith(_MARK):
                words = prompt.police_words[int(line.removeprefix(_MARK))]
                yield language_of_text(words, self._catalogues.languages, prompt.language), words
                yield PAUSE
            elif line.strip():
                yield from self._line(line, prompt.language)
                yield PAUSE
        if prompt.receipt:
            yield from self._line(prompt.receipt.caption, prompt.language)
            yield PAUSE

    def _choices(self, prompt: Prompt, fitted: Prompt) -> Iterator[SpokenPart]:
        numbers = {choice.token: number for number, choice in enumerate(prompt.choices, 1)}
        labels = {choice.token: choice.label for choice in (*prompt.choices, *prompt.actions, *prompt.turns)}
        shown = fitted.choices or prompt.choices
        if shown and _id_in(shown[0].token) == _FIRST:
            yield from self._line(self._catalogues[prompt.language].text("aloud.choose"), prompt.language)
        for choice in (*shown, *(action for action in fitted.actions if _id_in(action.token, "option") in _SAID)):
            yield PAUSE
            if number := numbers.get(choice.token):
                yield from self._line(str(number), prompt.language)
            yield from self._line(labels.get(choice.token, choice.label), prompt.language)

    def _line(self, line: str, language: str) -> Iterator[SpokenPart]:
        """Say one line: its phrases, the digits of its numbers, and a clip in place of other words."""
        words, at, skipped = words_of(line), 0, False
        while at < len(words):
            taken, names = self._here(words, at, language)
            yield from names
            if not taken and not skipped and _is_word(words[at]):
                yield from self._clip(language, self._catalogues[language].text("aloud.own_words"))
                skipped = True
            skipped = skipped and not taken
            at += taken or 1

    def _here(self, words: Sequence[str], at: int, language: str) -> tuple[int, list[str]]:
        found = [(*self._phrases[one].longest(words, at), one) for one in self._languages(language)]
        taken, line, spoken = max(found, key=lambda one: one[0])
        if taken:
            return taken, self._clip(spoken, line)
        digits = ascii_digits(words[at])
        if not digits.isdecimal():
            return 0, []
        return 1, [*(name for digit in digits for name in self._clip(language, digit)), PAUSE]

    def _clip(self, language: str, text: str) -> list[str]:
        name = clip_name(language, text)
        return [name] if name in self._clips() else []

    def _languages(self, first: str) -> list[str]:
        own = first if first in self._phrases else next(iter(self._phrases))
        return [own, *(other for other in self._phrases if other != own)]

    @cached_property
    def _phrases(self) -> Mapping[str, Phrases]:
        """The phrases of each language. Built when the first prompt is read out."""
        return {each.language: Phrases(_phrases_of(each, self._geography)) for each in self._catalogues}


def _is_word(word: str) -> bool:
    """Whether a word belongs to a language, rather than being a tip's number, an address or a sign."""
    return any(map(str.isalpha, word)) and not any(char.isdigit() or char == "/" for char in word)


def illustrated(prompt: Prompt, capabilities: Capabilities) -> Prompt:
    """Put a number and a picture before each choice, and a picture before each action."""
    as_buttons = len(prompt.choices) <= capabilities.buttons and not any(c.description for c in prompt.choices)
    limit = capabilities.button_label if as_buttons or not capabilities.rows else capabilities.row_label
    choices = tuple(_illustrated(choice, f"{at} ", limit, capabilities) for at, choice in enumerate(prompt.choices, 1))
    actions = tuple(_illustrated(action, "", limit, capabilities) for action in prompt.actions)
    turns = tuple(_illustrated(turn, "", limit, capabilities) for turn in prompt.turns)
    return msgspec.structs.replace(prompt, choices=choices, actions=actions, turns=turns)


def _illustrated(choice: Choice, number: str, limit: int, capabilities: Capabilities) -> Choice:
    picture = _picture(choice.token)
    label = f"{number}{picture} {choice.label}" if picture else f"{number}{choice.label}"
    return msgspec.structs.replace(choice, label=truncate(label, limit, capabilities.unit))


def _id_in(token: str, part: Literal["question", "option"] = "question") -> str:
    return getattr(parse_token(token), part, "")


def _picture(token: str) -> str:
    parsed = parse_token(token)
    if parsed is None:
        return ""
    pictures = _pictures()
    return pictures.get(f"{parsed.question}.{parsed.option}", pictures.get(parsed.option, ""))


@cache
def _pictures() -> Mapping[str, str]:
    source = (files("satark.dialogue.rendering") / "pictures.yaml").read_bytes()
    return msgspec.yaml.decode(source, type=dict[str, str])


LARGEST_NUMBER: Final = 30
"""Largest number that is said as a whole. Of larger numbers and of codes, each digit is said."""
_PLACES: Final = re.compile(r"\{\w*\}")
_ALOUD: Final = ".aloud"
"""Suffix of the id of a text's spoken wording, which replaces the whole text."""
_NEVER_IN_A_CHAT: Final = (".words", ".sms", ".voice", ".web_form", _ALOUD)
_FIRST: Final = "@language"
"""The question at which tipsters are told how to choose."""
_SAID: Final = ("@done", "@skip", "@leave", "@reply", "@clear")
"""The actions that are said, which lead on. Only a picture shows each of the others."""
_MOST_FORMS: Final = 6
_EDGES: Final = frozenset("PSZC")
"""Unicode categories of signs around a word, by their first letter: punctuation, symbols, space, controls."""

Words = tuple[str, ...]


def words_of(text: str) -> Words:
    """Return a text's words without the signs around them. Leave out what is no word (an emoji, a dash)."""
    return tuple(word for word in map(_bare, text.split()) if word)


def every_phrase(catalogues: Catalogues, geography: Geography) -> Iterator[tuple[str, str]]:
    """Yield the language and the text of each line that is to be recorded. Some lines come more than once."""
    for catalogue in catalogues:
        yield from ((catalogue.language, line) for _, line in _phrases_of(catalogue, geography) if line)


def _phrases_of(catalogue: Catalogue, geography: Geography) -> Iterator[tuple[str, str]]:
    """Yield the phrases of one language as they are written, each with its spoken wording; some are not spoken."""
    said: list[tuple[str, str]] = []
    for key in catalogue:
        if not key.endswith(_NEVER_IN_A_CHAT):
            aloud = catalogue.get(f"{key}{_ALOUD}")
            parts = [*_fixed_parts(catalogue.get(form) for form in (key, *(f"{key}#{n}" for n in range(_MOST_FORMS))))]
            said += ((part, aloud or part) for part in (parts[:1] if aloud else parts))
            yield from ((part, "") for part in parts[1:] if aloud)
    yield from said
    language = catalogue.language
    for district in geography.districts:
        names = (district.label(language), *(one.label(language) for one in geography.stations(district.code)))
        yield from ((name, name) for name in names)
    yield from ((str(number), str(number)) for number in range(LARGEST_NUMBER + 1))


def _fixed_parts(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for line in text.split("\n"):
            yield from (part.strip() for part in _PLACES.split(line) if words_of(part))


def _bare(word: str) -> str:
    start, end = 0, len(word)
    while start < end and unicodedata.category(word[start])[0] in _EDGES:
        start += 1
    while end > start and unicodedata.category(word[end - 1])[0] in _EDGES:
        end -= 1
    return word[start:end].casefold()


class Phrases:
    """The phrases of one language, found by the words they begin with, and what is said in their place."""

    def __init__(self, phrases: Iterable[tuple[str, str]]) -> None:
        found: dict[str, list[tuple[Words, str]]] = {}
        for text, line in phrases:
            words = words_of(text)
            found.setdefault(words[0], []).append((words, line))
        self._by_first = {first: sorted(those, key=lambda one: -len(one[0])) for first, those in found.items()}

    def longest(self, words: Sequence[str], at: int) -> tuple[int, str]:
        """Return the length in words and the line of the longest phrase that begins at a word; 0: none does."""
        for phrase, line in self._by_first.get(words[at], ()):
            if tuple(words[at : at + len(phrase)]) == phrase:
                return len(phrase), line
        return 0, ""
