"""The plugin's entry point, and its settings."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr, field_validator

from satark.api import SettingProblem, Settings, SettingsError, hookimpl, provider_url
from satark_exotel.calls import ExotelCalls
from satark_exotel.provider import Exotel

requires_api = 1


class ExotelSettings(BaseModel):
    """The section `exotel`."""

    sid: str = Field(pattern=r"^\w+$", description="the account's SID")
    number: str = Field(pattern=r"^\+?\d{3,15}$", description="the number that citizens write to and call")
    subdomain: str = Field(default="https://api.in.exotel.com", description="base URL of the API")
    api_key: SecretStr = Field(min_length=1, description="the API key")
    api_token: SecretStr = Field(min_length=1, description="the API token")
    path_secret: SecretStr = Field(min_length=22, description="last part of the webhooks' paths; Exotel signs nothing")
    calls: bool = Field(default=False, description="whether citizens also call the number")
    recordings: str = Field(default="https://recordings.exotel.com", description="base URL of recordings; no other")
    dlt_entity: str = Field(default="", description="the registered entity's id")

    _only_safe_urls = field_validator("subdomain", "recordings")(provider_url)


@hookimpl
def satark_sms_providers(settings: Settings) -> list[Exotel]:
    """Return the provider, if it is configured."""
    section = settings.section("exotel", ExotelSettings)
    return [] if section is None else [Exotel(section)]


@hookimpl
def satark_call_providers(settings: Settings) -> list[ExotelCalls]:
    """Return the provider of calls, if it is configured.

    Raises:
        satark.api.SettingsError: the public address is missing, which Exotel needs for the next step of a call.
    """
    section = settings.section("exotel", ExotelSettings)
    if section is None or not section.calls:
        return []
    if not settings.core.public_url:
        message, hint = "is missing", "Exotel calls it for each step of a call; give the https:// address of your proxy"
        raise SettingsError([SettingProblem.of("public_url", message, hint)])
    return [ExotelCalls(section, settings.core.public_url)]
