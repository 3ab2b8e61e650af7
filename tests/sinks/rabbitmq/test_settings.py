"""Settings of the broker: no password travels in plain text."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.api.settings import SettingsError
from satark_rabbitmq.settings import RabbitMQSettings, check_url


@pytest.mark.parametrize("url", ["amqps://user:secret@broker.example/vhost", "amqp://127.0.0.1/"])
def test_an_encrypted_connection_or_a_broker_on_this_machine_is_accepted(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize("url", ["amqp://user:secret@broker.example/", "http://broker.example"])
def test_a_url_that_sends_the_password_in_plain_text_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="amqps"):
        RabbitMQSettings.model_validate({"url": url})


def test_desks_to_copy_may_come_as_one_string() -> None:
    assert RabbitMQSettings(copies="sp, thana-lanka,").copies == ("sp", "thana-lanka")


def test_certificates_that_can_not_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        RabbitMQSettings(ca_file=tmp_path / "absent").tls()
    assert "can't be used" in refused.value.problems[0].message
