"""Checks that no text of a flow promises to keep a tip from an office that routing lets it reach.

The offices in a text are those that Satark's lexicon finds. A text in a language that it does not know passes: there
the tipster still hears, before sending, the promise that belongs to the office from which routing keeps the tip.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Final, NamedTuple

from satark.api.flow import Step
from satark.dialogue.flow.definition import Flow, FlowProblem
from satark_words.catalogues import Catalogue, Catalogues
from satark_words.geography.geography import Geography
from satark_words.reader import Reader
from satark_words.rules import SOUND

REACH: Final[Mapping[str, int]] = {
    "": 0, "nobody": 0, "outpost": 1, "station": 1, "named": 1, "unknown": 2, "circle": 2, "district": 3, "range": 4,
}  # fmt: skip
"""Accused unit → how far up the offices stand from which routing keeps the tip."""
_OFFICES: Final = {
    "unit.outpost": "outpost", "unit.station": "station", "unit.other_station": "station", "unit.circle": "circle",
    "unit.district": "district", "unit.range": "range",
}  # fmt: skip
"""The lexicon's marks of offices → their units."""
_UNSURE: Final = ("unknown", "nobody")
"""Units whose options need name no office."""
_SENTENCE_END: Final = re.compile(r"[।?!۔\n]+|(?<!\b\w)\.")


def promise_problems(flow: Flow, catalogues: Catalogues) -> Iterator[FlowProblem]:
    """List the labels that name another office than their option accuses, and the promises of another office."""
    for catalogue in (catalogues[language] for language in flow.languages if language in catalogues):
        for step in flow.steps:
            is_said = step.type.part == "say" and flow.accuses != "nobody"
            labels = _wrong_labels(step, catalogue) if step.accuses else ()
            promises = _wrong_promises(step, catalogue) if step.accuses or is_said else ()
            for text in (*labels, *promises):
                yield FlowProblem(text=text, step=step.id, language=catalogue.language)


def _wrong_labels(step: Step, catalogue: Catalogue) -> Iterator[str]:
    codes = {f"{name}.{code}": code for code in step.accuses for name in ("option", step.id)}
    for key in (key for key in catalogue if _head(key) in codes):
        unit = step.accuses[codes[_head(key)]]
        for text in catalogue.words(key) if key.endswith(".words") else (catalogue.get(key),):
            highest = max(_read(text).offices, default=REACH[unit])
            if highest > REACH[unit] or (highest < REACH[unit] and unit not in _UNSURE):
                yield f"{text!r} in {key!r} names another office than the one that `accuses` keeps the tip from: {unit}"


def _head(key: str) -> str:
    return ".".join(key.split(".")[:2])


def _wrong_promises(step: Step, catalogue: Catalogue) -> Iterator[str]:
    kept = REACH[step.promises]
    for key in (key for key in catalogue if key == step.id or _head(key) == f"{step.id}.ask"):
        for text in filter(str.strip, _SENTENCE_END.split(catalogue.get(key))):
            told = _read(text)
            denied = max(told.offices, default=0) if told.denies else 0
            if denied > kept or (kept and not told.denies and min(told.offices, default=kept + 1) <= kept):
                yield f"{text.strip()!r} promises another office than `promises` says: {step.promises or 'none'}"


class _Sentence(NamedTuple):
    offices: tuple[int, ...]
    """How far up each office stands that a text names."""
    denies: bool


@lru_cache(maxsize=4096)
def _read(text: str) -> _Sentence:
    told = _reader().analyse(text)
    sure = [one.name for one in told.found(*_OFFICES) if one.quality >= SOUND]
    return _Sentence(tuple(REACH[_OFFICES[name]] for name in sure), told.has("@negations"))


@cache
def _reader() -> Reader:
    return Reader(Geography(()))
