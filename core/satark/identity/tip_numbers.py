"""Random tip numbers: a counter would tell whoever sends two tips how many came in between."""

from __future__ import annotations

import secrets

# No 0, O, 1, I, L, U: they are misread, misheard, or make words.
_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ"
_ALPHABET = _LETTERS + "23456789"


def new_number() -> str:
    """Give a random tip number, such as `K4Q7-2XPM`; its letter keeps it apart from a receipt code's digits."""
    first = secrets.choice(_LETTERS)
    rest = "".join(secrets.choice(_ALPHABET) for _ in range(7))
    return f"{first}{rest[:3]}-{rest[3:]}"
