"""A channel's values: requests never show their content, and an account names its channel."""

from __future__ import annotations

from satark.api.channel import RawRequest, channel_of


def test_a_requests_repr_shows_only_its_path() -> None:
    raw = RawRequest(method="POST", path="/sms/webhook", query="From=1", headers={"from": "1"}, body=b"From=1")
    assert repr(raw) == "RawRequest(POST /sms/webhook)"


def test_an_account_names_its_channel() -> None:
    assert channel_of("whatsapp:1065:40") == "whatsapp"
