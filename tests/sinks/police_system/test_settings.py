"""Settings of a police system that can't work are refused, each with its reason."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from satark_police_system.settings import SystemSettings
from satark_testing.peers.police import SECRET


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"url": "https://a.example", "folder": "/x"}, "only one of"),
        ({"url": "https://a.example", "secret": None}, "secret is missing"),
        ({"url": "http://a.example"}, "https://"),
        ({"sftp": "sftp://a.example/x"}, "sftp_known_hosts"),
        ({"sftp": "ftp://a.example/x", "sftp_known_hosts": "/x"}, "sftp://user@host"),
        ({"url": "https://a.example", "payload": "full"}, "it allows none"),
        ({"url": "https://a.example", "recipient": "age1short"}, "not an age recipient"),
        ({"url": "https://a.example", "answer_keys": ["key"]}, "whpk_"),
        ({"url": "https://a.example", "networks": ["10.0.0.0/33"]}, "network"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_settings_that_can_not_work_are_refused_with_the_reason(fields: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        SystemSettings.model_validate({"secret": SECRET, **fields})
