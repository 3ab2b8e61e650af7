"""The made-up accounts of a demo at its pretended providers, kept in its data folder so that a restart is the same."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path
from typing import Any

import msgspec

from satark import atomic_files
from satark.redacted import Redacted

PHONE_NUMBER_ID = "106540352242922"
"""The id that Meta's own documentation uses in its examples."""
NUMBER = "+15550100100"
"""A number that nobody has: 555-01xx is set aside for stories."""


class WhatsApp(Redacted, frozen=True, kw_only=True):
    """What Meta and Satark both know of a number."""

    app_secret: str
    verify_token: str
    access_token: str
    phone_number_id: str = PHONE_NUMBER_ID

    def section(self, url: str) -> dict[str, Any]:
        """Give the settings' section `whatsapp` for this number at a pretended Meta."""
        return {**msgspec.to_builtins(self), "graph_url": url}


class Telegram(Redacted, frozen=True, kw_only=True):
    """What Telegram and Satark both know of a bot."""

    token: str
    secret_token: str

    def section(self, url: str) -> dict[str, Any]:
        """Give the settings' section `telegram` for this bot at a pretended Telegram."""
        return {**msgspec.to_builtins(self), "api_url": url}


class Twilio(Redacted, frozen=True, kw_only=True):
    """What Twilio and Satark both know of a number for text messages and calls."""

    account_sid: str
    auth_token: str
    number: str = NUMBER

    def section(self, url: str) -> dict[str, Any]:
        """Give the settings' section `twilio` for this number at a pretended Twilio."""
        return {**msgspec.to_builtins(self), "api_url": url}


class PoliceSystem(Redacted, frozen=True, kw_only=True):
    """What a police system and Satark both know."""

    secret: str

    def section(self, url: str) -> dict[str, Any]:
        """Give the settings' section `police_system` for a pretended one that takes events at this address."""
        return {**msgspec.to_builtins(self), "url": url}


class Accounts(Redacted, frozen=True, kw_only=True):
    """One at each provider. The secrets are random: nothing signed for one demo fits another."""

    whatsapp: WhatsApp
    telegram: Telegram
    twilio: Twilio
    police_system: PoliceSystem


def keep_accounts(file: Path) -> Accounts:
    """Read the demo's accounts, or make them (mode 0600) where there are none yet.

    Raises:
        OSError: the file can't be read or written.
        msgspec.DecodeError: it holds none.
    """
    if file.exists():
        return msgspec.json.decode(file.read_bytes(), type=Accounts)
    accounts = _made_up()
    atomic_files.replace(file, [msgspec.json.encode(accounts)])
    return accounts


def _made_up() -> Accounts:
    return Accounts(
        whatsapp=WhatsApp(
            app_secret=secrets.token_hex(16),
            verify_token=secrets.token_urlsafe(16),
            access_token=secrets.token_urlsafe(32),
        ),
        telegram=Telegram(
            token=f"{secrets.randbelow(9 * 10**9) + 10**9}:{secrets.token_urlsafe(26)}",
            secret_token=secrets.token_urlsafe(32),
        ),
        twilio=Twilio(account_sid=f"AC{secrets.token_hex(16)}", auth_token=secrets.token_hex(16)),
        police_system=PoliceSystem(secret=f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"),
    )
