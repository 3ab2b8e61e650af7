"""A labelled set of related and unrelated tips: how many of the related are found, and how many found are related.

The tips are composed from tables: what one matter is told by (a plate, a phone, a name, a place, a story, a picture) in
either script, between phrases that many tips share. Beside each matter stand others that are nearly like it: a plate
that differs in one digit, a common name at another station, the same words of another place.
"""

from __future__ import annotations

import random
import sys
import tomllib
from collections.abc import Iterator
from itertools import combinations, count
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import pytest

from satark.api.tip import Tip
from satark.casework.related.clues import Clues, Picture, clues_of
from satark.casework.related.index import RelatedIndex

TABLES: Final[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "labelled.toml").read_text("utf-8"))
DIGITS: Final = "०१२३४५६७८९"


class Labelled(NamedTuple):
    """A tip's clues with the matter that it tells of."""

    matter: int
    clues: Clues


class Composer:
    """Composes tips at random, the same ones each time."""

    def __init__(self) -> None:
        self._random = random.Random(14)
        self._matters = count()

    def tips(self) -> Iterator[Labelled]:
        for compose in (
            self._plates,
            self._phones,
            self._names,
            self._aliases,
            self._places,
            self._pins,
            self._stories,
        ):
            yield from compose()
        yield from self._pictures()

    def _plates(self) -> Iterator[Labelled]:
        for at in range(40):
            district, series, number = at % 4 + 62, "CD"[at % 2] + "AT"[at // 2 % 2], 4400 + at // 4
            yield from self._matter("vehicles", [self._written(f"UP{district}{series}{number}") for _ in range(3)])

    def _phones(self) -> Iterator[Labelled]:
        for at in range(40):
            number = f"98765{43200 + at}"
            spaced = (
                f"{number[:5]} {number[5:]}",
                f"+91-{number}",
                number.translate(str.maketrans("0123456789", DIGITS)),
            )
            yield from self._matter("calls", self._random.sample([number, *spaced], 3))

    def _names(self) -> Iterator[Labelled]:
        for given in TABLES["given"]:
            for surname in TABLES["surnames"][:4]:
                name = [f"{a} {b}" for a, b in zip(given, surname, strict=True)]
                for station in self._random.sample(TABLES["stations"], 2):
                    yield from self._matter("people", [*name, name[0]], station)

    def _aliases(self) -> Iterator[Labelled]:
        for given in TABLES["given"]:
            for alias in TABLES["aliases"]:
                yield from self._matter("people", [f"{given[0]} उर्फ {alias[0]}", f"{given[1]} urf {alias[1]}"])
            for father in TABLES["fathers"]:
                yield from self._matter("people", [f"{given[0]} पुत्र {father[0]}", f"{given[1]} s/o {father[1]}"])

    def _places(self) -> Iterator[Labelled]:
        for station in TABLES["stations"]:
            for landmark in TABLES["landmarks"]:
                places = [{"text": text} for text in (*landmark, landmark[0])]
                yield from self._matter("here", ["", "", ""], station, places)

    def _pins(self) -> Iterator[Labelled]:
        for at in range(30):
            latitude, longitude = 25.28 + at * 0.002, 82.99
            places = [{"latitude": latitude + by, "longitude": longitude} for by in (0, 0.0004, -0.0002)]
            yield from self._matter("here", ["", "", ""], "lanka", places)

    def _stories(self) -> Iterator[Labelled]:
        for story in TABLES["stories"]:
            matter = next(self._matters)
            for station in ("lanka", "sarnath"):
                for _ in range(2):
                    script = self._random.randrange(2)
                    yield self._tip(matter, self._retold(story[script]), station, script)

    def _pictures(self) -> Iterator[Labelled]:
        for at in range(30):
            looks = self._random.getrandbits(64)
            noisy = [looks ^ sum(1 << bit for bit in self._random.sample(range(64), n)) for n in (0, 3)]
            matter = next(self._matters)
            for n, bits in enumerate(noisy):
                pin = {"latitude": 26 + at * 0.01 + n * 0.005, "longitude": 82.99}
                clues = self._tip(matter, TABLES["here"][at % 3][0], "lanka", 0, pin).clues
                picture = Picture(f"{at}-{n}", f"{bits:016x}")
                yield Labelled(matter, msgspec.structs.replace(clues, pictures=(picture,)))

    def _matter(
        self, table: str, names: list[str], station: str = "", places: list[dict[str, Any]] | None = None
    ) -> Iterator[Labelled]:
        matter = next(self._matters)
        for at, name in enumerate(names):
            script = self._random.randrange(2)
            text = self._random.choice(TABLES[table])[script].format(name)
            where = station or self._random.choice(TABLES["stations"])
            yield self._tip(matter, text, where, script, places[at] if places else None)

    def _tip(self, matter: int, text: str, station: str, script: int, place: dict[str, Any] | None = None) -> Labelled:
        opening, ending = (self._random.choice(TABLES[name])[script] for name in ("openings", "endings"))
        answers: dict[str, Any] = {"category": "OTHER", "what": f"{opening}। {text}। {ending}", "police": "no"}
        answers |= {"place": place} if place else {}
        tip = Tip(
            number="", revision=1, flow="", language="hi", channel="chat", category="OTHER", received="",
            answers=answers, station=station,
        )  # fmt: skip
        return Labelled(matter, clues_of(tip, (), ()))

    def _written(self, plate: str) -> str:
        state, district, series, number = plate[:2], plate[2:4], plate[4:6], plate[6:]
        spelt = {"C": "सी", "D": "डी", "A": "ए", "T": "टी"}
        hindi = number.translate(str.maketrans("0123456789", DIGITS))
        return self._random.choice([
            plate, plate.lower(), f"{state} {district} {series} {number}", f"{state}-{district}-{series}-{number}",
            f"यूपी {district} {spelt[series[0]]}{spelt[series[1]]} {hindi}",
        ])  # fmt: skip

    def _retold(self, story: str) -> str:
        """Leave a word out, and put another in."""
        words = story.split()
        words.pop(self._random.randrange(len(words)))
        words.insert(self._random.randrange(len(words)), self._random.choice(["bhai", "साहब", "wahan", "सच"]))
        return " ".join(words)


@pytest.mark.slow("many tips")
def test_related_tips_are_found_and_few_others() -> None:
    tips = list(Composer().tips())
    index = RelatedIndex()
    for at, tip in enumerate(tips):
        index.put(str(at), tip.clues)
    found = {frozenset((at, int(one.tip))) for at in range(len(tips)) for one in index.find(str(at))}
    pairs = combinations(range(len(tips)), 2)
    related = {frozenset(pair) for pair in pairs if tips[pair[0]].matter == tips[pair[1]].matter}
    right = related & found
    recall, precision = len(right) / len(related), len(right) / len(found)
    sys.stdout.write(
        f"{len(tips)} tips, {len(related)} related pairs: recall {recall:.3f}, precision {precision:.3f}\n"
    )
    assert len(related) >= 500
    assert recall >= 0.95
    assert precision >= 0.9
