"""The signature of Twilio's webhooks."""

import hmac
from base64 import b64encode
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from satark.api import Malformed, RawRequest
from satark_sms_ivr.form_data import parse_form

HEADER: Final = "x-twilio-signature"
_DIGESTS: Final = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
_HASHED_BODY: Final = "bodySHA256="


class TwilioSignature:
    """The signature check of one account at one public address.

    Source: Twilio, "Webhooks security" and "Validating requests".

    `public_url`: as configured at Twilio. `shared_key`: the secret that signs webhooks with the settings header; empty:
    the auth token signs them.
    """

    def __init__(self, token: str, public_url: str, shared_key: str = "") -> None:
        self._token, self._key = token.encode(), (shared_key or token).encode()
        self._public_url = public_url.rstrip("/")

    def is_valid(self, raw: RawRequest) -> bool:
        """Check a request's signature for the configured address. Anybody can set host headers, so they are ignored."""
        given = raw.headers.get(HEADER, "").encode("utf-8", "replace")
        settings = raw.headers.get("x-twilio-webhooks-signature-settings", "")
        digest = _DIGESTS.get(_algorithm(settings))
        if digest is None:
            return False
        try:
            signed = f"{raw.path}{'?' * bool(raw.query)}{raw.query}{_signed_fields(raw)}"
        except Malformed:
            return False
        key = self._key if settings else self._token
        expected = (_signature(key, f"{base}{signed}", digest) for base in _with_and_without_port(self._public_url))
        return any(hmac.compare_digest(one, given) for one in expected)


def _signature(key: bytes, signed: str, digest: str) -> bytes:
    return b64encode(hmac.digest(key, signed.encode("utf-8", "surrogatepass"), digest))


def _with_and_without_port(url: str) -> tuple[str, str]:
    """Return an address with its port and without: Twilio signs either."""
    parts = urlsplit(url)
    host, port = parts.netloc.partition(":")[0], parts.port or (443 if parts.scheme == "https" else 80)
    return parts._replace(netloc=f"{host}:{port}").geturl(), parts._replace(netloc=host).geturl()


def _signed_fields(raw: RawRequest) -> str:
    """Return what is signed after the address: the form's sorted fields, unless the query has the body's hash.

    Raises:
        Malformed: the body is no form, or has another hash.
    """
    if _HASHED_BODY not in raw.query:
        return "".join(name + value for name, value in sorted(set(parse_form(raw.body))))
    if f"{_HASHED_BODY}{sha256(raw.body).hexdigest()}" not in raw.query.split("&"):
        raise Malformed("another body than the one that was signed")
    return ""


def _algorithm(settings: str) -> str:
    """Return the algorithm that the settings header names, or HMAC-SHA1 if the header is missing."""
    if not settings:
        return "HMAC_SHA1"
    fields = dict(part.strip().partition("=")[::2] for part in settings.split(","))
    return fields.get("algorithm", "").strip().upper()
