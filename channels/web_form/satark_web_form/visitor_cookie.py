"""Visitors. A visitor is a random cookie that is set with the first answer and identifies nobody."""

import base64
import re
import secrets

from starlette.requests import Request
from starlette.responses import Response

from satark.api import Address, Redacted
from satark_web_form.uploads.draft_key import SECRET_BYTES, DraftKey

_is_secret = re.compile(r"[\w-]{43}", re.ASCII).fullmatch


class Visitor(Redacted, frozen=True):
    """The secret of one browser. Nothing else is known of its user."""

    secret: str

    @property
    def address(self) -> Address:
        """The visitor's address, as the core knows it."""
        return Address(self.secret)

    @property
    def key(self) -> DraftKey:
        return DraftKey(base64.urlsafe_b64decode(f"{self.secret}="))


def new_visitor() -> Visitor:
    """Create a visitor with 256 random bits."""
    return Visitor(secrets.token_urlsafe(SECRET_BYTES))


class VisitorCookie:
    """A session cookie. Scripts can't read it, and the browser sends it to this site alone."""

    def __init__(self, name: str, path: str, public_url: str) -> None:
        self._name = name
        self._path = path
        self._public_is_https = public_url.startswith("https:")

    def read(self, request: Request) -> Visitor | None:
        """Return the visitor of a request; None if the cookie is missing or malformed."""
        value = request.cookies.get(self._cookie_name(request), "")
        return Visitor(value) if _is_secret(value) else None

    def set(self, request: Request, response: Response, visitor: Visitor) -> None:
        response.set_cookie(
            self._cookie_name(request),
            visitor.secret,
            path=self._path,
            secure=self._is_secure(request),
            httponly=True,
            samesite="lax",
        )

    def clear(self, request: Request, response: Response) -> None:
        response.delete_cookie(
            self._cookie_name(request), path=self._path, secure=self._is_secure(request), httponly=True, samesite="lax"
        )

    def _cookie_name(self, request: Request) -> str:
        # Browsers accept cookies with these prefixes only from this host over https, so nobody can plant one.
        prefix = "__Host-" if self._path == "/" else "__Secure-"
        return prefix + self._name if self._is_secure(request) else self._name

    def _is_secure(self, request: Request) -> bool:
        """Whether the browser uses https. An onion service needs no https; behind a proxy, `public_url` decides."""
        if (request.url.hostname or "").endswith(".onion"):
            return request.url.scheme == "https"
        return request.url.scheme == "https" or self._public_is_https
