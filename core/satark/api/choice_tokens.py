"""Choice tokens: `question:option:revision`, the revision in base 36, as they travel to a provider and back."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import msgspec

__all__ = [
    "ANY_QUESTION",
    "NEXT_PAGE",
    "PREVIOUS_PAGE",
    "Token",
    "code_in",
    "code_token",
    "command_token",
    "make_token",
    "parse_token",
]

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_TOKEN: Final = re.compile(r"(@?[a-z][a-z0-9_]{0,23}):(@?[A-Za-z0-9_-]{1,24}):([0-9a-z]{1,8})")

NEXT_PAGE: Final = "@page:@more:0"
PREVIOUS_PAGE: Final = "@page:@less:0"
"""Turn the page of a whole message, text included, where a medium shows less at once than there is to say."""

ANY_QUESTION: Final = "@any"
"""Stands in place of a question's id in the token of a command that is meant wherever the session stands."""


_RECEIPT: Final = "@receipt"
"""Stands in place of a question's id in the token of the button below a receipt's picture."""


class Token(msgspec.Struct, frozen=True):
    """A parsed token. Ids of the engine's own questions and options begin with `@`."""

    question: str
    option: str
    revision: int


def make_token(question: str, option: str, revision: int) -> str:
    """Make the token of an option."""
    return f"{question}:{option}:{_base36(revision)}"


def command_token(name: str) -> str:
    """Make the token of a command that is meant wherever the session stands, for a medium with a key for it."""
    return make_token(ANY_QUESTION, f"@{name}", 0)


def code_token(code: str) -> str:
    """Make the token that gives a receipt's code, for the button below its picture: who taps it need not write."""
    return make_token(_RECEIPT, code.replace(" ", ""), 0)


def code_in(text: str) -> str:
    """Return the receipt code that a token gives; empty: it gives none."""
    token = parse_token(text) if text.startswith(_RECEIPT) else None
    return token.option if token and token.question == _RECEIPT and token.option.isdecimal() else ""


def parse_token(text: str) -> Token | None:
    """Parse a token; None for one that is not ours. Never raises: anybody can send anything."""
    found = _TOKEN.fullmatch(text)
    return Token(found[1], found[2], int(found[3], 36)) if found else None


@lru_cache(maxsize=1024)
def _base36(number: int) -> str:
    written = ""
    while number:
        number, digit = divmod(number, 36)
        written = _DIGITS[digit] + written
    return written or "0"
