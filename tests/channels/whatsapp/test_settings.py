"""What follows from the settings of the WhatsApp channel."""

from __future__ import annotations

from typing import Any

import pytest

from satark_whatsapp.settings import WhatsAppSettings

SET: dict[str, Any] = {"app_secret": "s", "verify_token": "v", "access_token": "a", "phone_number_id": "1"}


@pytest.mark.parametrize(
    ("more", "connections"),
    [
        ({}, 64),
        ({"messages_per_second": 1000}, 500),
        ({"messages_per_second": 1000, "connections": 20}, 20),
        ({"messages_per_second": 129}, 65),
    ],
)
def test_the_connections_follow_the_rate_of_the_number(more: dict[str, Any], connections: int) -> None:
    assert WhatsAppSettings(**SET, **more).most_connections == connections
