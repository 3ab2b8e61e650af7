"""Decode form-encoded bodies and queries."""

from typing import Final
from urllib.parse import parse_qsl

from satark.api import Malformed

_MAX_FIELDS: Final = 500


def parse_form(body: bytes | str) -> list[tuple[str, str]]:
    """Decode a form-encoded body or a query to its fields, in order; a name may occur more than once.

    Raises:
        satark.api.Malformed: the form is not UTF-8, a field has no `=`, or there are too many fields.
    """
    try:
        text = body if isinstance(body, str) else body.decode("ascii")
        if not text:
            return []
        return parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise Malformed("not a form") from None
