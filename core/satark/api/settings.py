"""Settings as plugins read them: the core's, and a section for each plugin, which the plugin defines as a model."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self, TypeVar
from urllib.parse import urlsplit

import msgspec

if TYPE_CHECKING:
    from pydantic import BaseModel

    from satark.api.routing import DestinationRule
    from satark_files.file_store import FileStore
    from satark_files.limits import Limits

__all__ = ["CoreSettings", "SettingProblem", "Settings", "SettingsError", "provider_url"]

M = TypeVar("M", bound="BaseModel")


class CoreSettings(Protocol):
    """The core settings that plugins need."""

    @property
    def data_dir(self) -> Path:
        """Folder of the embedded databases and the sealed evidence."""

    @property
    def public_url(self) -> str:
        """The https URL at which citizens and providers reach Satark; empty: none is set."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that citizens are offered."""

    @property
    def destination(self) -> tuple[DestinationRule, ...]:
        """The `[[destination]]` tables."""


class Settings(Protocol):
    """The complete configuration: the core settings, and a validated section for each plugin."""

    @property
    def core(self) -> CoreSettings:
        """The core settings."""

    @property
    def evidence_limits(self) -> Limits:
        """The limits of one file and of one tip."""

    @property
    def files(self) -> FileStore:
        """The store of files, which all machines share. Put yours below a folder of your own: `files.below(NAME)`."""

    @property
    def link_key_file(self) -> Path:
        """File of the link key, for carriers."""

    def section(self, name: str, model: type[M]) -> M | None:
        """Return a plugin's section as an instance of `model`, or None if no setting of the section is set.

        Raises:
            SettingsError: a field of the section is missing or wrong.
        """


class SettingProblem(msgspec.Struct, frozen=True):
    """One problem of the configuration: the setting, its environment variable, what is wrong and what to do."""

    setting: str
    env: str
    message: str
    hint: str = ""

    @classmethod
    def of(cls, setting: str, message: str, hint: str = "") -> Self:
        """Report a setting whose environment variable has its name."""
        return cls(setting, f"SATARK_{setting.upper().replace('.', '__')}", message, hint)

    def __str__(self) -> str:
        hint = f"\n    {self.hint}" if self.hint else ""
        return f"{self.setting} ({self.env}): {self.message}{hint}"


class SettingsError(Exception):
    """The configuration is wrong; `problems` names every wrong setting."""

    def __init__(self, problems: list[SettingProblem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def provider_url(url: str) -> str:
    """Check the base URL of a provider, to which secrets are sent, and return it.

    Use it in a section's `field_validator`.

    Raises:
        ValueError: the URL is neither https nor plain http to this machine itself.
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
