"""The section `[email]` of the settings."""

import re
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from satark_words.languages import languages_of

NOTIFICATION = "notification"
"""The name of the destination `email:notification`, whose addresses are `recipients`."""
OPERATOR = "operator"
"""The name of the destination `email:operator`, whose addresses are `operators`."""
_ADDRESS = re.compile(r"[^@\s<>,;:\"]+@[A-Za-z0-9.-]+")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def _split(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _is_an_address(value: str) -> str:
    # Never quotes an address: the message is logged.
    if not _ADDRESS.fullmatch(value):
        raise ValueError("must be plain addresses (name@host)")
    return value


def _are_addresses(value: tuple[str, ...] | str) -> tuple[str, ...]:
    return tuple(map(_is_an_address, value))


def _is_a_language(value: str) -> str:
    if value not in languages_of("satark_email"):
        raise ValueError(f"must be one of {', '.join(languages_of('satark_email'))}")
    return value


_Addresses = Annotated[tuple[str, ...] | str, BeforeValidator(_split), AfterValidator(_are_addresses)]
_Language = Annotated[str, AfterValidator(_is_a_language)]


class EmailDestination(BaseModel):
    """One table `[email.to.<name>]`: the addresses of the destination `email:<name>`."""

    SECTION: ClassVar[str] = "email.to.NAME"

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    recipients: Annotated[tuple[str, ...], BeforeValidator(_split), AfterValidator(_are_addresses), Field(min_length=1)]
    """addresses that receive each mail"""
    openpgp_keys: Path | None = None
    """file with the recipients' OpenPGP public keys, for encrypted tips; empty: notifications only; gpg --armor
    --export ADDRESS"""
    language: _Language = "hi"
    """language of the text that Satark writes"""


class EmailSettings(BaseModel):
    """The settings of mail: how it is sent, and to whom."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    host: str = Field(min_length=1)
    """mail server that accepts our mail"""
    port: int = Field(default=587, ge=1, le=65535)
    """its port: 587 with STARTTLS, 465 with TLS"""
    sender: Annotated[str, AfterValidator(_is_an_address)]
    """sender address of every mail"""
    recipients: _Addresses = ()
    """addresses of `email:notification`, which get the scheduled notifications; separated by commas"""
    operators: _Addresses = ()
    """addresses of `email:operator`, for `alarm_to`; separated by commas"""
    username: str = ""
    """user name for the mail server; empty: no authentication"""
    password_file: Path | None = None
    """file with the password, mode 0600"""
    tls: Literal["starttls", "tls", "none"] | None = None
    """`starttls`, `tls`, or `none` for a server on this machine; empty: STARTTLS"""
    ca_file: Path | None = None
    """CA certificates to trust for the server; empty: the system's"""
    notification_times: tuple[str, ...] = ("09:00", "18:00")
    """times of day at which `email:notification` gets a notification"""
    utc_offset: str = Field(default="+05:30", pattern=r"^[+-]([01]\d|2[0-3]):[0-5]\d$")
    """UTC offset of these times"""
    language: _Language = "hi"
    """language of notifications"""
    max_bytes: int = Field(default=20_000_000, ge=100_000)
    """maximum size of a mail in bytes; evidence that does not fit is left out"""
    timeout_seconds: float = Field(default=30, gt=0, le=100)
    """seconds to wait for each reply of the server"""
    to: dict[str, EmailDestination] = Field(default_factory=dict)
    """further destinations by name, as tables [email.to.<name>]: see the README"""

    @field_validator("notification_times")
    @classmethod
    def _are_times(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", time) for time in value):
            raise ValueError("must be times of day such as 09:00")
        return tuple(sorted(set(value)))

    @property
    def schedule_text(self) -> str:
        """Return the times at which notifications are sent, in words."""
        return f"at {', '.join(self.notification_times)} ({self.utc_offset})"

    @property
    def start_tls(self) -> bool | None:
        """Whether to use STARTTLS; None: only if the server offers it."""
        return None if self.tls is None and self.host in _LOOPBACK else self.tls in {None, "starttls"}

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        if self.tls == "none" and self.host not in _LOOPBACK:
            raise ValueError("tls = none is only for a server on this machine")
        reserved = {NOTIFICATION, OPERATOR} & self.to.keys()
        if reserved:
            raise ValueError(f"[email.to.{reserved.pop()}] is a reserved name")
        return self

    def destination(self, name: str) -> EmailDestination | None:
        """Return a destination by its name; None if it is not configured or has no addresses."""
        built_in = {NOTIFICATION: self.recipients, OPERATOR: self.operators}
        if name in built_in:
            addresses = tuple(built_in[name])
            return EmailDestination(recipients=addresses, language=self.language) if addresses else None
        return self.to.get(name)
