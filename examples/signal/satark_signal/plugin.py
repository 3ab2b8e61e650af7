"""The plugin's entry point, and its settings."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr, field_validator

from satark.api import Settings, hookimpl, provider_url
from satark_signal.channel import SignalChannel

requires_api = 1


class SignalSettings(BaseModel):
    """The section `signal`."""

    url: str = Field(description="base URL of signal-cli-rest-api; it has no login: let nobody else reach it")
    number: str = Field(pattern=r"^\+\d{7,15}$", description="the number that is registered there, such as +91...")
    path_secret: SecretStr | None = Field(
        default=None,
        min_length=22,
        description="last part of the webhook's path, which signal-cli-rest-api calls; without it Satark polls",
    )
    poll_seconds: float = Field(default=2, ge=0, le=60, description="seconds between two polls")

    _only_safe_urls = field_validator("url")(provider_url)


@hookimpl
def satark_channels(settings: Settings) -> list[SignalChannel]:
    """Return the channel, if it is configured."""
    section = settings.section("signal", SignalSettings)
    return [] if section is None else [SignalChannel(section)]
