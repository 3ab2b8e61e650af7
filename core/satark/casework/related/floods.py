"""Floods: many tips within a day that say nearly the same, or nothing. They may be a prank, or a crowd that is right.

Tips that are alike by chance ("liquor is sold here") are no flood: a text must tell what few others do.

Tips are gathered as they are opened: each joins the first group whose words it repeats. Which groups are floods is
decided when a queue is shown, since tips may be finished by then.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Final

from satark.casework.clocks import band_end
from satark.casework.related.clues import Clues
from satark.casework.related.index import are_apart, tell_of_others
from satark.casework.related.postings import Postings
from satark.casework.related.wording import NEAR, TELLING, telling
from satark.identity.time_buckets import BAND_HOURS

LEAST: Final = 4
"""Fewest tips that make a flood."""
_BAND: Final = BAND_HOURS * 3600
_WITHIN: Final = 24 // BAND_HOURS
"""Most time bands between a tip of a flood and the next one: a day."""
_EMPTY: Final = 2
"""Most words of a tip that says nothing: "hello", "test"."""
_LONG: Final = 6
"""Number of shared words from which they are no coincidence, even if the two tips name different places."""
_MOST_COMPARED: Final = 5
"""Most groups that a tip is compared with: those that share the most parts of its sketch."""
_MOST_SHARING: Final = 20
"""Most groups that may share a part of a sketch. A part with more tells nothing."""
_PARTS, _ROWS = 16, 2
_MASK: Final = (1 << 64) - 1
_RANDOM: Final = random.Random(1)  # noqa: S311 - no secret
_FACTORS: Final = tuple(_RANDOM.getrandbits(63) << 1 | 1 for _ in range(_PARTS * _ROWS))

_Part = tuple[int, ...]


class FloodIndex:
    """Groups of tips with nearly the same words. It holds content, as `RelatedIndex` does. Not thread-safe."""

    def __init__(self, clues_of: Callable[[str], Clues]) -> None:
        """`clues_of` returns the clues with which a tip joined."""
        self._clues_of = clues_of
        self._group_of: dict[str, int] = {}
        self._firsts: list[str] = []
        """Group → its first tip; empty once the group has none."""
        self._others: defaultdict[int, dict[str, None]] = defaultdict(dict)
        """Group → its other tips, in order. Most groups have none."""
        self._postings = Postings(self._firsts.__getitem__)

    def put(self, tip: str, clues: Clues) -> None:
        """Let a tip join the group whose words it repeats, or begin one."""
        self.drop(tip)
        if _is_empty(clues) or telling(clues.words) >= TELLING:
            groups = {part: set(self._postings.under(part)) for part in _parts(clues)}
            group = self._fitting(clues, groups.values())
            if group == len(self._firsts):
                self._firsts.append(tip)
            else:
                self._others[group][tip] = None
            self._group_of[tip] = group
            self._postings.add((part for part, its in groups.items() if group not in its), group)

    def drop(self, tip: str) -> None:
        if (group := self._group_of.pop(tip, None)) is None:
            return
        others = self._others.get(group, {})
        if tip in others:
            del others[tip]
        else:
            first = self._firsts[group] = next(iter(others), "")
            others.pop(first, None)
            if not first:
                self._postings.note_gone()

    def floods(self, is_open: Callable[[str], bool]) -> Iterator[list[str]]:
        """Yield the tips of each flood; `is_open` returns whether a tip still counts."""
        for group, others in self._others.items():
            if len(others) + 1 >= LEAST:
                its = [self._firsts[group], *others]
                came = sorted(
                    (band_end(self._clues_of(tip).received) // _BAND, at, tip)
                    for at, tip in enumerate(its)
                    if is_open(tip)
                )
                yield from ([tip for *_, tip in part] for part in _apart(came) if len(part) >= LEAST)

    def _fitting(self, clues: Clues, groups: Iterable[Collection[int]]) -> int:
        """Return the group that a tip joins; a new one if none fits."""
        shared = Counter(group for some in groups if len(some) <= _MOST_SHARING for group in some)
        for group, _ in shared.most_common(_MOST_COMPARED):
            if _repeats(clues, self._clues_of(self._firsts[group])):
                return group
        return len(self._firsts)


def _is_empty(clues: Clues) -> bool:
    is_named = clues.plates or clues.phones or clues.persons or clues.pin or clues.landmark
    return len(clues.words) <= _EMPTY and not clues.has_files and not is_named


def _repeats(one: Clues, other: Clues) -> bool:
    if _is_empty(one) or _is_empty(other):
        return _is_empty(one) and _is_empty(other)
    shared = one.words & other.words
    is_chance = len(shared) < _LONG and are_apart(one, other)
    return len(shared) >= NEAR * len(one.words | other.words) and not is_chance and not tell_of_others(one, other)


def _parts(clues: Clues) -> Iterator[_Part]:
    """Yield the parts of a sketch of a tip's words (MinHash); two tips that say nearly the same share some parts."""
    if _is_empty(clues):
        yield (-1,)
        return
    hashes = [hash(word) for word in clues.words]
    for part in range(_PARTS):
        factors = _FACTORS[part * _ROWS : (part + 1) * _ROWS]
        yield (part, *(min([value * factor & _MASK for value in hashes]) for factor in factors))


def _apart(came: Sequence[tuple[float, int, str]]) -> Iterator[list[tuple[float, int, str]]]:
    """Split tips into groups, at each gap of more than a day."""
    part: list[tuple[float, int, str]] = []
    for one in came:
        if part and one[0] - part[-1][0] > _WITHIN:
            yield part
            part = []
        part.append(one)
    if part:
        yield part
