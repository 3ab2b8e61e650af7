"""Values that the WhatsApp channel derives from its settings."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from satark_whatsapp.settings import WhatsAppSettings

SET: dict[str, Any] = {name: name for name in ("app_secret", "verify_token", "access_token")} | {"phone_number_id": "1"}


@pytest.mark.parametrize(
    ("more", "connections"),
    [
        ({}, 64),
        ({"messages_per_second": 1000}, 500),
        ({"messages_per_second": 129}, 65),
    ],
)
def test_the_number_of_connections_depends_on_the_numbers_rate(more: dict[str, Any], connections: int) -> None:
    assert WhatsAppSettings(**SET, **more).most_connections == connections


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://graph.facebook.com", True),
        ("http://localhost:8000", True),
        ("http://[::1]:8000", True),
        ("http://127.0.0.1:1", True),
        ("http://10.0.0.1", False),
        ("http://localhost.evil.example", False),
        ("ftp://127.0.0.1", False),
        ("http://[", False),
        ("graph", False),
    ],
)
def test_plain_http_is_allowed_on_this_machine_only(url: str, good: bool, secrets: dict[str, Any]) -> None:  # noqa: FBT001
    if good:
        assert WhatsAppSettings(**secrets, graph_url=url).graph_url == url
        return
    with pytest.raises(ValidationError, match="graph_url"):
        WhatsAppSettings(**secrets, graph_url=url)


def test_every_setting_has_a_description_and_a_required_one_says_where_to_find_its_value() -> None:
    for name, field in WhatsAppSettings.model_fields.items():
        assert field.description, name
        assert not field.is_required() or " > " in field.description, name


def test_the_repr_hides_secrets(secrets: dict[str, Any]) -> None:
    shown = repr(WhatsAppSettings(**secrets)) + str(WhatsAppSettings(**secrets))
    assert not [word for word in ("app-secret", "verify-token", "access-token") if word in shown]
