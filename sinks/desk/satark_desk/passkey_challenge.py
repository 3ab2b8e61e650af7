"""What a passkey is bound to, and what a browser is asked to sign with it."""

from __future__ import annotations

import msgspec


class Site(msgspec.Struct, frozen=True):
    """The desk's site as browsers see it. A passkey is good for one host only, so no other site can ask for it."""

    host: str
    origins: tuple[str, ...]


class Challenge(msgspec.Struct, frozen=True):
    """What a browser is asked to sign."""

    value: bytes
    options: str
    """JSON for `PublicKeyCredential.parse…OptionsFromJSON`."""
