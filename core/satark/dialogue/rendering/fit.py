"""Fitting a prompt to a medium: pages of choices, room for actions, numbers where there are no buttons, text limits."""

from collections.abc import Sequence
from typing import Final

import msgspec

from satark.api.prompt import Capabilities, Choice, Prompt
from satark_words.graphemes import size, truncate

_UNKNOWN: Final = ":unknown:"
"""The part of a token, between question and revision, that marks the choice "don't know"."""
_FEWEST_ROWS: Final = 4
"""Fewest rows for a choice and the ways to turn pages; only a page with more keeps one for "don't know"."""


def fit(prompt: Prompt, capabilities: Capabilities) -> Prompt:
    """Reduce a prompt to what a medium can show. Nothing is lost, since every page can be reached.

    After it `choices` and `actions` together are no more than the medium's buttons or rows, and `text` holds numbered
    choices where it has neither. Only a text that is too long as a whole is clipped, between two characters.
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
    unknown = tuple(choice for choice in prompt.choices if _says_unknown(choice))
    if len(unknown) >= places - _FEWEST_ROWS:
        unknown = ()
    pages = _pages([choice for choice in prompt.choices if choice not in unknown], places - len(unknown))
    at = prompt.page % len(pages)
    more, less = (*prompt.turns, None, None)[:2]
    ways = [way for way in (more if at < len(pages) - 1 else None, less if at else None) if way]
    return (*pages[at], *unknown, *ways), ()


def _says_unknown(choice: Choice) -> bool:
    """Whether a choice is for those who don't know; it stands on every page."""
    return _UNKNOWN in choice.token


def _pages(choices: Sequence[Choice], places: int) -> list[Sequence[Choice]]:
    """Split choices into pages. The first leaves a place for "more", the last for "back", those between for both."""
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
    """Fill page after page; each says how to turn on. The question stands on the first."""
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
