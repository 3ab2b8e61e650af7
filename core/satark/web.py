"""Web pages that a plugin brings, and the language that a browser asks them for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import msgspec
from babel import Locale, negotiate_locale

if TYPE_CHECKING:
    from starlette.types import ASGIApp


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """An ASGI application under a path, served by the processes of one role."""

    path: str
    role: Literal["web", "desk"]
    app: ASGIApp


def preferred(accept_language: str, languages: Sequence[str]) -> str:
    """Give the language that a browser asks for (its header `Accept-Language`) among ours; the first where none is."""
    wanted = [part.partition(";")[0].strip().replace("-", "_") for part in accept_language.split(",")]
    found = negotiate_locale([tag for tag in wanted if tag], languages)
    return Locale.parse(found).language if found else languages[0]
