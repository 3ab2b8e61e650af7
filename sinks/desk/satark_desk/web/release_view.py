"""What a tip's page shows of directions: what may be handed over, with marks, and what other desks have seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from satark.api import DESK_SINK, Desk, Redacted, Release
from satark.casework import RELEASABLE, DeskContext, MarkedText, OpenTip, marked
from satark_desk.orders import order_of
from satark_desk.read_state import Seen, seen_by
from satark_desk.web.page_text import PageText
from satark_words.geography.geography import Geography

_NOT_WORDS = frozenset({"category", "evidence", "known_by", "district", "station"})
"""Steps whose answers are codes, and no words of the tipster."""
_WORDS_OF_PLACE = frozenset({"text", "name", "address", "voice"})


class ReleaseForm(Redacted, frozen=True, kw_only=True):
    """What the form of a direction offers to hand over."""

    own: tuple[tuple[str, tuple[MarkedText, ...]], ...]
    """Step → the tipster's own words, split into parts that point to the tipster and parts that don't."""
    fields: tuple[tuple[str, str], ...]
    """Step → what its field is filled in with: an answer that the tipster chose, and never their words."""


class GivenDirection(Redacted, frozen=True, kw_only=True):
    """A direction in force, and what the directed desk has seen."""

    desk: str
    title: str
    seq: int
    """The direction's position in the thread."""
    release: Release | None
    is_office: bool
    """Whether the directed desk is in a remote office. This host does not know what that desk has seen."""
    seen: tuple[Seen, ...] = ()
    is_own: bool
    """Whether this desk gave the direction."""
    order: str = ""
    """The number of its written order; empty if none was made."""


def release_form(tip: OpenTip, text: PageText, geography: Geography) -> ReleaseForm:
    """Return what may be handed over of a tip. The form offers the transcripts of spoken words, where there are any."""
    words = {step: _words(tip, step, text) for step in tip.tip.answers}
    own = {step: tuple(marked(said, geography)) for step, said in words.items() if said and step not in _NOT_WORDS}
    filled = [(step, _chosen(tip.tip.answers[step], step, text)) for step in RELEASABLE if words.get(step)]
    return ReleaseForm(own=tuple(own.items()), fields=tuple(filled))


def _chosen(value: Any, step: str, text: PageText) -> str:
    """Return what of an answer the tipster chose, or pinned on a map: none of the tipster's words."""
    if isinstance(value, list):
        return " · ".join(filter(None, (_chosen(one, step, text) for one in value)))
    if isinstance(value, dict):
        value = {name: part for name, part in value.items() if name not in _WORDS_OF_PLACE}
        return text.answer(step, value) if value else ""
    shown = text.answer(step, value)
    return "" if shown == value else shown


def _words(tip: OpenTip, step: str, text: PageText) -> str:
    value = tip.tip.answers[step]
    spoken = value.get("voice") if isinstance(value, dict) else None
    return tip.transcript(spoken) if spoken else text.answer(step, value)


def given_directions(
    tip: OpenTip, services: DeskContext, desks: Mapping[str, Desk], own: str
) -> Sequence[GivenDirection]:
    """Return the directions of a tip that are in force; `own` is the desk that looks at the tip."""
    found = []
    for one in tip.work.directions.values():
        desk = desks.get(one.to)
        is_office = desk is not None and desk.via != DESK_SINK
        seen = [] if is_office else _seen(services, one.to, tip)
        found.append(
            GivenDirection(
                desk=one.to,
                title=desk.title if desk else one.to,
                seq=one.seq,
                release=one.release,
                is_office=is_office,
                seen=tuple(seen),
                is_own=one.by == own,
                order=order_of(tip, one.to, one.seq),
            )
        )
    return found


def _seen(services: DeskContext, desk: str, tip: OpenTip) -> list[Seen]:
    return services.read(lambda c: seen_by(c, desk, tip))
