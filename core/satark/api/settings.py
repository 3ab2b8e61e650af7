"""Settings, as plugins read them: the core's, and a section for each plugin, which the plugin describes as a model."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import urlsplit

import msgspec

if TYPE_CHECKING:
    from pydantic import BaseModel

    from satark.api.routing import DestinationRule
    from satark_files.limits import Limits

__all__ = [
    "CoreSettings",
    "SettingProblem",
    "Settings",
    "SettingsError",
    "provider_url",
]

M = TypeVar("M", bound="BaseModel")


class CoreSettings(Protocol):
    """The core's own settings, as far as plugins need them."""

    @property
    def data_dir(self) -> Path:
        """Folder of the embedded databases and the sealed evidence."""

    @property
    def public_url(self) -> str:
        """The https address where citizens and providers reach Satark; empty: none is set."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that are offered."""

    @property
    def destination(self) -> tuple[DestinationRule, ...]:
        """The `[[destination]]` tables."""

    @property
    def alarm_to(self) -> tuple[str, ...]:
        """Destinations that get an alarm, without content."""


class Settings(Protocol):
    """The configuration as a whole: `core`, and a validated section for each plugin that asks."""

    @property
    def core(self) -> CoreSettings:
        """The core's own settings."""

    @property
    def evidence_limits(self) -> Limits:
        """What one file and one tip may be."""

    @property
    def link_key_file(self) -> Path:
        """The link key's file, for carriers."""

    def section(self, name: str, model: type[M]) -> M | None:
        """Give a plugin its section, or None where nothing at all of it is set.

        Raises:
            SettingsError: a field of it is missing or wrong.
        """


class SettingProblem(msgspec.Struct, frozen=True):
    """One thing that is wrong with the configuration, and what to do about it."""

    setting: str
    env: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        hint = f"\n    {self.hint}" if self.hint else ""
        return f"{self.setting} ({self.env}): {self.message}{hint}"


class SettingsError(Exception):
    """The configuration is wrong; `problems` names every setting at fault."""

    def __init__(self, problems: list[SettingProblem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def provider_url(url: str) -> str:
    """Check a provider's base URL, since secrets go there; for a section's `field_validator`.

    Raises:
        ValueError: it is neither https nor plain http to a peer on this machine.
    """
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        return url.rstrip("/")
    raise ValueError("must begin with https:// (plain http only for a peer on this machine)")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
