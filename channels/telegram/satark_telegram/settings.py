"""The settings of the section `telegram`, with where to find each."""

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from satark.api import provider_url

TELEGRAM = "https://api.telegram.org"
DOWNLOAD_LIMIT = 20 * 1024 * 1024
"""Size of the largest file that a bot may download, in bytes. Source: Telegram, Bot API, `getFile`."""

_is_token = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{1,256}").fullmatch
_is_secret = re.compile(r"[A-Za-z0-9_-]{1,256}").fullmatch


class TelegramSettings(BaseModel):
    """The settings of the Telegram channel. Limits name their unit; Telegram's own limits are not settings."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    token: Annotated[SecretStr, Field(min_length=1)]
    """the bot's token; in Telegram write to @BotFather: /newbot, or /mybots > your bot > API Token"""
    secret_token: Annotated[SecretStr, Field(min_length=8)]
    """a random string that you make up (1-256 letters, digits, _ and -); Satark registers it with Telegram, which
    repeats it in every webhook"""
    api_url: str = TELEGRAM
    """base URL of the Bot API; leave it out, unless you run a Bot API
    server of your own"""
    polling: bool = False
    """poll for updates instead of registering a webhook, in one process"""
    poll_seconds: int = Field(default=25, ge=0, le=50)
    """seconds that one poll waits for updates"""
    typing: bool = True
    """show the sender 'typing…' once a message is accepted"""
    media_max_bytes: int = Field(default=DOWNLOAD_LIMIT, gt=0)
    """largest file to download, in bytes (Telegram allows bots 20 MB; your own Bot API server more)"""
    send_seconds: float = Field(default=20, gt=0)
    """seconds to wait for Telegram's response to one call"""
    stall_seconds: float = Field(default=30, gt=0)
    """seconds without a byte after which a download is given up"""

    @field_validator("token")
    @classmethod
    def _looks_like_a_token(cls, token: SecretStr) -> SecretStr:
        if not _is_token(token.get_secret_value()):
            raise ValueError("must look like 123456789:AAAA… (the bot's id, a colon, letters)")
        return token

    @field_validator("secret_token")
    @classmethod
    def _is_accepted_by_telegram(cls, secret: SecretStr) -> SecretStr:
        if not _is_secret(secret.get_secret_value()):
            raise ValueError("must be 1-256 of A-Z, a-z, 0-9, _ and -")
        return secret

    _only_safe_urls = field_validator("api_url")(provider_url)

    @property
    def bot_id(self) -> str:
        """The bot's id: the part of its token that is not secret."""
        return self.token.get_secret_value().partition(":")[0]
