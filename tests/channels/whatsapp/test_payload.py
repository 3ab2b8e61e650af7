"""Webhooks are decoded without names of people or files."""

from __future__ import annotations

from pathlib import Path

from satark_whatsapp.webhook_parser import decode_webhook

PAYLOADS = sorted((Path(__file__).parent / "payloads").glob("*.json"))


def test_user_names_and_file_names_are_never_decoded() -> None:
    body = (PAYLOADS[0].parent / "document.json").read_bytes()
    assert b"sunita.planted" in body
    assert b'"filename"' in body
    decoded = repr(decode_webhook(body))
    assert "1003383421387256" in decoded
    assert not [word for word in ("sunita.planted", "filename", ".pdf") if word in decoded]
