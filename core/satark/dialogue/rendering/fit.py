"""Fits a prompt to a medium: pages of choices, room for actions, numbers in place of buttons, text limits."""

from collections.abc import Sequence
from typing import Final

import msgspec

from satark.api.prompt import Capabilities, Choice, Prompt
from satark_words.graphemes import size, truncate

_UNKNOWN: Final = ":unknown:"
"""The part of a token, between question and revision, of the choice "don't know"."""
_FEWEST_ROWS: Final = 4
"""Rows for one choice and the ways to turn pages. Only a page with more rows keeps one for "don't know"."""


def fit(prompt: Prompt, capabilities: Capabilities) -> Prompt:
    """Reduce a prompt to what a medium can show. Nothing is lost, since every page can be reached.

    The result has no more `choices` and `actions` together than the medium has buttons or rows. If it has neither,
    `text` lists the choices by number. Only a text that is too long as a whole is clipped, between two characters.
    """
    if not prompt.choices and not prompt.actions:
        return _with(prompt, truncate(prompt.text, capabilities.text, capabilities.unit), (), ())
    places = max(capabilities.buttons, capabilities.rows)
    if not places or size(prompt.text, capabilities.unit) > capabilities.body:
        return _in_text(prompt, capabilities)
    # Where the choices are few, short and need no explaining, buttons are better than a list.
    plain = bool(prompt.choices) and not any(choice.description for choice in prompt.choices)
    suits_buttons = plain and _are_buttons(prompt.choices, capabilities)
    choices, actions = _page(prompt, capabilities.buttons if suits_buttons else places)
    if not capabilities.rows and not _are_buttons(choices + actions, capabilities):
        return _in_text(prompt, capabilities)
    if not choices and not _are_buttons(actions, capabilities):
        actions = actions[: capabilities.buttons]
    return _with(prompt, prompt.text, choices, actions)


def _are_buttons(options: Sequence[Choice], capabilities: Capabilities) -> bool:
    unit = capabilities.unit
    return len(options) <= capabilities.buttons and all(
        size(o.label, unit) <= capabilities.button_label for o in options
    )


def _page(prompt: Prompt, places: int) -> tuple[tuple[Choice, ...], tuple[Choice, ...]]:
    """Return the choices of the prompt's page, and as many actions as there is room for."""
    if len(prompt.choices) <= places:
        return prompt.choices, prompt.actions[: places - len(prompt.choices)]
    unknown = tuple(choice for choice in prompt.choices if _UNKNOWN in choice.token)  # it stands on every page
    if len(unknown) >= places - _FEWEST_ROWS:
        unknown = ()
    pages = _pages([choice for choice in prompt.choices if choice not in unknown], places - len(unknown))
    at = prompt.page % len(pages)
    more, less = (*prompt.turns, None, None)[:2]
    ways = [way for way in (more if at < len(pages) - 1 else None, less if at else None) if way]
    return (*pages[at], *unknown, *ways), ()


def _pages(choices: Sequence[Choice], places: int) -> list[Sequence[Choice]]:
    """Split choices into pages. The first page keeps a row for "more", the last one for "back", the others for both."""
    pages = [choices[: places - 1]]
    rest = choices[places - 1 :]
    while len(rest) > places - 1:
        cut = max(1, places - 2)
        pages.append(rest[:cut])
        rest = rest[cut:]
    return [*pages, rest]


def _in_text(prompt: Prompt, capabilities: Capabilities) -> Prompt:
    """Write the choices below the text, each with the number that chooses it."""
    lines = [f"{number} {choice.label}" for number, choice in enumerate(prompt.choices, 1)]
    ways = " / ".join(action.label for action in prompt.actions)
    tail = [ways] if ways else []
    whole = "\n".join([prompt.text, *lines, *tail])
    if size(whole, capabilities.unit) <= capabilities.text:
        return _with(prompt, whole, (), ())
    pages = _text_pages(prompt, lines, capabilities)
    at = prompt.page % len(pages)
    return _with(prompt, pages[at], (), ())


def _text_pages(prompt: Prompt, lines: Sequence[str], capabilities: Capabilities) -> list[str]:
    """Split a text into pages; each says how to turn on. The question stands on the first."""
    unit, limit = capabilities.unit, capabilities.text
    more = prompt.turns[0].label if prompt.turns else ""
    room = limit - size(more, unit) - 1
    head = truncate(prompt.text, room, unit)
    pages, page = [], [head]
    for line in (truncate(line, room, unit) for line in lines):
        if page and size("\n".join([*page, line]), unit) > room:
            pages.append("\n".join([*page, more]))
            page = []
        page.append(line)
    return [*pages, "\n".join(page)]


def _with(prompt: Prompt, text: str, choices: tuple[Choice, ...], actions: tuple[Choice, ...]) -> Prompt:
    return msgspec.structs.replace(prompt, text=text, choices=choices, actions=actions, turns=())
