"""Calls never show their content, and a provider's wait is read in every form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from satark.api.outbound import MAX_WAIT, Accepted, Call, seconds_to_wait

NEVER = format_datetime(datetime(2020, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("999999999", MAX_WAIT),
        ("0", 30.0),
        ("", 30.0),
        ("soon", 30.0),
        ("-1", 30.0),
        ("٧", 30.0),
        (NEVER, 30.0),
    ],
)
def test_the_wait_is_the_providers_or_else_the_default(header: str, seconds: float) -> None:
    assert seconds_to_wait(header, otherwise=30.0) == seconds


def test_a_retry_date_is_converted_to_seconds() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(hours=2))
    assert 0 < seconds_to_wait(date, otherwise=30.0) <= 7200


def test_neither_a_call_nor_its_result_shows_its_recipient() -> None:
    call = Call(account="sms:1", method="messages", body=b"+919876543210", fallback=b"+919876543210")
    assert f"{call} {Accepted('wamid.919876543210')}" == "Call(messages) Accepted()"
