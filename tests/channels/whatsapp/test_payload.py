"""What is decoded of a webhook: the same by item as in whole, and no name of a person or a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from satark_whatsapp.payload import decode
from satark_whatsapp.webhook_parser import decode_items, decode_webhook

PAYLOADS = sorted((Path(__file__).parent / "payloads").glob("*.json"))


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.stem)
def test_decoding_item_by_item_gives_the_same_as_decoding_the_whole(path: Path) -> None:
    body = path.read_bytes()
    assert decode_items(json.loads(body)) == decode_webhook(body)


def test_user_names_and_file_names_are_never_decoded() -> None:
    body = (PAYLOADS[0].parent / "document.json").read_bytes()
    assert b"sunita.planted" in body
    assert b'"filename"' in body
    decoded = repr(decode(body))
    assert "1003383421387256" in decoded
    assert not [word for word in ("sunita.planted", "filename", ".pdf") if word in decoded]
