"""The receipt as a tipster is shown it: the tip number, the code in groups, and the token of its picture's button."""

from __future__ import annotations

from typing import Final

from satark.api.observability import Redacted
from satark.api.prompt import make_token, parse_token

_RECEIPT: Final = "@receipt"
"""Stands in place of a question's id in the token of the button below a receipt's picture."""


class Receipt(Redacted, frozen=True, kw_only=True):
    """The tip number and the secret code of `RECEIPT_DIGITS` digits; shown once."""

    number: str
    code: str

    @property
    def grouped(self) -> str:
        """The code as it is shown, in groups of four digits."""
        return group_digits(self.code)


def group_digits(code: str) -> str:
    """Write a code as it is shown, in groups of four digits."""
    return " ".join(code[at : at + 4] for at in range(0, len(code), 4))


def code_token(code: str) -> str:
    """Make the token that gives a receipt's code, for the button below its picture: who taps it need not write."""
    return make_token(_RECEIPT, code.replace(" ", ""), 0)


def code_in(text: str) -> str:
    """Return the receipt code that a token gives; empty: it gives none."""
    token = parse_token(text) if text.startswith(_RECEIPT) else None
    return token.option if token and token.question == _RECEIPT and token.option.isdecimal() else ""
