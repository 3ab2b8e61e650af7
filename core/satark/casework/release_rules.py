"""Rules for what leaves the desk: a station gets a release; handing over the tipster's own words takes two officers.

An officer who is about to give a text to another desk sees what in it points to who sent the tip.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal, TypeAlias

import msgspec

from satark.api.observability import Redacted
from satark.api.routing import LEVELS, CaseworkError
from satark.api.tip import Accused, CaseStep, Message
from satark.casework.act_names import RELEASABLE, DeskAct, Problem
from satark.casework.casework import Casework
from satark.casework.opened_tip import OpenTip
from satark.casework.two_officers import check_two_officers, is_by_present_key
from satark.routing.rules import is_accused
from satark.services import Services
from satark.store.unit_of_work import UnitOfWork
from satark_words.geography.geography import Geography
from satark_words.reader import Reader
from satark_words.tokens import fold

KNOWN_BY = "known_by"
"""The step that asks how many people know what the tip tells."""
_WORD_CHARACTER: Final = r"[\w\u0900-\u0963\u0966-\u097f]"
"""Characters of a word: `\\w` leaves out the vowel signs of Devanagari."""

_SENTENCE_END: Final = re.compile(r"[।?!.\n]+")

_Kind: TypeAlias = Literal["few", "self"]


class SenderHints(Redacted, frozen=True, kw_only=True):
    """What points to the sender of a tip."""

    few_know: bool = False
    """Whether the tipster says that only a few people know what the tip tells."""
    phrases: tuple[str, ...] = ()
    """Parts of the words that may identify the sender, such as "my shop", "my brother" or "only I", each once."""

    @classmethod
    def of_tip(cls, tip: OpenTip, geography: Geography) -> SenderHints:
        """Find many hints, though not all, in a tip's answers, messages, transcripts and captions."""
        hints = cls.of_texts(words_of(tip), geography)
        return cls(few_know=hints.few_know or tip.tip.answers.get(KNOWN_BY) == "few", phrases=hints.phrases)

    @classmethod
    def of_texts(cls, texts: Sequence[str], geography: Geography) -> SenderHints:
        """Find the hints in texts, such as a rewording."""
        spans = [(text, span) for text in texts for span in _spans(text, geography)]
        few = any(_phrases()["few"].search(unicodedata.normalize("NFC", text)) for text in texts)
        return cls(few_know=few, phrases=tuple(dict.fromkeys(text[start:end] for text, (start, end) in spans)))

    @property
    def any(self) -> bool:
        """Whether anything points to the sender."""
        return self.few_know or bool(self.phrases)


class MarkedText(Redacted, frozen=True):
    """A part of a text, and whether it points to the sender."""

    text: str
    is_hint: bool


def marked(text: str, geography: Geography) -> list[MarkedText]:
    """Split a text into parts that point to the sender and parts that don't, in order."""
    parts, at = [], 0
    for start, end in _spans(text, geography):
        parts += [MarkedText(text[at:start], is_hint=False), MarkedText(text[start:end], is_hint=True)]
        at = end
    return [part for part in (*parts, MarkedText(text[at:], is_hint=False)) if part.text]


def words_of(tip: OpenTip) -> list[str]:
    """Return the tipster's own words: answers, captions, messages, and transcripts of what they spoke."""
    answers = [text for step, value in tip.tip.answers.items() if step != KNOWN_BY for text in _texts(value)]
    spoken = (one.message for one in tip.thread if one.message.sender == "tipster" or one.message.transcript)
    return [*answers, *(record.caption for record in tip.records), *(message.text for message in spoken)]


def police_in(tip: OpenTip, geography: Geography) -> set[str]:
    """Return the codes of the stations whose police the tipster's words may accuse, whatever the tipster answered.

    Police who are accused without a station count as those of the tip's own.
    """
    reader, found = Reader.shared(geography), set[str]()
    for told in (reader.analyse(one) for text in words_of(tip) for one in _SENTENCE_END.split(text)):
        is_of_police = told.has("person.police") and told.has("unit.*", "who.kin")
        if is_of_police or reader.open(told).police:
            units = {geography.station_of(code) or code for code in reader.names(told)}
            found |= {one for one in units if geography.station(one)} or {tip.header.station}
    return found - {""}


def _spans(text: str, geography: Geography) -> list[tuple[int, int]]:
    """Return where a text points to the sender: in order, none overlapping another."""
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
    """The table `sender_phrases.yaml`."""

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


QUOTE: Final = 8
"""A rewording is a quotation if it has this many words in a row that the tipster wrote too."""
_SHORTEST: Final = 4
"""Fewest words of a tipster's text that can be quoted: anybody may write a shorter one by chance."""
_LOWEST_WITH_KEY: Final = LEVELS.index("district")


class ReleaseRules:
    """What one desk may hand over, and take back."""

    def __init__(self, services: Services, casework: Casework) -> None:
        self._services = services
        self._casework = casework

    def takes_release(self, tip: OpenTip, to_desk: str) -> bool:
        """Return whether a desk gets a release, not the tip: desks below a district do, unless they have the tip."""
        has_tip = to_desk in tip.access.holders
        desk = next((one for one in self._casework.directing.allowed_targets(tip) if one.name == to_desk), None)
        return desk is not None and LEVELS.index(desk.level) < _LOWEST_WITH_KEY and not has_tip

    def accused_by_words(self, tip: OpenTip) -> set[str]:
        """Return the desks that may get the tip by its answers, and whose police its words may accuse."""
        geography = self._services.geography
        accused = [Accused(level="station", unit=one) for one in police_in(tip, geography)]
        tips = [msgspec.structs.replace(tip.tip, accused=one) for one in accused]
        targets = self._casework.directing.allowed_targets(tip)
        return {desk.name for desk in targets if any(is_accused(one, desk, geography) for one in tips)}

    def check_direction(self, tip: OpenTip, act: DeskAct) -> Problem | None:
        """Check what a direction hands over."""
        takes_release = self.takes_release(tip, act.to)
        if not act.cleared and act.to in self.accused_by_words(tip):
            return "accused"
        if act.gives == ("tip" if takes_release else "release"):
            return "gives"
        if act.raw or not takes_release:
            return None
        if not act.answers.keys() <= set(RELEASABLE):
            return "field"
        written = fold(act.text).split(), fold(act.rewording).split()
        return "quotes" if any(_repeats(own, one) for one in written for own in _own_texts(tip)) else None

    def check_consent(self, tip: OpenTip) -> Problem | None:
        """Check that this officer may consent to what another officer of the desk asks to hand over."""
        asked = tip.work.raw_asked
        if asked is None or asked.message.desk != self._casework.desk:
            return "raw.none"
        state = self._services.read_keys(self._services.roster.check).state
        if not is_by_present_key(state, asked):
            return "raw.two"
        try:
            check_two_officers(state, tip, self._casework.desk, asked.officer, self._casework.trail.officer)
        except CaseworkError:
            return "raw.two"
        return None

    def may_withdraw(self, tip: OpenTip, from_desk: str) -> bool:
        """Return whether the desk may take a direction back: its own, or one of a desk below."""
        step = CaseStep(kind="withdrawn", to=from_desk)
        message = Message(sender="desk", desk=self._casework.desk, internal=True, case=step)
        return from_desk in tip.work.directions and self._services.signers().may_write(message, tip.access)

    def direct(self, unit: UnitOfWork, tip: OpenTip, act: DeskAct, due: int) -> None:
        """Direct a tip, to a station with a release; if the tipster's own words shall go, ask a second officer."""
        direct = self._casework.directing.direct
        if not self.takes_release(tip, act.to):
            direct(unit, tip, act.to, act.text, due)
        elif act.raw:
            self._ask_raw(unit, tip, act, due)
        else:
            filled = {step: text for step, text in act.answers.items() if text}
            direct(unit, tip, act.to, act.text, due, answers=filled, rewording=act.rewording)

    def consent(self, unit: UnitOfWork, tip: OpenTip, least_due: int) -> None:
        """Hand over the tip as another officer asked; the report is owed when they said, but not before `least_due`."""
        asked = tip.work.raw_asked
        step = asked.message.case if asked else None
        if asked is None or step is None:
            return
        due = max(step.due, least_due) if step.due else 0
        self._casework.directing.direct(unit, tip, step.to, asked.message.text, due)

    def _ask_raw(self, unit: UnitOfWork, tip: OpenTip, act: DeskAct, due: int) -> None:
        step = CaseStep(kind="asked_raw", to=act.to, due=due)
        message = Message(sender="desk", desk=self._casework.desk, text=act.text, internal=True, case=step)
        self._casework.post(unit, tip, message, act=("raw_asked", act.to))


def _repeats(own: Sequence[str], written: Sequence[str]) -> bool:
    """Return whether a written text repeats `QUOTE` words in a row of a tipster's text, or a whole shorter one."""
    size = min(QUOTE, len(own))
    runs = {tuple(own[at : at + size]) for at in range(len(own) - size + 1)}
    return any(tuple(written[at : at + size]) in runs for at in range(len(written) - size + 1))


def _own_texts(tip: OpenTip) -> list[list[str]]:
    found = [fold(text).split() for text in words_of(tip)]
    return [words for words in found if len(words) >= _SHORTEST]
