"""Clues: what of an opened tip can be compared with another. They hold content: keep them no longer than the tip."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from satark.api.observability import Redacted
from satark.casework.related.identifiers import phones_in, plates_in
from satark.casework.related.persons import Person, persons_in
from satark.casework.related.places import Landmark, Pin, landmark
from satark.casework.related.wording import words_of

if TYPE_CHECKING:
    from satark.api.tip import Evidence, Tip

T = TypeVar("T")


class Picture(Redacted, frozen=True):
    """What of a picture can be compared: the hash of the original, and how it looks."""

    sha256: str
    looks: str
    """See `satark.api.tip.Evidence.looks`; empty where that is not known."""


class Clues(Redacted, frozen=True, kw_only=True):
    """The clues of one tip."""

    received: str = ""
    """The time band in which it came."""
    station: str = ""
    has_files: bool = False
    plates: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    persons: frozenset[Person] = frozenset()
    landmark: Landmark | None = None
    pin: Pin | None = None
    words: frozenset[str] = frozenset()
    """The words of the tipster's texts, as they are compared."""
    pictures: tuple[Picture, ...] = ()


def clues_of(tip: Tip | None, told: Sequence[str], pictures: tuple[Picture, ...]) -> Clues:
    """Gather a tip's clues.

    Args:
        tip: its document; None if that does not open.
        told: what the tipster wrote or said besides: messages, captions, transcripts.
        pictures: its pictures.
    """
    answers = tip.answers if tip else {}
    place: Mapping[str, Any] = next((value for value in answers.values() if _is_place(value)), {})
    story = [*(value for value in answers.values() if isinstance(value, str)), *told]
    every = [*story, str(place.get("text") or "")]
    station = tip.station if tip else ""
    return Clues(
        received=tip.received if tip else "",
        station=station,
        has_files=bool(tip and tip.evidence),
        plates=frozenset(_found(plates_in, every)),
        phones=frozenset(_found(phones_in, every)),
        persons=frozenset(_found(persons_in, every)),
        landmark=landmark(str(place.get("text") or ""), station),
        pin=_pin(place),
        words=words_of(text for text in story if " " in text),
        pictures=pictures,
    )


def picture_of(record: Evidence) -> Picture | None:
    """Return what of a file can be compared with others; None if it shows nothing."""
    return Picture(record.sha256, record.looks) if record.kind in {"image", "video"} else None


def _found(read: Callable[[str], Iterator[T]], texts: Iterable[str]) -> Iterator[T]:
    return (found for text in texts for found in read(text))


def _is_place(value: object) -> bool:
    return isinstance(value, dict) and not {"text", "latitude"}.isdisjoint(value)


def _pin(place: Mapping[str, Any]) -> Pin | None:
    latitude, longitude = place.get("latitude"), place.get("longitude")
    if isinstance(latitude, int | float) and isinstance(longitude, int | float):
        return Pin(float(latitude), float(longitude))
    return None
