"""Drawings of maps for the desk's pages, of one size, that a phone shows without scaling them down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from satark.api import Redacted
from satark_words.geography.maps import MapFrame, Marker, Outline, Point, Scale, fit, mark, outlines

if TYPE_CHECKING:
    from satark_words.geography.geography import Geography, Station

_WIDTH: Final = 360
_HEIGHT: Final = 270
_LEAST_KM: Final = 2.0
"""Height of the smallest area that is drawn."""
_LONGEST_SCALE: Final = 90


class Drawing(Redacted, frozen=True, kw_only=True):
    """A map: what is drawn at which spots. North is up."""

    frame: MapFrame
    outlines: Sequence[Outline]
    markers: Sequence[Marker]
    scale: Scale

    @property
    def is_empty(self) -> bool:
        """Whether nothing of the geography is on it, so that it says nothing."""
        return not self.outlines and not self.markers


def draw(
    geography: Geography,
    language: str,
    shown: Sequence[Point],
    *,
    first: Sequence[Station] = (),
    others: bool = True,
    taken: Iterable[Point] = (),
) -> Drawing:
    """Draw the part of the geography around some points.

    Args:
        geography: the districts and stations.
        language: of the names.
        shown: the points that the map shows in any case, at least one.
        first: the stations that get room for their names first.
        others: whether the other stations are marked too.
        taken: points that no name may cover.
    """
    frame = fit(shown, _WIDTH, _HEIGHT, _LEAST_KM)
    stations = [*first, *(one for one in geography.stations() if others and one not in first)]
    named = [(one.label(language), one.position) for one in stations if one.position]
    return Drawing(
        frame=frame,
        outlines=outlines(geography, frame, language),
        markers=mark(named, frame, [frame.spot(point) for point in taken]),
        scale=frame.scale(_LONGEST_SCALE),
    )
