"""The words that an event carries, whatever it is."""

from __future__ import annotations

from satark.api.channel import CompleteTip, Edited, Event, FormPage, Media, Tap, Text


def words_of(event: Event) -> str:
    """Return the words that an event carries, other than those of a tap or of a place; empty where it has none."""
    match event:
        case Tap():  # first, since most events are taps
            return ""
        case Text() | Edited():
            return event.body
        case Media():
            return event.caption
        case CompleteTip():
            return words_of(event.content)
        case FormPage():
            return "\n".join(words for _, part in event.answers if (words := words_of(part)))
        case _:
            return ""
