"""Prompts as text messages: numbered choices, and pages of at most three segments."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from satark.graphemes import clusters
from satark.prompt import Prompt
from satark_sms_ivr.segments import plain, segments

MOST: Final = 3
"""Segments of one message."""
MORE: Final[Mapping[str, str]] = MappingProxyType({"hi": "और: M", "en": "More: reply M"})
"""What stands below a page that is not the last, by language."""


def as_text(prompt: Prompt) -> Prompt:
    """Write a prompt as one message: its choices numbered below it, and of that the page that it is at.

    What must arrive (a receipt, an officer's answer) and a last word are left whole: all their pages are sent at once.
    """
    lines = [f"{number} {choice.label}" for number, choice in enumerate(prompt.choices, 1)]
    ways = " / ".join(action.label for action in prompt.actions)
    text = "\n".join(part for part in (prompt.text, *lines, ways) if part)
    found = pages(text, more(prompt.language)) if prompt.asks and not prompt.must_arrive else [text]
    page = found[prompt.page % len(found)]
    return msgspec.structs.replace(prompt, text=page, choices=(), actions=(), turns=(), menu_label="")


def more(language: str) -> str:
    """Give the line that says how to turn the page."""
    return MORE.get(language.partition("-")[0], MORE["en"])


def pages(text: str, below: str = "") -> list[str]:
    """Cut a text into pages of at most three segments each, never through a written character.

    Args:
        text: what to cut; what is no more than three segments stays whole.
        below: a line for the end of every page but the last.
    """
    rest, found = plain(text).strip(), []
    tail = f"\n{below}" if below else ""
    while segments(rest) > MOST:
        head = _head(rest, tail)
        found.append(head.rstrip() + tail)
        rest = rest[len(head) :].lstrip()
    return [*found, rest] if rest or not found else found


def _head(text: str, tail: str) -> str:
    """The longest beginning that fits with its tail, cut at a line or a word where that costs less than half of it."""
    letters = list(clusters(text))
    low, high = 0, len(letters)
    while low < high:
        middle = (low + high + 1) // 2
        if segments("".join(letters[:middle]).rstrip() + tail) <= MOST:
            low = middle
        else:
            high = middle - 1
    head = "".join(letters[:low]) or text[:1]  # one letter under a hundred marks: nothing readable is torn
    for mark in ("\n", " "):
        at = head.rfind(mark)
        if at > len(head) // 2:
            return head[: at + 1]
    return head
