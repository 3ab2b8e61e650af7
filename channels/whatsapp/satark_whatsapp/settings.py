"""The settings of the section `whatsapp`, with where to find each in Meta's console."""

import math
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator

from satark.api import provider_url

META = "https://graph.facebook.com"
_LEAST_CONNECTIONS: Final = 64
_ANSWER_SECONDS: Final = 0.5
"""Seconds that Meta may take to answer before the number of connections limits the rate of messages."""

_Secret = Annotated[SecretStr, Field(min_length=1)]


class WhatsAppSettings(BaseModel):
    """The settings of the WhatsApp channel. Limits name their unit; Meta's own limits are not settings."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    app_secret: _Secret
    """Meta's secret that signs every webhook; developers.facebook.com > your app > App settings > Basic > App secret >
    Show"""
    verify_token: _Secret
    """a random string that you make up; Meta repeats it when it verifies the webhook; your app > WhatsApp >
    Configuration > Webhook > Verify token"""
    access_token: _Secret
    """token for calls to Meta, with whatsapp_business_messaging; business.facebook.com > Settings > Users > System
    users > your user > Generate token (expiry: never)"""
    phone_number_id: Annotated[str, StringConstraints(pattern=r"^\s*\w+(\s*,\s*\w+)*\s*$")]
    """Meta's id of the number; several with commas; your app > WhatsApp > API setup > Phone number ID, below the
    number"""
    graph_url: str = META
    """base URL of the Graph API; leave it out, unless a local server stands
    in for Meta"""
    api_version: Annotated[str, StringConstraints(pattern=r"^v\d{1,3}\.\d$")] = "v26.0"
    """version of the Graph API; developers.facebook.com/docs/graph-api/changelog"""
    media_hosts: tuple[str, ...] = ("lookaside.fbsbx.com",)
    """the only hosts from which media is downloaded; Meta's page 'Media', section 'Download media'"""
    media_max_bytes: int = Field(default=100 * 1024 * 1024, gt=0)
    """largest file to download, in bytes (Meta's own limit is 100 MB)"""
    single_use_seconds: float = Field(default=3_600, gt=0)
    """seconds after which a receipt's picture or a code read out is deleted at Meta"""
    send_seconds: float = Field(default=20, gt=0)
    """seconds to wait for Meta's response to one call"""
    stall_seconds: float = Field(default=30, gt=0)
    """seconds without a byte after which a download is given up"""
    read_receipts: bool = True
    """show the sender blue ticks and 'typing…' once a message is accepted"""
    notice_templates: dict[str, str] = Field(default_factory=dict)
    """language -> name of the approved, neutral utility template that says that there is news; WhatsApp Manager >
    Message templates; {"hi": "satark_notice", "en": "satark_notice"}"""
    forms: dict[str, Annotated[str, StringConstraints(pattern=r"^\d{1,32}$")]] = Field(default_factory=dict)
    """language -> Meta's id of the form (a WhatsApp Flow) offered beside the chat; empty: none; `satark whatsapp form
    publish` prints it; {"hi": "1234", "en": "5678"}"""
    forms_mode: Literal["published", "draft"] = "published"
    """`draft` offers forms that are not published yet; Meta shows them to testers only"""
    calls_at_once: int = Field(default=0, ge=0, le=200)
    """calls inside WhatsApp that one process carries at once for each number; more hear that it is busy; 0: none are
    answered; needs satark[calls], and calls switched on at Meta"""
    calls_address: str = ""
    """IP address of this machine for the sound of calls (UDP), and the only one that Meta is told; empty: each"""
    messages_per_second: float = Field(default=80, gt=0)
    """messages per second that Meta grants the number"""

    _only_safe_urls = field_validator("graph_url")(provider_url)

    @property
    def most_connections(self) -> int:
        """The largest number of open connections."""
        return max(_LEAST_CONNECTIONS, math.ceil(self.messages_per_second * _ANSWER_SECONDS))

    @property
    def phone_number_ids(self) -> tuple[str, ...]:
        """The ids of the configured numbers, in order, without duplicates."""
        return tuple(dict.fromkeys(part.strip() for part in self.phone_number_id.split(",")))

    @property
    def local_origin(self) -> str:
        """Scheme, host and port of the local server that simulates Meta; empty if Meta itself is called."""
        parts = urlsplit(self.graph_url)
        return "" if self.graph_url == META else f"{parts.scheme}://{parts.netloc}"
