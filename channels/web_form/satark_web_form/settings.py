"""The section `[web_form]` of the settings."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, field_validator

from satark_web_form.gate.settings import GateSettings
from satark_web_form.uploads.settings import UploadSettings


class WebFormSettings(GateSettings, UploadSettings):
    """How the form behaves. Everything has a default."""

    onion_url: str = Field(
        default="",
        description="the form's address as an onion service; Tor Browser is told of it, and the form accepts it",
        json_schema_extra={"where": "http:// and the content of the file hostname in Tor's HiddenServiceDir"},
    )
    exit_url: str = Field(
        default="https://hi.wikipedia.org/",
        description="the harmless page that the quick exit leads to",
    )

    @field_validator("onion_url", "exit_url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        if url and (urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname):
            raise ValueError("must be an http:// or https:// address")
        return url

    @field_validator("onion_url")
    @classmethod
    def _is_an_onion(cls, url: str) -> str:
        if url and not (urlsplit(url).hostname or "").endswith(".onion"):
            raise ValueError("must be an address that ends in .onion")
        return url.rstrip("/")
