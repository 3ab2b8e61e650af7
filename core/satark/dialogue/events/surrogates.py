"""Replace, in every text of an event, the lone surrogates that broken senders produce: no encoding can carry them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

from msgspec.structs import replace

from satark.api.channel import CompleteTip, Edited, Event, FormPage, Media, Pin, Tap, Text
from satark_words.graphemes import replace_surrogates

_Part = TypeVar("_Part", bound=Event)
_TEXTS: Final[Mapping[type[object], tuple[str, ...]]] = {
    Text: ("body",),
    Edited: ("body",),
    Tap: ("title",),
    Pin: ("name", "address"),
    Media: ("caption",),
}
"""Event → its fields that anybody can write."""


def without_surrogates(event: Event) -> Event:
    """Return the event with valid texts."""
    if isinstance(event, CompleteTip):
        typed = _valid(event.typed) if event.typed else None
        return replace(event, content=_valid(event.content), typed=typed)
    if isinstance(event, FormPage):
        return replace(event, answers=tuple((name, _valid(part)) for name, part in event.answers))
    return _valid(event)


def _valid(part: _Part) -> _Part:
    valid = {name: replace_surrogates(getattr(part, name)) for name in _TEXTS.get(type(part), ())}
    return replace(part, **valid) if valid else part
