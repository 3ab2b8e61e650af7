"""The demo's made-up accounts at its simulated providers, stored in the data folder so that a restart keeps them."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path
from typing import Any

import msgspec

from satark.api.redacted import Redacted
from satark_files import atomic_files

PHONE_NUMBER_ID = "106540352242922"
"""The phone number id of the examples in Meta's documentation."""
NUMBER = "+15550100100"
"""A number that belongs to nobody: 555-01xx is reserved for fiction."""


class WhatsAppAccount(Redacted, frozen=True, kw_only=True):
    """The credentials that Meta and Satark share for a number."""

    app_secret: str
    verify_token: str
    access_token: str
    phone_number_id: str = PHONE_NUMBER_ID

    def section(self, url: str) -> dict[str, Any]:
        """Return the settings section `whatsapp`, for a simulated Meta at `url`."""
        return {**msgspec.to_builtins(self), "graph_url": url}


class TelegramAccount(Redacted, frozen=True, kw_only=True):
    """The credentials that Telegram and Satark share for a bot."""

    token: str
    secret_token: str

    def section(self, url: str) -> dict[str, Any]:
        """Return the settings section `telegram`, for a simulated Telegram at `url`."""
        return {**msgspec.to_builtins(self), "api_url": url}


class TwilioAccount(Redacted, frozen=True, kw_only=True):
    """The credentials that Twilio and Satark share for a number."""

    account_sid: str
    auth_token: str
    number: str = NUMBER

    def section(self, url: str) -> dict[str, Any]:
        """Return the settings section `twilio`, for a simulated Twilio at `url`."""
        return {**msgspec.to_builtins(self), "api_url": url}


class PoliceSystemAccount(Redacted, frozen=True, kw_only=True):
    """The credentials that a police system and Satark share."""

    secret: str

    def section(self, url: str) -> dict[str, Any]:
        """Return the settings section `police_system`, for a simulated one that accepts events at `url`."""
        return {**msgspec.to_builtins(self), "url": url}


class ProviderAccounts(Redacted, frozen=True, kw_only=True):
    """One account at each provider. The secrets are random, so one demo does not accept what another signed."""

    whatsapp: WhatsAppAccount
    telegram: TelegramAccount
    twilio: TwilioAccount
    police_system: PoliceSystemAccount


def load_or_make_accounts(file: Path) -> ProviderAccounts:
    """Read the accounts from a file; make them (file mode 0600) where it does not exist.

    Raises:
        OSError: the file can't be read or written.
        msgspec.DecodeError: the file holds no accounts.
    """
    if file.exists():
        return msgspec.json.decode(file.read_bytes(), type=ProviderAccounts)
    accounts = _new_accounts()
    atomic_files.replace(file, [msgspec.json.encode(accounts)])
    return accounts


def _new_accounts() -> ProviderAccounts:
    return ProviderAccounts(
        whatsapp=WhatsAppAccount(
            app_secret=secrets.token_hex(16),
            verify_token=secrets.token_urlsafe(16),
            access_token=secrets.token_urlsafe(32),
        ),
        telegram=TelegramAccount(
            token=f"{secrets.randbelow(9 * 10**9) + 10**9}:{secrets.token_urlsafe(26)}",
            secret_token=secrets.token_urlsafe(32),
        ),
        twilio=TwilioAccount(account_sid=f"AC{secrets.token_hex(16)}", auth_token=secrets.token_hex(16)),
        police_system=PoliceSystemAccount(secret=f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"),
    )
