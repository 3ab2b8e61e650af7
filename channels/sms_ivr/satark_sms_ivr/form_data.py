"""Decode form-encoded bodies and queries."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote_plus

from satark.api import Malformed

_MAX_FIELDS: Final = 500


class FormData:
    """The fields of a form, in order; a name may occur more than once."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self.pairs = pairs
        self._values = dict(pairs)

    def get(self, name: str) -> str:
        """Return the last value of a name; empty if the name has no value."""
        return self._values.get(name, "")


def parse_form(body: bytes | str) -> FormData:
    """Decode a form-encoded body or a query.

    Raises:
        satark.api.Malformed: the form is not UTF-8, a field has no `=`, or there are too many fields.
    """
    try:
        text = body if isinstance(body, str) else body.decode("ascii")
        parts = text.split("&") if text else []
        if len(parts) > _MAX_FIELDS or any("=" not in part for part in parts):
            raise Malformed("not a form")
        return FormData([_pair(part) for part in parts])
    except UnicodeError:
        raise Malformed("not a form") from None


def _pair(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")
