"""The keypad of a call: what each key does, and prompts that fit it."""

from __future__ import annotations

from typing import Final

import msgspec

from satark.prompt import Prompt

PAGE_CHOICES: Final = 7
"""Choices per page, on the keys 1 to 7. Key 8 turns to the next page, key 9 to the previous one."""
KEY_7_COMMAND: Final = "clear"
"""What key 7 may do where there is nothing to choose."""
KEY_8_COMMANDS: Final = ("more", "skip", "done")
"""What key 8 may do; the first that the prompt offers."""
KEY_9_COMMANDS: Final = ("less", "back", "leave", "cancel", "elsewhere")
"""What key 9 may do; the first that the prompt offers."""
FIXED_COMMANDS: Final = {"*": "restart", "#": "repeat", "0": "status"}
"""What the other keys do in every state of a call."""


def fit_to_keypad(prompt: Prompt) -> Prompt:
    """Reduce a prompt to the seven choices of its page, with the actions that turn the page."""
    if len(prompt.choices) <= PAGE_CHOICES:
        return msgspec.structs.replace(prompt, page=0, turns=())
    count = -(-len(prompt.choices) // PAGE_CHOICES)
    page = prompt.page % count
    choices = prompt.choices[PAGE_CHOICES * page : PAGE_CHOICES * (page + 1)]
    forward = prompt.turns[:1] if page < count - 1 else ()
    back = prompt.turns[1:2] if page else ()
    return msgspec.structs.replace(
        prompt, page=page, choices=choices, actions=(*forward, *back, *prompt.actions), turns=()
    )
