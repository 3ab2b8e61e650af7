"""Settings of the broker: no password travels in plain text."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.api.settings import SettingsError
from satark.api.sink import CarrierError
from satark_rabbitmq.connection import RabbitMQ
from satark_rabbitmq.settings import RabbitMQSettings, check_url
from support.peers.strangers import stranger


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


@pytest.mark.parametrize("host", ["localhost", "somebody.else"])
async def test_a_broker_without_a_trusted_certificate_gets_no_password_whatever_the_url_says(
    tmp_path: Path, host: str
) -> None:
    async with stranger(tmp_path, host=host) as other:
        ca_file = None if host == "localhost" else other.certificate.certificate
        carrier = RabbitMQ(RabbitMQSettings(ca_file=ca_file))
        for query in ("", "?no_verify_ssl=1", "?verify=0"):
            with pytest.raises(CarrierError):
                async with carrier.connect(f"amqps://user:secret@localhost:{other.port}/{query}"):
                    pass
    assert other.heard == []
