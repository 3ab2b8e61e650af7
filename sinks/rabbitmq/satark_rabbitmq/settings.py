"""The section `[rabbitmq]` of the settings."""

import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from satark.api import SettingProblem, SettingsError

NAME = "rabbitmq"
"""The name of the sink and of its section."""
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class RabbitMQSettings(BaseModel):
    """The settings of the broker: its address, and the names of its queues."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    url: SecretStr = SecretStr("")
    """the broker; empty: this process publishes nothing; amqps://user:password@host/vhost; plain amqp:// only to a
    broker on this machine"""
    prefix: str = Field(default="", max_length=40, pattern=r"^[A-Za-z0-9._-]*$")
    """prefix of the name of every queue and exchange; the same at the host and in its offices"""
    ca_file: Path | None = None
    """CA certificates to trust for the broker; empty: the system's"""
    certificate_file: Path | None = None
    """client certificate, if the broker requires one"""
    key_file: Path | None = None
    """private key of the client certificate; empty: in the same file"""
    copies: tuple[str, ...] | str = ("sp", "dig")
    """desks at this host whose tips are also published, sealed, to a queue of the desk's name"""
    copies_kept: int = Field(default=10_000, ge=1)
    """maximum number of messages (68 kB each) in one queue of copies; the oldest are dropped first"""
    copies_days: int = Field(default=30, ge=1, le=365)
    """days after which a copy is dropped: a desk's key still opens a copy of an erased tip"""
    delivery_limit: int = Field(default=100, ge=2)
    """deliveries of a message to an office that crashes on it, before it becomes a dead letter"""

    @field_validator("copies", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("url")
    @classmethod
    def _safe(cls, url: SecretStr) -> SecretStr:
        if url.get_secret_value():
            check_url(url.get_secret_value())
        return url

    def tls(self) -> ssl.SSLContext:
        """Return the TLS context. The broker's certificate and host name are always verified.

        Raises:
            SettingsError: a certificate file can't be read or parsed.
        """
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
            if self.certificate_file:
                context.load_cert_chain(self.certificate_file, self.key_file)
        except OSError as error:  # of which ssl.SSLError is one
            message = f"the certificates can't be used: {error.strerror or error}"
            raise SettingsError([SettingProblem.of("rabbitmq.ca_file", message)]) from None
        return context


def check_url(url: str) -> None:
    """Refuse a URL that would send the broker's password over a network in plain text.

    Raises:
        ValueError: the URL is neither amqps nor plain amqp to a broker on this machine.
    """
    parts = urlsplit(url)
    if parts.scheme == "amqps" or (parts.scheme == "amqp" and parts.hostname in _LOOPBACK):
        return
    raise ValueError("must begin with amqps:// (plain amqp only for a broker on this machine)")
