"""The fields of a form post, as a provider sends them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import unquote_plus

from satark.channel import Malformed

_MOST: Final = 500


class Form:
    """Names with their values, in the order sent; a name may come more than once."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    def __iter__(self) -> Iterator[str]:
        """Give the names, each once."""
        return iter(self._values)

    def __bool__(self) -> bool:
        """Whether there is anything in it."""
        return bool(self._values)

    def getlist(self, name: str) -> list[str]:
        """Give every value of a name; this is how twilio's validator asks."""
        return self._values.get(name, [])

    def get(self, name: str) -> str:
        """Give the last value of a name, or nothing."""
        values = self._values.get(name)
        return values[-1] if values else ""


def read_form(body: bytes | str) -> Form:
    """Read a form-encoded body or a query.

    Raises:
        satark.channel.Malformed: it is none: not UTF-8, a field without its `=`, or far too many of them.
    """
    try:
        text = body if isinstance(body, str) else body.decode("ascii")
        parts = text.split("&") if text else []
        if len(parts) > _MOST or any("=" not in part for part in parts):
            raise Malformed("not a form")
        return Form([_pair(part) for part in parts])
    except UnicodeError:
        raise Malformed("not a form") from None


def _pair(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")
