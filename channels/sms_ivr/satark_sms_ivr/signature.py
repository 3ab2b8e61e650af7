"""Is it really Twilio? The signature of webhooks, checked by Twilio's own library on the configured public address.

Source: Twilio, "Webhooks security" and "Validating requests"; `twilio.request_validator` for ports, repeated fields,
`bodySHA256` and the settings header of shared keys.
"""

from __future__ import annotations

from typing import Any, Final

from satark.channel import Malformed, RawRequest
from satark_sms_ivr.forms import Form, read_form

_ALGORITHMS: Final = frozenset({"HMAC_SHA1", "HMAC_SHA256"})
_HASHED_BODY: Final = "bodySHA256="


class Signature:
    """The check, for one account under one public address.

    Args:
        token: the account's auth token.
        public_url: the address that the provider calls, as it is configured there.
        shared_key: the secret of webhooks that carry the settings header; empty: the token's as well.
    """

    def __init__(self, token: str, public_url: str, shared_key: str = "") -> None:
        # Imported where it is used: whoever has no Twilio account needs no library of theirs.
        from twilio.request_validator import RequestValidator  # noqa: PLC0415

        self._by_token: Any = RequestValidator(token)
        self._by_key: Any = RequestValidator(shared_key or token)
        self._public_url = public_url.rstrip("/")

    def is_good(self, raw: RawRequest) -> bool:
        """Check a request. The address is the configured one: what a proxy or a caller says of it proves nothing."""
        given = raw.headers.get("x-twilio-signature", "")
        settings = raw.headers.get("x-twilio-webhooks-signature-settings", "")
        algorithm = _algorithm(settings)
        if not given or algorithm not in _ALGORITHMS:
            return False
        validator = self._by_key if settings else self._by_token
        query = f"?{raw.query}" if raw.query else ""
        try:
            signed = self._signed_fields(raw)
            return bool(validator.validate(f"{self._public_url}{raw.path}{query}", signed, given, algorithm))
        except (Malformed, ValueError):
            return False

    def _signed_fields(self, raw: RawRequest) -> Form | str:
        if _HASHED_BODY in raw.query:
            return raw.body.decode()
        return read_form(raw.body)


def _algorithm(settings: str) -> str:
    """The algorithm that the settings header names; without the header it is the account token's SHA-1."""
    if not settings:
        return "HMAC_SHA1"
    fields = dict(part.strip().partition("=")[::2] for part in settings.split(","))
    return fields.get("algorithm", "").strip().upper()
