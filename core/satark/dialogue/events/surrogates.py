"""Replace, in every text of an event, the lone surrogates that broken senders produce: no encoding can carry them."""

from __future__ import annotations

from msgspec.structs import replace

from satark.channel import CompleteTip, Edited, Event, FormPage, Media, Pin, Tap, Text
from satark.graphemes import replace_surrogates


def without_surrogates(event: Event) -> Event:
    """Return the event with valid texts."""
    if isinstance(event, CompleteTip):
        typed = Text(replace_surrogates(event.typed.body)) if event.typed else None
        return replace(event, content=_words(event.content), typed=typed)
    if isinstance(event, FormPage):
        return replace(event, answers=tuple((name, _part(part)) for name, part in event.answers))
    if isinstance(event, Edited):
        return replace(event, body=replace_surrogates(event.body))
    return _part(event) if isinstance(event, Text | Tap | Pin | Media) else event


def _part(part: Text | Tap | Pin | Media) -> Text | Tap | Pin | Media:
    if isinstance(part, Tap):
        return replace(part, title=replace_surrogates(part.title))
    if isinstance(part, Pin):
        return replace(part, name=replace_surrogates(part.name), address=replace_surrogates(part.address))
    return _words(part)


def _words(part: Text | Media) -> Text | Media:
    if isinstance(part, Text):
        return replace(part, body=replace_surrogates(part.body))
    return replace(part, caption=replace_surrogates(part.caption))
