"""The section `[rabbitmq]` of the settings."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, field_validator

from satark.settings import SettingProblem, SettingsError

NAME = "rabbitmq"
"""The sink's name, and its section's."""
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class RabbitMQSettings(BaseModel):
    """Where the broker is, and what its queues are called."""

    url: SecretStr = Field(
        default=SecretStr(""),
        description="the broker; empty: nothing goes to one from here",
        json_schema_extra={"where": "amqps://user:password@host/vhost; plain amqp:// only to a broker on this machine"},
    )
    prefix: str = Field(
        default="",
        max_length=40,
        pattern=r"^[A-Za-z0-9._-]*$",
        description="what stands before the name of every queue and exchange; the same at the host and in its offices",
    )
    ca_file: Path | None = Field(
        default=None, description="certificates of whoever signed the broker's; empty: those that the system trusts"
    )
    certificate_file: Path | None = Field(
        default=None, description="our own certificate, where the broker asks for one"
    )
    key_file: Path | None = Field(default=None, description="its private key, where that is not in the same file")
    copies: tuple[str, ...] | str = Field(
        default=("sp", "dig"),
        description="desks at this host of whose tips the broker gets a sealed copy, in a queue of the desk's name; "
        "separated by commas, empty: none",
    )
    copies_kept: int = Field(
        default=10_000, ge=1, description="most messages (68 kB each) of copies in one queue; the oldest go first"
    )
    delivery_limit: int = Field(
        default=100,
        ge=2,
        description="times that a message is given to an office that dies of it, before it is a dead letter",
    )
    confirm_seconds: float = Field(default=30, gt=0, description="seconds that the broker has to confirm a message")

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
        """Give what a TLS connection is made with: the broker's certificate and name are always checked.

        Raises:
            SettingsError: a file can't be read, or is none of the kind.
        """
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
            if self.certificate_file:
                context.load_cert_chain(self.certificate_file, self.key_file)
        except OSError as error:  # of which ssl.SSLError is one
            message = f"the certificates can't be used: {error.strerror or error}"
            raise SettingsError([SettingProblem("rabbitmq.ca_file", "SATARK_RABBITMQ__CA_FILE", message)]) from None
        return context


def check_url(url: str) -> None:
    """Check a broker's URL, since a password goes there.

    Raises:
        ValueError: it is neither amqps nor plain amqp to a broker on this machine.
    """
    parts = urlsplit(url)
    if parts.scheme == "amqps" or (parts.scheme == "amqp" and parts.hostname in _LOOPBACK):
        return
    raise ValueError("must begin with amqps:// (plain amqp only for a broker on this machine)")
