"""The settings of the sections `sms`, `calls` and `twilio`, with where to find each in Twilio's console."""

from pathlib import Path
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator

from satark.api import provider_url

TWILIO = "https://api.twilio.com"


class SmsSettings(BaseModel):
    """The settings of text messages, for every provider."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    SECTION: ClassVar[str] = "sms"

    dlt_templates: Path | None = None
    """sheet of texts with the operator's ids (DLT): only these are sent unasked; empty: every text; `satark sms
    templates`, with the column template_id filled in"""


class CallSettings(BaseModel):
    """The settings of phone calls, for every provider."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    SECTION: ClassVar[str] = "calls"

    record_seconds: int = Field(default=300, gt=0, le=3600)
    """longest spoken answer, in seconds"""
    code_times: int = Field(default=4, gt=0, le=10)
    """how often a call says a receipt's code, each time slower, at most"""
    clips: Path | None = None
    """folder of recorded prompts, served at /voice/clips; empty: a synthetic voice speaks; `satark voice lines` lists
    the names of the files"""


class TwilioSettings(BaseModel):
    """The settings of Twilio, for both channels. Limits name their unit."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    SECTION: ClassVar[str] = "twilio"

    account_sid: Annotated[str, StringConstraints(pattern=r"^AC\w{1,64}$")]
    """Twilio's id of the account; console.twilio.com > Account Info > Account SID"""
    auth_token: Annotated[SecretStr, Field(min_length=1)]
    """the secret that signs webhooks and calls to the API; console.twilio.com > Account Info > Auth Token > Show"""
    number: Annotated[str, StringConstraints(pattern=r"^\+?\d{3,15}$")]
    """the number that citizens write to and call, as +<country code><number>; console.twilio.com > Phone Numbers >
    Active numbers"""
    shared_key: SecretStr = SecretStr("")
    """the secret of a webhook signing key; empty: the auth token; console.twilio.com > Account > Keys > Webhook keys"""
    api_url: str = TWILIO
    """base URL of the REST API; plain http is allowed on this machine only; leave it out, unless a local server stands
    in for Twilio"""
    redirect_hosts: tuple[str, ...] = ("mms.twiliocdn.com", "media.twiliocdn.com", "s3-external-1.amazonaws.com")
    """hosts to which Twilio may redirect a download, without credentials"""
    media_max_bytes: int = Field(default=100 * 1024 * 1024, gt=0)
    """largest file to download, in bytes"""
    send_seconds: float = Field(default=20, gt=0)
    """seconds to wait for Twilio's response to one call"""
    stall_seconds: float = Field(default=30, gt=0)
    """seconds without a byte after which a download is given up"""
    voices: dict[str, str] = {}
    """language -> synthetic voice, in place of its folder's; Twilio's page 'Text-to-speech'"""
    _only_safe_urls = field_validator("api_url")(provider_url)

    @property
    def media_hosts(self) -> frozenset[str]:
        """The hosts (with ports) that a webhook may name in the URLs of its media."""
        return frozenset({urlsplit(TWILIO).netloc, urlsplit(self.api_url).netloc})
