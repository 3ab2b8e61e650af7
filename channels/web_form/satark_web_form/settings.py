"""The settings of the section `web_form`."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, field_validator

from satark_web_form.proof_of_work.settings import ProofOfWorkSettings
from satark_web_form.uploads.settings import UploadSettings


class WebFormSettings(ProofOfWorkSettings, UploadSettings):
    """The settings of the web form. All have defaults."""

    onion_url: str = Field(
        default="",
        description="the form's address as an onion service",
        json_schema_extra={"where": "http:// and the content of `hostname` in Tor's HiddenServiceDir"},
    )
    exit_url: str = Field(
        default="https://hi.wikipedia.org/",
        description="the neutral page that 'Leave quickly' opens",
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
