"""The section `[email]` of the settings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

NOTICE = "notice"
"""The destination that `recipients` stand for: `email:notice`."""
OPERATOR = "operator"
"""The destination that `operators` stand for: `email:operator`."""
_ADDRESS = re.compile(r"[^@\s<>,;:\"]+@[A-Za-z0-9.-]+")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def _split(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _are_addresses(value: tuple[str, ...]) -> tuple[str, ...]:
    wrong = sum(not _ADDRESS.fullmatch(address) for address in value)
    if wrong:
        raise ValueError(f"{wrong} of them is no plain address (name@host)")
    return value


_Addresses = Annotated[tuple[str, ...] | str, BeforeValidator(_split)]


class Mailbox(BaseModel):
    """One `[email.to.<name>]`: the destination `email:<name>` of a `[[destination]]`."""

    SECTION: ClassVar[str] = "email.to.NAME"

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipients: tuple[str, ...] = Field(min_length=1, description="addresses that get each mail")
    openpgp_keys: Path | None = Field(
        default=None,
        description="file with the recipients' OpenPGP public keys: sealed mode. Without it: mere notices",
        json_schema_extra={"where": "gpg --armor --export ADDRESS"},
    )
    language: Literal["hi", "en"] = Field(default="hi", description="language of what Satark itself writes")

    @field_validator("recipients", mode="before")
    @classmethod
    def _split_recipients(cls, value: Any) -> Any:
        return _split(value)

    @field_validator("recipients")
    @classmethod
    def _check_recipients(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _are_addresses(value)


class EmailSettings(BaseModel):
    """How mail leaves, and to whom."""

    host: str = Field(min_length=1, description="the mail server that takes our mail")
    port: int = Field(default=587, ge=1, le=65535, description="its port: 587 with STARTTLS, 465 with TLS")
    sender: str = Field(description="the address that mail comes from")
    recipients: _Addresses = Field(
        default=(), description="addresses of `email:notice`, which get the notices by the clock; separated by commas"
    )
    operators: _Addresses = Field(
        default=(), description="addresses of `email:operator`, for `alarm_to`; separated by commas"
    )
    username: str = Field(default="", description="name to sign in with; empty: no signing in")
    password_file: Path | None = Field(default=None, description="file with the password, mode 0600")
    tls: Literal["starttls", "tls", "none"] | None = Field(
        default=None,
        description="how the connection is encrypted; `none` only for a server on this machine. Empty: starttls, which "
        "only a server on this machine may lack",
    )
    ca_file: Path | None = Field(
        default=None, description="certificates of whoever signed the server's; empty: those that the system trusts"
    )
    notice_times: tuple[str, ...] = Field(
        default=("09:00", "18:00"),
        description="times of day at which `email:notice` is told to look at the queue, be there tips or not",
    )
    notice_minutes: int = Field(
        default=0,
        ge=0,
        le=1440,
        description="minutes from one notice to the next, in place of `notice_times`, for trying it out; 0: at those",
    )
    utc_offset: str = Field(
        default="+05:30", pattern=r"^[+-]([01]\d|2[0-3]):[0-5]\d$", description="the clock's distance from UTC"
    )
    language: Literal["hi", "en"] = Field(default="hi", description="language of notices")
    max_bytes: int = Field(
        default=20_000_000,
        ge=100_000,
        description="largest mail in bytes; evidence that does not fit stays at the desk, and the mail says so",
    )
    timeout_seconds: float = Field(
        default=30, gt=0, le=100, description="seconds to wait for each answer of the server"
    )
    to: dict[str, Mailbox] = Field(
        default_factory=dict, description="further destinations by name, as tables [email.to.<name>]: see the README"
    )

    @field_validator("sender")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        return _are_addresses((value,))[0]

    @field_validator("recipients", "operators", mode="after")
    @classmethod
    def _check_addresses(cls, value: tuple[str, ...] | str) -> tuple[str, ...]:
        return _are_addresses(tuple(value))

    @field_validator("notice_times")
    @classmethod
    def _are_times(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", time) for time in value):
            raise ValueError("must be times of day such as 09:00")
        return tuple(sorted(set(value)))

    @property
    def rhythm(self) -> str:
        """When notices go, in words."""
        if self.notice_minutes:
            return f"every {self.notice_minutes} min"
        return f"at {', '.join(self.notice_times)} ({self.utc_offset})"

    @property
    def start_tls(self) -> bool | None:
        """Whether STARTTLS is spoken; None: where the server has it."""
        return None if self.tls is None and self.host in _LOOPBACK else self.tls in {None, "starttls"}

    @model_validator(mode="after")
    def _is_safe(self) -> EmailSettings:
        if self.tls == "none" and self.host not in _LOOPBACK:
            raise ValueError("tls = none is only for a server on this machine")
        reserved = {NOTICE, OPERATOR} & self.to.keys()
        if reserved:
            raise ValueError(f"[email.to.{reserved.pop()}] is a name that Satark uses itself")
        return self

    def mailbox(self, name: str) -> Mailbox | None:
        """Give a destination by its name; None where there is none, or nobody to write to."""
        own = {NOTICE: self.recipients, OPERATOR: self.operators}
        if name in own:
            return Mailbox(recipients=tuple(own[name]), language=self.language) if own[name] else None
        return self.to.get(name)
