"""The made-up WhatsApp number of a demo, kept in its data folder so that a restart is the same number."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import msgspec

from satark.quiet import Quiet

PHONE_NUMBER_ID = "106540352242922"
"""The id that Meta's own documentation uses in its examples."""


class Account(Quiet, frozen=True, kw_only=True):
    """What Meta and Satark both know of a number. The secrets are random: nothing signed for one demo fits another."""

    app_secret: str
    verify_token: str
    access_token: str
    phone_number_id: str = PHONE_NUMBER_ID

    def section(self, graph_url: str) -> dict[str, str]:
        """Give the settings' section `whatsapp` for this number at a pretended Meta."""
        return {**msgspec.to_builtins(self), "graph_url": graph_url}


def keep_account(file: Path) -> Account:
    """Read the demo's account, or make one (mode 0600) where there is none yet.

    Raises:
        OSError: the file can't be read or written.
        msgspec.DecodeError: it is not an account.
    """
    if file.exists():
        return msgspec.json.decode(file.read_bytes(), type=Account)
    account = Account(
        app_secret=secrets.token_hex(16), verify_token=secrets.token_urlsafe(16), access_token=secrets.token_urlsafe(32)
    )
    part = file.with_name(file.name + ".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(msgspec.json.encode(account))
    part.replace(file)
    return account
