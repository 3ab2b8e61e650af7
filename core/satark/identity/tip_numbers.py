"""Random tip numbers: a counter would tell whoever sends two tips how many came in between."""

from __future__ import annotations

from satark.identity.random_bytes import random_bytes

# No 0, O, 1, I, L, U: they are misread, misheard, or make words.
_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ"
_ALPHABET = _LETTERS + "23456789"


def new_number() -> str:
    """Give a random tip number, such as `K4Q7-2XPM`; its letter keeps it apart from a receipt code's digits."""
    # One draw, of so many bits that no number is likelier than another by more than one part in 2^80.
    drawn, first = divmod(int.from_bytes(random_bytes(16)), len(_LETTERS))
    number = _LETTERS[first]
    for _ in range(7):
        drawn, next_ = divmod(drawn, len(_ALPHABET))
        number += _ALPHABET[next_]
    return f"{number[:4]}-{number[4:]}"
