"""The keypad of a call: decide what each key does, and fit prompts to the keys."""

from typing import Final

import msgspec

from satark.api import Choice, Prompt, parse_token

PAGE_CHOICES: Final = 7
"""Choices per page, on the keys 1 to 7. Key 8 turns to the next page, key 9 to the previous one."""
KEY_7_COMMAND: Final = "clear"
"""The command of key 7 at a question without choices."""
KEY_8_COMMANDS: Final = ("more", "skip", "done")
"""The possible commands of key 8: it has the first one that the prompt offers."""
KEY_9_COMMANDS: Final = ("less", "back", "leave", "cancel", "elsewhere")
"""The possible commands of key 9: it has the first one that the prompt offers."""
FIXED_COMMANDS: Final = {"*": "restart", "#": "repeat"}
"""Key → its command, in every state of a call."""
UNKNOWN: Final = "unknown"
"""The answer of key 0 at every question of a tip, and at every question that the police ask: "I don't know"."""
_START_MENUS: Final = frozenset({"@language", "@restart"})
"""The first question of a call, and the question after the star key. At both, key 0 asks for an earlier report."""

_ERASES: Final = frozenset({("@restart", "yes"), ("@cancel", "yes")})


def fit_to_keypad(prompt: Prompt) -> Prompt:
    """Reduce a prompt to the seven choices of its current page, and add the actions that turn the page."""
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


def offered_commands(prompt: Prompt) -> set[str]:
    """Return the commands that a prompt offers beside its choices."""
    return {token.option.removeprefix("@") for a in prompt.actions if (token := parse_token(a.token))}


def says_unknown(choice: Choice) -> bool:
    """Whether a choice means "I don't know". Key 0 selects such a choice, whatever its number."""
    token = parse_token(choice.token)
    return token is not None and token.option == UNKNOWN


def is_review(prompt: Prompt) -> bool:
    """Return whether a prompt is a review, whose first choice sends the tip."""
    tokens = [parse_token(choice.token) for choice in prompt.choices[:1]]
    return any(token and token.option == "send" for token in tokens)


def erasing_keys(prompt: Prompt) -> str:
    """Return the keys of the choices that erase the told answers."""
    tokens = [parse_token(choice.token) for choice in prompt.choices[:PAGE_CHOICES]]
    erases = [token is not None and (token.question, token.option) in _ERASES for token in tokens]
    return "".join(str(key) for key, does in enumerate(erases, 1) if does)


def key_0_command(prompt: Prompt) -> str:
    """Return the command of key 0: "don't know", or at the start of a call an earlier report; empty: none."""
    if UNKNOWN in offered_commands(prompt) or any(map(says_unknown, prompt.choices)):
        return UNKNOWN
    tokens = (parse_token(choice.token) for choice in (*prompt.choices, *prompt.actions))
    return "status" if any(token and token.question in _START_MENUS for token in tokens) else ""
