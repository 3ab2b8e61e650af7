"""Verify that a webhook comes from Twilio: Twilio's library checks the signature against the configured address.

Source: Twilio, "Webhooks security" and "Validating requests"; `twilio.request_validator` for ports, repeated fields,
`bodySHA256` and the settings header of shared keys.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from satark.api import Malformed, RawRequest
from satark_sms_ivr.form_data import FormData, parse_form

HEADER: Final = "x-twilio-signature"

_ALGORITHMS: Final = frozenset({"HMAC_SHA1", "HMAC_SHA256"})
_HASHED_BODY: Final = "bodySHA256="


class TwilioSignature:
    """The signature check of one account at one public address.

    Args:
        token: the account's auth token.
        public_url: the address that Twilio calls, as configured there.
        shared_key: the secret that signs webhooks with the settings header. Empty: the auth token signs them.
    """

    def __init__(self, token: str, public_url: str, shared_key: str = "") -> None:
        # Imported here, since it is an optional dependency.
        from twilio.request_validator import RequestValidator  # noqa: PLC0415

        self._by_token: Any = RequestValidator(token)
        self._by_key: Any = RequestValidator(shared_key or token)
        self._public_url = public_url.rstrip("/")

    def is_valid(self, raw: RawRequest) -> bool:
        """Check a request's signature for the configured address. Anybody can set host headers, so they are ignored."""
        given = raw.headers.get(HEADER, "")
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

    def sign(self, raw: RawRequest) -> RawRequest:
        """Sign a request for the configured address, as Twilio does without the settings header."""
        query = f"?{raw.query}" if raw.query else ""
        signature = self._by_token.compute_signature(f"{self._public_url}{raw.path}{query}", self._signed_fields(raw))
        return msgspec.structs.replace(raw, headers={**raw.headers, HEADER: signature})

    def _signed_fields(self, raw: RawRequest) -> FormData | str:
        if _HASHED_BODY in raw.query:
            return raw.body.decode()
        return parse_form(raw.body)


def _algorithm(settings: str) -> str:
    """Return the algorithm that the settings header names, or HMAC-SHA1 if the header is missing."""
    if not settings:
        return "HMAC_SHA1"
    fields = dict(part.strip().partition("=")[::2] for part in settings.split(","))
    return fields.get("algorithm", "").strip().upper()
