"""Read a filled-in form: the `response_json` of an `nfm_reply`.

Source: Meta, WhatsApp Flows, "Receiving Flow Response": a JSON text with `flow_token` and the last screen's payload.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from satark.api import FormPage, Tap, Text, parse_token
from satark_files.decoding import DECODING_ERRORS

_MOST_FIELDS: Final = 200

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def read_form(response_json: str) -> FormPage | None:
    """Read a filled-in form. None: it is not a form of ours."""
    try:
        fields = _decode(response_json)
    except (*DECODING_ERRORS, UnicodeEncodeError):
        return None
    token = fields.pop("flow_token", None)
    if not isinstance(token, str) or not token or len(fields) > _MOST_FIELDS:
        return None
    answers = tuple((step, part) for step, value in fields.items() for part in _parts(step, value))
    return FormPage(answers, token=token)


def _parts(step: str, value: Any) -> Iterator[Text | Tap]:
    """Read a field: an option's token, several tokens, or words. A field that the form did not show has no value."""
    if isinstance(value, list):
        for one in value:
            yield from _parts(step, one)
    elif isinstance(value, str):
        token = parse_token(value)
        yield Tap(token.option) if token and token.question == step else Text(value)
    elif value is not None:
        yield Text(str(value))
