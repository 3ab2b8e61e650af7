"""The settings of the Telegram channel are checked, described and kept secret."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from satark_telegram.settings import TelegramSettings


@pytest.mark.parametrize("token", ["AAH", "x:AAH", "1:", "1:A/../B", "1:A\n"])
def test_a_malformed_token_is_refused(token: str, secrets: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="must look like"):
        TelegramSettings(**{**secrets, "token": token})


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://api.telegram.org", True),
        ("http://localhost:8081", True),
        ("http://[::1]:8081", True),
        ("http://10.0.0.1", False),
        ("ftp://127.0.0.1", False),
    ],
)
def test_plain_http_is_allowed_on_this_machine_only(url: str, good: bool, secrets: dict[str, Any]) -> None:  # noqa: FBT001
    if good:
        assert TelegramSettings(**secrets, api_url=f"{url}/").api_url == url
        return
    with pytest.raises(ValidationError, match="api_url"):
        TelegramSettings(**secrets, api_url=url)


def test_every_setting_has_a_description_and_the_repr_hides_secrets(secrets: dict[str, Any]) -> None:
    assert all(field.description for field in TelegramSettings.model_fields.values())
    shown = repr(TelegramSettings(**secrets))
    assert "AAHdq" not in shown
    assert "a-secret" not in shown
