"""The channel's settings: section `telegram` of `satark.toml`, or `SATARK_TELEGRAM__…` in the environment."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, Field, SecretStr, field_validator

from satark.settings import provider_url

TELEGRAM = "https://api.telegram.org"
DOWNLOAD_LIMIT = 20 * 1024 * 1024
"""Bytes of the largest file that a bot may download. Source: Telegram, Bot API, `getFile`."""

_is_token = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{1,256}").fullmatch
_is_secret = re.compile(r"[A-Za-z0-9_-]{1,256}").fullmatch


def _where(text: str) -> Any:
    return {"where": text}


class TelegramSettings(BaseModel):
    """What the Telegram channel needs to know. Limits name their unit; Telegram's own limits are not settings."""

    token: Annotated[SecretStr, Field(min_length=1)] = Field(
        description="the bot's token, with which Satark calls Telegram",
        json_schema_extra=_where("in Telegram write to @BotFather: /newbot, or /mybots > your bot > API Token"),
    )
    secret_token: Annotated[SecretStr, Field(min_length=1)] = Field(
        description="a long random word of your own, which Telegram repeats in every webhook",
        json_schema_extra=_where(
            "make it up (1-256 letters, digits, _ and -) and keep it; Satark tells it to Telegram when it starts"
        ),
    )
    api_url: str = Field(
        default=TELEGRAM,
        description="base URL of the Bot API; plain http only for a server on this machine",
        json_schema_extra=_where("leave it out, unless a Bot API server of your own or a local peer stands in"),
    )
    polling: bool = Field(
        default=False,
        description="fetch updates instead of being called: for a laptop without a public address, one process",
    )
    poll_seconds: int = Field(default=25, ge=0, le=50, description="seconds that one fetching of updates waits for one")
    typing: bool = Field(default=True, description="show the sender 'typing…' as soon as a message is taken")
    webhook_connections: int = Field(
        default=40, ge=1, le=100, description="most webhooks that Telegram may post at once"
    )
    webhook_max_bytes: int = Field(default=1024 * 1024, gt=0, description="largest webhook taken, in bytes")
    media_max_bytes: int = Field(
        default=DOWNLOAD_LIMIT,
        gt=0,
        description="largest file fetched, in bytes (Telegram gives bots up to 20 MB; your own Bot API server more)",
    )
    media_chunk_bytes: int = Field(
        default=64 * 1024, gt=0, description="largest piece of a file held in memory, in bytes"
    )
    connect_seconds: float = Field(default=5, gt=0, description="seconds to wait for a connection to Telegram")
    send_seconds: float = Field(default=20, gt=0, description="seconds to wait for Telegram's answer to one call")
    stall_seconds: float = Field(default=30, gt=0, description="seconds without a byte until a download is given up")
    retry_max_seconds: float = Field(
        default=60, gt=0, description="longest pause, in seconds, between attempts to register the webhook or to poll"
    )
    connections: int = Field(default=64, ge=1, description="most connections to Telegram open at once")

    @field_validator("token")
    @classmethod
    def _looks_like_a_token(cls, token: SecretStr) -> SecretStr:
        if not _is_token(token.get_secret_value()):
            raise ValueError("must look like 123456789:AAAA… (the bot's id, a colon, letters)")
        return token

    @field_validator("secret_token")
    @classmethod
    def _is_taken_by_telegram(cls, secret: SecretStr) -> SecretStr:
        if not _is_secret(secret.get_secret_value()):
            raise ValueError("must be 1-256 of A-Z, a-z, 0-9, _ and -")
        return secret

    _only_safe_urls = field_validator("api_url")(provider_url)

    @property
    def bot_id(self) -> str:
        """The bot's id: the part of its token that is no secret."""
        return self.token.get_secret_value().partition(":")[0]
