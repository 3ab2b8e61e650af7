"""Finds words in a tip that point to its sender. An officer sees them before giving a text to another desk."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal, Self, TypeAlias

import msgspec

from satark.api.observability import Redacted
from satark.casework.opened_tip import OpenTip
from satark_words.geography.geography import Geography
from satark_words.reader import Reader
from satark_words.tokens import fold

KNOWN_BY = "known_by"
"""The step that asks how many people know what the tip tells."""
_WORD_CHARACTER: Final = r"[\w\u0900-\u0963\u0966-\u097f]"
"""Matches a word's characters, with the vowel signs of Devanagari, which `\\w` leaves out."""
QUOTE: Final = 8
"""Number of words in a row. A rewording that repeats so many of the tipster's words is a quotation."""
_SHORTEST: Final = 4
"""Number of words from which a tipster's text can be quoted: anybody may write a shorter one by chance."""
_Kind: TypeAlias = Literal["few", "self"]


class SenderHints(Redacted, frozen=True, kw_only=True):
    few_know: bool = False
    """Whether the tipster says that only a few people know what the tip tells."""
    phrases: tuple[str, ...] = ()
    """Parts of the words that may identify the sender, such as "my shop", "my brother" or "only I", each once."""

    @classmethod
    def of_tip(cls, tip: OpenTip, geography: Geography) -> Self:
        """Find many hints, though not all, in a tip's answers, messages, transcripts and captions."""
        hints = cls.of_texts(words_of(tip), geography)
        return cls(few_know=hints.few_know or tip.tip.answers.get(KNOWN_BY) == "few", phrases=hints.phrases)

    @classmethod
    def of_texts(cls, texts: Sequence[str], geography: Geography) -> Self:
        """Find the hints in texts, such as a rewording."""
        spans = [(text, span) for text in texts for span in _spans(text, geography)]
        few = any(_phrases()["few"].search(unicodedata.normalize("NFC", text)) for text in texts)
        return cls(few_know=few, phrases=tuple(dict.fromkeys(text[start:end] for text, (start, end) in spans)))

    @property
    def any(self) -> bool:
        return self.few_know or bool(self.phrases)


class MarkedText(Redacted, frozen=True):
    text: str
    is_hint: bool


def marked(text: str, geography: Geography) -> list[MarkedText]:
    """Split a text, in order, into parts that point to the sender and parts that don't."""
    parts, at = [], 0
    for start, end in _spans(text, geography):
        parts += [MarkedText(text[at:start], is_hint=False), MarkedText(text[start:end], is_hint=True)]
        at = end
    return [part for part in (*parts, MarkedText(text[at:], is_hint=False)) if part.text]


def words_of(tip: OpenTip) -> list[str]:
    """Return the tipster's own words: answers, captions, messages, and transcripts of recordings."""
    answers = [text for step, value in tip.tip.answers.items() if step != KNOWN_BY for text in _texts(value)]
    spoken = (one.message for one in tip.thread if one.message.sender == "tipster" or one.message.transcript)
    return [*answers, *(record.caption for record in tip.records), *(message.text for message in spoken)]


def quotes(tip: OpenTip, *written: str) -> bool:
    """Return whether one of these texts repeats the tipster's own words."""
    texts = [fold(one).split() for one in written]
    return any(_repeats(own, one) for one in texts for own in _own_texts(tip))


def _spans(text: str, geography: Geography) -> list[tuple[int, int]]:
    """Return the spans of a text that point to the sender, in order and without overlaps."""
    found = [(one.start, one.end) for one in Reader.shared(geography).own_identity(text)]
    found += [match.span() for pattern in _phrases().values() for match in pattern.finditer(text)]
    merged: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


@cache
def _phrases() -> dict[_Kind, re.Pattern[str]]:
    read = (files("satark.casework") / "sender_phrases.yaml").read_bytes()
    data = msgspec.yaml.decode(read, type=_Phrases)
    return {"few": _pattern(data.few, data.numbers), "self": _pattern(data.self_, data.numbers)}


def _pattern(lines: Sequence[str], numbers: str) -> re.Pattern[str]:
    words = "|".join(line.replace("{n}", f"(?:{numbers})") for line in lines)
    return re.compile(f"(?<!{_WORD_CHARACTER})(?:{words})(?!{_WORD_CHARACTER})", re.IGNORECASE)


class _Phrases(msgspec.Struct, frozen=True, rename={"self_": "self"}):
    numbers: str
    few: list[str]
    self_: list[str]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for part in value.values() for text in _texts(part))
    elif isinstance(value, list):
        yield from (text for part in value for text in _texts(part))


def _repeats(own: Sequence[str], written: Sequence[str]) -> bool:
    """Return whether a written text repeats `QUOTE` words in a row of a tipster's text, or a whole shorter text."""
    size = min(QUOTE, len(own))
    runs = {tuple(own[at : at + size]) for at in range(len(own) - size + 1)}
    return any(tuple(written[at : at + size]) in runs for at in range(len(written) - size + 1))


def _own_texts(tip: OpenTip) -> list[list[str]]:
    found = [fold(text).split() for text in words_of(tip)]
    return [words for words in found if len(words) >= _SHORTEST]
