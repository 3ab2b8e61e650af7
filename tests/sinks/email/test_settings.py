"""Settings of e-mail: which values are refused, and how addresses may be written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from satark.settings.settings import Settings
from satark_email.settings import EmailSettings


@pytest.mark.parametrize(
    "changes",
    [
        {"tls": "none", "host": "mail.example"},
        {"sender": "no address"},
        {"recipients": "a@b.example, Name <c@d.example>"},
        {"notification_times": ["9:00"]},
        {"utc_offset": "5:30"},
        {"to": {"notification": {"recipients": ["a@b.example"]}}},
        {"to": {"cell": {"recipients": []}}},
    ],
)
def test_invalid_settings_are_refused_without_quoting_an_address(changes: dict[str, Any], office: Any) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        office.settings(25, **changes)
    assert "c@d.example" not in str(refused.value).split("input_value")[0]


def test_addresses_may_come_as_one_string_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in {"HOST": "localhost", "SENDER": "a@b.example", "RECIPIENTS": "x@y.example,z@y.example"}.items():
        monkeypatch.setenv(f"SATARK_EMAIL__{name}", value)
    section = Settings().section("email", EmailSettings)
    assert section is not None
    assert section.recipients == ("x@y.example", "z@y.example")
