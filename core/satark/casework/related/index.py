"""An index over the clues of a desk's opened tips. It answers in milliseconds for any number of tips.

Each tip is filed under keys: its number plates, its words, pairs of the words of its place, parts of its pictures'
looks. A related tip shares some of these keys. The tips that the keys find are compared in full.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Final, Literal, TypeAlias

from satark.api.observability import Redacted
from satark.casework.related.clues import METRES, Clues
from satark.casework.related.postings import Postings
from satark.casework.related.wording import COPIED, NEAR, STOCK, TELLING, likeness, telling

Reason: TypeAlias = Literal["plate", "phone", "picture", "person", "text", "alike", "place"]
REASONS: Final[Mapping[Reason, int]] = {
    "plate": 4, "phone": 4, "picture": 4, "person": 3, "text": 3, "alike": 2, "place": 1,
}  # fmt: skip
"""Reason why two tips are related → weight of the reason."""
MOST: Final = 20
"""Most related tips that are shown for one tip."""
_MOST_COMPARED: Final = 500
"""Most tips under one key that are compared: a flood has more, and all of them are alike."""
_COMMON, _COMMON_SHARE = 50, 0.05
"""A word is common at a desk if it occurs in more than this number of tips, and in more than this share of them."""
Key: TypeAlias = tuple[str, Hashable]
_MOST_DIFFERENT: Final = 7
"""Most bits that differ between two pictures that look alike."""
_PARTS: Final = _MOST_DIFFERENT + 1
"""Parts into which a picture's bits are split: two pictures that look alike have at least one part in common."""
_BITS: Final = 64
_LEAST_CONTRAST: Final = 8
"""Least number of set bits, and of unset ones: a picture with fewer is a plain surface and looks like many others."""


class Related(Redacted, frozen=True, kw_only=True):
    """A tip that is related to another, and why."""

    tip: str
    reasons: Mapping[Reason, str]
    """Each reason, with the number that both tips contain; empty if the reason is no number."""

    @property
    def weight(self) -> int:
        """The combined strength of the reasons."""
        return sum(REASONS[reason] for reason in self.reasons)


class RelatedIndex:
    """Finds tips with common clues. It holds content: keep it no longer than the tips. Not thread-safe."""

    def __init__(self, clues_of: Callable[[str], Clues]) -> None:
        """`clues_of` returns the clues under which a tip was filed."""
        self._clues_of = clues_of
        self._tips: list[str] = []
        """Place → the tip that was filed there; empty once the tip is gone."""
        self._place_of: dict[str, int] = {}
        self._postings = Postings(self._tips.__getitem__)

    def put(self, tip: str, clues: Clues) -> None:
        """File a tip under its clues, in place of its earlier ones."""
        self.drop(tip)
        place = self._place_of[tip] = len(self._tips)
        self._tips.append(tip)
        self._postings.add(_keys_of(clues), place)

    def drop(self, tip: str) -> None:
        if (place := self._place_of.pop(tip, None)) is not None:
            self._tips[place] = ""
            self._postings.note_gone()

    def find(self, tip: str) -> list[Related]:
        """Return the tips that are related to one, the strongest reasons first."""
        if tip not in self._place_of:
            return []
        clues, is_common = self._clues_of(tip), cache(self._is_common)
        near = {other for key in _wanted_keys(clues) for other in islice(self._under(key), _MOST_COMPARED)}
        near |= self._with_like_words(clues, is_common)
        compared = ((other, dict(_reasons(clues, self._clues_of(other), is_common))) for other in near - {tip})
        found = [Related(tip=other, reasons=reasons) for other, reasons in compared if reasons]
        return sorted(found, key=lambda one: (-one.weight, one.tip))[:MOST]

    def _under(self, key: Key) -> Iterator[str]:
        return map(self._tips.__getitem__, self._postings.under(key))

    def _with_like_words(self, clues: Clues, is_common: Callable[[str], bool]) -> set[str]:
        """Return the tips that share enough telling words with these clues to be near-identical."""
        shared = Counter[str]()
        for word in clues.words:
            if not is_common(word):
                shared.update(self._under(("word", word)))
        return {tip for tip, number in shared.most_common(_MOST_COMPARED) if number >= TELLING - 1}

    def _is_common(self, word: str) -> bool:
        most = max(_COMMON, int(len(self._place_of) * _COMMON_SHARE))
        return word in STOCK or any(islice(self._under(("word", word)), most, None))


def _reasons(one: Clues, other: Clues, is_common: Callable[[str], bool]) -> Iterator[tuple[Reason, str]]:
    """Yield each reason why two tips are related, with the value that they share."""
    numbers: tuple[tuple[Reason, frozenset[str]], ...] = (
        ("plate", one.plates & other.plates),
        ("phone", one.phones & other.phones),
    )
    yield from ((reason, min(shared)) for reason, shared in numbers if shared)
    if {picture.sha256 for picture in one.pictures} & {picture.sha256 for picture in other.pictures}:
        yield "picture", ""
    elif any(are_alike(a.looks, b.looks) for a in one.pictures for b in other.pictures):
        yield "alike", ""
    is_near = one.station == other.station
    if any(is_near or not person.is_common for person in one.persons & other.persons):
        yield "person", ""
    if not tell_of_others(one, other) and _is_same_text(one, other, is_common):
        yield "text", ""
    if _is_same_place(one, other):
        yield "place", ""


def _is_same_text(one: Clues, other: Clues, is_common: Callable[[str], bool]) -> bool:
    if telling(one.words & other.words) < TELLING:
        return False
    share, number = likeness(one.words, other.words, is_common)
    if number >= TELLING:
        return share >= NEAR
    return share >= COPIED and not are_apart(one, other)


def tell_of_others(one: Clues, other: Clues) -> bool:
    """Return whether two tips name different vehicles, phones or persons: similar words then mean little."""
    numbers = ((one.plates, other.plates), (one.phones, other.phones))
    if any(a and b and not a & b for a, b in numbers):
        return True
    return bool(one.persons and other.persons and not one.persons & other.persons)


def _is_same_place(one: Clues, other: Clues) -> bool:
    if one.pin and other.pin:
        return one.pin.metres_to(other.pin) <= METRES
    return bool(one.landmark and other.landmark and one.landmark.is_same(other.landmark))


def are_apart(one: Clues, other: Clues) -> bool:
    """Return whether two tips tell of different places."""
    have_places = all(clues.pin or clues.landmark for clues in (one, other))
    return have_places and not _is_same_place(one, other)


def _keys_of(clues: Clues) -> Iterator[Key]:
    yield from _shared_keys(clues)
    yield from (("word", word) for word in clues.words)
    if clues.pin:
        yield "pin", next(clues.pin.squares())


def _wanted_keys(clues: Clues) -> Iterator[Key]:
    """Yield the keys under which tips with related clues may be filed."""
    yield from _shared_keys(clues)
    if clues.pin:
        yield from (("pin", square) for square in clues.pin.squares())


def _shared_keys(clues: Clues) -> Iterator[Key]:
    yield from (("plate", plate) for plate in clues.plates)
    yield from (("phone", phone) for phone in clues.phones)
    yield from (("person", (one.key, clues.station if one.is_common else "")) for one in clues.persons)
    yield from (("picture", picture.sha256) for picture in clues.pictures)
    yield from (("looks", part) for picture in clues.pictures for part in parts_of_looks(picture.looks))
    if clues.landmark:
        yield from (("place", pair) for pair in clues.landmark.pairs())
    yield "words", clues.words


def parts_of_looks(looks: str) -> Iterator[tuple[int, int]]:
    """Yield the parts of a picture's looks by which the picture is found; none if it can't be compared.

    Looks are 64 bits, nearly all of which stay the same when a picture is scaled or saved again.
    """
    bits = _bits(looks)
    if bits is not None:
        width = _BITS // _PARTS
        yield from ((part, bits >> part * width & (1 << width) - 1) for part in range(_PARTS))


def are_alike(looks: str, other: str) -> bool:
    one, two = _bits(looks), _bits(other)
    return one is not None and two is not None and (one ^ two).bit_count() <= _MOST_DIFFERENT


def _bits(looks: str) -> int | None:
    bits = int(looks, 16) if looks else 0
    return bits if _LEAST_CONTRAST <= bits.bit_count() <= _BITS - _LEAST_CONTRAST else None
