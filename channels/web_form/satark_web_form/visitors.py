"""Who is filling in: a random cookie, which exists once somebody answers and says nothing of them."""

from __future__ import annotations

import base64
import re
import secrets
from typing import TYPE_CHECKING

import msgspec

from satark.channel import Address
from satark_web_form.uploads.keys import SECRET_BYTES, DraftKey

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_is_secret = re.compile(r"[\w-]{43}", re.ASCII).fullmatch


class Visitor(msgspec.Struct, frozen=True):
    """One browser's secret; all that is known of whoever uses it."""

    secret: str

    def __repr__(self) -> str:
        return "Visitor(…)"

    @property
    def address(self) -> Address:
        """The sender that the core knows the visitor by."""
        return Address(self.secret)

    @property
    def key(self) -> DraftKey:
        """What opens the files that the visitor has left."""
        return DraftKey(base64.urlsafe_b64decode(f"{self.secret}="))


def new_visitor() -> Visitor:
    """Make a visitor: 256 random bits."""
    return Visitor(secrets.token_urlsafe(SECRET_BYTES))


class Cookie:
    """One of the two cookies: for as long as the browser is open, never read by scripts, sent only to us."""

    def __init__(self, name: str, path: str, public_url: str) -> None:
        self._name = name
        self._path = path
        self._public_is_https = public_url.startswith("https:")

    def read(self, request: Request) -> Visitor | None:
        """The visitor that a request names; None where it names none, or something that we never gave out."""
        value = request.cookies.get(self._named(request), "")
        return Visitor(value) if _is_secret(value) else None

    def give(self, request: Request, response: Response, visitor: Visitor) -> None:
        """Let the browser name this visitor from now on."""
        response.set_cookie(
            self._named(request),
            visitor.secret,
            path=self._path,
            secure=self._is_secure(request),
            httponly=True,
            samesite="lax",
        )

    def take(self, request: Request, response: Response) -> None:
        """Let the browser forget it."""
        response.delete_cookie(
            self._named(request), path=self._path, secure=self._is_secure(request), httponly=True, samesite="lax"
        )

    def _named(self, request: Request) -> str:
        # A browser takes a cookie of such a name from this very host over https alone: nobody can plant one.
        prefix = "__Host-" if self._path == "/" else "__Secure-"
        return prefix + self._name if self._is_secure(request) else self._name

    def _is_secure(self, request: Request) -> bool:
        """Whether the browser speaks https to us. An onion service needs none; a proxy's is known by configuration."""
        if (request.url.hostname or "").endswith(".onion"):
            return request.url.scheme == "https"
        return request.url.scheme == "https" or self._public_is_https
