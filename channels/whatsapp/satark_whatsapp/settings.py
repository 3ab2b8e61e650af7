"""The section `whatsapp` of the settings, each with what it is and where in Meta's console it is found."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, StringConstraints, field_validator

from satark.settings import provider_url

META = "https://graph.facebook.com"

_Secret = Annotated[SecretStr, Field(min_length=1)]


def _where(text: str) -> Any:
    return {"where": text}


class WhatsAppSettings(BaseModel):
    """What the WhatsApp channel needs to know. Limits name their unit; Meta's own limits are not settings."""

    app_secret: _Secret = Field(
        description="Meta's secret that signs every webhook",
        json_schema_extra=_where("developers.facebook.com > your app > App settings > Basic > App secret > Show"),
    )
    verify_token: _Secret = Field(
        description="a long random word of your own, which Meta repeats when it first calls the webhook",
        json_schema_extra=_where(
            "make it up; type the same under your app > WhatsApp > Configuration > Webhook > Verify token"
        ),
    )
    access_token: _Secret = Field(
        description="the token with which Satark calls Meta; permission whatsapp_business_messaging",
        json_schema_extra=_where(
            "business.facebook.com > Settings > Users > System users > your user > Generate token (expiry: never)"
        ),
    )
    phone_number_id: Annotated[str, StringConstraints(pattern=r"^\s*\w+(\s*,\s*\w+)*\s*$")] = Field(
        description="Meta's id of the WhatsApp number (not the number itself); several, separated by commas",
        json_schema_extra=_where("your app > WhatsApp > API setup > Phone number ID, below the number"),
    )
    graph_url: str = Field(
        default=META,
        description="base URL of the Graph API; plain http only for a peer on this machine",
        json_schema_extra=_where("leave it out, unless a local peer stands in for Meta"),
    )
    api_version: Annotated[str, StringConstraints(pattern=r"^v\d{1,3}\.\d$")] = Field(
        default="v23.0",
        description="version of the Graph API",
        json_schema_extra=_where("developers.facebook.com/docs/graph-api/changelog"),
    )
    media_hosts: tuple[str, ...] = Field(
        default=("lookaside.fbsbx.com",),
        description="the only hosts from which media is fetched; the access token goes to no other",
        json_schema_extra=_where("Meta's page 'Media', section 'Download media'"),
    )
    media_max_bytes: int = Field(
        default=100 * 1024 * 1024, gt=0, description="largest file fetched, in bytes (Meta's own limit is 100 MB)"
    )
    media_chunk_bytes: int = Field(
        default=64 * 1024, gt=0, description="largest piece of a file held in memory, in bytes"
    )
    webhook_max_bytes: int = Field(
        default=3 * 1024 * 1024, gt=0, description="largest webhook taken, in bytes (Meta sends up to 3 MB)"
    )
    connect_seconds: float = Field(default=5, gt=0, description="seconds to wait for a connection to Meta")
    send_seconds: float = Field(default=20, gt=0, description="seconds to wait for Meta's answer to one call")
    stall_seconds: float = Field(default=30, gt=0, description="seconds without a byte until a download is given up")
    connections: int = Field(default=64, ge=1, description="most connections to Meta open at once")
    read_receipts: bool = Field(
        default=True, description="show the sender blue ticks and 'typing…' as soon as a message is taken"
    )
    notice_templates: dict[str, str] = Field(
        default_factory=dict,
        description="language -> name of the approved, neutral utility template that says 'there is news', "
        "sent when Meta's 24-hour window is closed",
        json_schema_extra=_where(
            "business.facebook.com > WhatsApp Manager > Message templates; "
            'as JSON: {"hi": "satark_notice", "en": "satark_notice"}'
        ),
    )
    messages_per_second: float = Field(
        default=80,
        gt=0,
        description="messages a second that Meta grants the number; once Meta said 'slow down', "
        "the account pauses at least for the time of one message",
    )
    throttled_seconds: float = Field(
        default=5, gt=0, description="seconds to pause an account when Meta says 'slow down' but not for how long"
    )
    pair_backoff_max_seconds: float = Field(
        default=1024, gt=0, description="longest pause, in seconds, towards one recipient who got too much too fast"
    )
    pairs_remembered: int = Field(
        default=10_000, ge=1, description="most recipients whose pause is kept in memory at once"
    )

    _only_safe_urls = field_validator("graph_url")(provider_url)

    @property
    def phone_number_ids(self) -> tuple[str, ...]:
        """The configured numbers' ids, in the order given, each once."""
        return tuple(dict.fromkeys(part.strip() for part in self.phone_number_id.split(",")))

    @property
    def peer(self) -> str:
        """Scheme, host and port of the local peer that stands in for Meta, or empty."""
        parts = urlsplit(self.graph_url)
        return "" if self.graph_url == META else f"{parts.scheme}://{parts.netloc}"
