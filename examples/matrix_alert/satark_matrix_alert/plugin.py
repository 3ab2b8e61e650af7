"""The plugin's entry point, and its settings."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr, field_validator

from satark.api import Settings, WorkerContext, hookimpl, provider_url
from satark_matrix_alert.sink import MatrixAlertSink

requires_api = 1


class MatrixAlertSettings(BaseModel):
    """The section `matrix_alert`."""

    url: str = Field(description="base URL of the home server")
    token: SecretStr = Field(
        min_length=1, description="access token of an account that is in the rooms and nowhere else"
    )
    rooms: dict[str, Annotated[str, Field(pattern=r"^!\S+$")]] = Field(
        min_length=1, description="room ids (!...) by the names of destinations; in rooms without encryption"
    )
    language: Literal["hi", "en"] = Field(default="hi", description="the language of the alerts")

    _only_safe_urls = field_validator("url")(provider_url)


@hookimpl
def satark_sinks(settings: Settings, context: WorkerContext) -> list[MatrixAlertSink]:
    """Return the sink, if it is configured."""
    section = settings.section("matrix_alert", MatrixAlertSettings)
    return [] if section is None else [MatrixAlertSink(section, context)]
