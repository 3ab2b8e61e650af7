"""The corpus of utterances: its format, and how a reading is compared with the intended meaning.

A file is plain text. A line `= what,place | hi-Latn | wait/refusal` begins a group: at these steps, in this script,
what may be meant. The lines below it are the utterances. A meaning is a kind, or `option:<id>`, `command:<name>`.
Under `danger`, `harmless`, `identity` and `anonymous` the meaning is the kind of danger or of identity, or `none`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography
from satark_words.languages import OFFERED
from satark_words.reader import Reader
from satark_words.reading import FREE, IRREVERSIBLE, Asked, AskedChoice, Asks, Kind, Reading

__all__ = ["Outcome", "Utterance", "asked_at", "judge", "read_corpus"]

_ACTS: Final = {"review": {"send"}, "reach": {"yes", "no", "erase"}, "cancel": {"yes"}, "restart": {"yes"}}
_YES_NO: Final = ("yes", "no")
_OPTIONS: Final = {
    "category": [
        "COW",
        "INTOX",
        "ARMS",
        "GAMBL",
        "TRAFF",
        "MINE",
        "EXTORT",
        "HARASS",
        "CONV",
        "POLCOR",
        "HEIN",
        "OTHER",
    ],
    "now": ["yes", "no", "files"],
    "police": ["yes", "no", "unknown"],
    "police_unit": ["station", "outpost", "other_station", "circle", "district", "range", "none", "unknown"],
    "whose_voice": ["own", "other"],
    "when": ["now", "past", "coming"],
    "danger": ["yes", "no", "unknown"],
    "known_by": ["few", "many", "unknown"],
    "review": ["send", "details", "change"],
    "reach": ["no", "yes"],
    "cancel": ["yes", "no"],
    "restart": ["no", "language", "yes"],
    "origin": ["no", "yes"],
    "feedback": ["yes", "no", "again"],
}
_ASKS: Final[dict[str, Asks]] = {
    "what": "text", "place": "place", "police_who": "text", "evidence": "media", "review": "review",
    "who": "text", "vehicle": "text", "how_often": "text", "when_date": "text",
}  # fmt: skip
_ACTIONS: Final = {"police_who": ("skip", "back"), "evidence": ("done", "skip", "back")}


class Utterance(msgspec.Struct, frozen=True):
    """One utterance at a step, and its possible meanings."""

    step: str
    script: str
    meant: tuple[str, ...]
    text: str
    file: str


class Outcome(msgspec.Struct, frozen=True):
    """The result of an utterance: `understood`, `asked again`, `swallowed`, `misread` or `acted`."""

    name: str
    reading: Reading


def read_corpus(path: Path) -> Iterator[Utterance]:
    """Read the utterances of a file, or of all files below a folder.

    Raises:
        ValueError: a line stands before the first group.
    """
    for file in sorted(path.rglob("*.txt")) if path.is_dir() else [path]:
        yield from _read_file(file)


def _read_file(file: Path) -> Iterator[Utterance]:
    steps: Sequence[str] = ()
    script = ""
    meant: tuple[str, ...] = ()
    for line in file.read_text("utf-8").splitlines():
        if line.startswith("= "):
            names, script, meanings = (part.strip() for part in line[2:].split("|"))
            steps, meant = [name.strip() for name in names.split(",")], tuple(meanings.split("/"))
        elif line.strip() and not line.startswith("#"):
            if not steps:
                raise ValueError(f"{file.name}: an utterance stands before the first group")
            for step in steps:
                yield Utterance(step, script_of(script, line), meant, line, file.stem)


def script_of(named: str, text: str) -> str:
    """The script of an utterance. If its group names several, the letters decide."""
    if "," not in named:
        return named
    if any("\u0900" <= char <= "\u097f" for char in text):
        return "hi-Deva"
    if any("\u0600" <= char <= "\u06ff" for char in text):
        return "ur"
    return "Latn"


def asked_at(step: str, geography: Geography, catalogues: Catalogues) -> Asked:
    """Make the question of a step of the default flow, as the engine asks it in the default languages."""
    catalogues = catalogues.only(OFFERED)
    if step == "station":
        stations = geography.stations(geography.districts[0].code)  # those of the district that was asked before
        choices = [AskedChoice(station.code, station.label("hi")) for station in stations]
        return Asked(name=step, asks="choice", options=(*choices, _choice(step, "unknown", catalogues)))
    if step in {"language", "after"}:
        spoken = [AskedChoice(c.language, c.text("language.name"), c.words("language.words")) for c in catalogues]
        return Asked(name=step, asks="choice", options=tuple(spoken), opening=True)
    options = tuple(_choice(step, code, catalogues) for code in _OPTIONS.get(step, ()))
    asks = _ASKS.get(step, "choice")
    name = f"@{step}" if step in {"reach", "cancel", "restart", "origin", "feedback"} else step
    return Asked(name=name, asks=asks, options=options, actions=_ACTIONS.get(step, ("back",)), opening=step == "what")


def _choice(step: str, code: str, catalogues: Catalogues) -> AskedChoice:
    key = f"{step}.{code}" if any(c.get(f"{step}.{code}") for c in catalogues) else f"option.{code}"
    names = [c.get(key) for c in catalogues if c.get(key)]
    words = tuple(word for c in catalogues for word in c.words(f"{key}.words"))
    return AskedChoice(code, (names or [code])[0], (*names[1:], *words), acts=code in _ACTS.get(step, set()))


def judge(utterance: Utterance, reader: Reader, asked: Asked) -> Outcome:
    """Read an utterance, and compare the reading with the intended meaning."""
    reading = reader.read(utterance.text, asked)
    if fits(reading, utterance.meant):
        return Outcome("understood", reading)
    if _acts(reading, asked):
        return Outcome("acted", reading)
    if reading.kind is Kind.CONTENT or (reading.story and reading.kind is Kind.OPTION):
        return Outcome("swallowed" if asked.asks in FREE else "misread", reading)
    return Outcome("asked again" if reading.kind is Kind.UNCLEAR else "misread", reading)


def fits(reading: Reading, meant: Sequence[str]) -> bool:
    """Return whether a reading is one of the intended meanings."""
    names = {reading.kind.value, f"option:{reading.option}", f"command:{reading.command}"}
    if reading.kind is Kind.OPTION:
        names.discard("option")
    return any(one in names for one in meant)


def _acts(reading: Reading, asked: Asked) -> bool:
    acting = any(option.acts and option.id == reading.option for option in asked.options)
    return (reading.kind is Kind.OPTION and acting) or reading.command in IRREVERSIBLE
