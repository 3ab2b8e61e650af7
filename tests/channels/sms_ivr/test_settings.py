"""The settings of Twilio are checked."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from satark_sms_ivr.settings import TwilioSettings

GOOD = {"account_sid": "AC" + "0" * 32, "auth_token": "t" * 8, "number": "+15550100100"}


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://api.twilio.com", True),
        ("http://localhost:1", True),
        ("http://[::1]:1", True),
        ("http://10.0.0.1", False),
    ],
)
def test_plain_http_is_allowed_on_this_machine_only(url: str, *, good: bool) -> None:
    if good:
        assert TwilioSettings.model_validate({**GOOD, "api_url": url}).api_url == url
        return
    with pytest.raises(ValidationError):
        TwilioSettings.model_validate({**GOOD, "api_url": url})
