"""The receipt that a tipster is shown: the tip number, the code in groups, and the token of its picture's button."""

from typing import Final

from satark.api.observability import Redacted
from satark.api.prompt import make_token, parse_token

_RECEIPT: Final = "@receipt"
"""Id used in place of a question's in the token of the button below a receipt's picture."""


class Receipt(Redacted, frozen=True, kw_only=True):
    """The tip number and the secret code of `RECEIPT_DIGITS` digits. It is shown once."""

    number: str
    code: str
    root: bytes = b""
    """Secret that the receipt keeps of the tip, so that its sender can add to it at once: see `OpenMailbox`."""

    @property
    def grouped(self) -> str:
        """The code as it is shown, in groups of four digits."""
        return group_digits(self.code)


def group_digits(code: str) -> str:
    """Write a code as it is shown, in groups of four digits."""
    return " ".join(code[at : at + 4] for at in range(0, len(code), 4))


def code_token(code: str) -> str:
    """Return the token of the button below a receipt's picture. It contains the code, to save typing it."""
    return make_token(_RECEIPT, code.replace(" ", ""), 0)


def code_in(text: str) -> str:
    """Return the receipt code in a token; empty: the token contains none."""
    token = parse_token(text) if text.startswith(_RECEIPT) else None
    return token.option if token and token.question == _RECEIPT and token.option.isdecimal() else ""
