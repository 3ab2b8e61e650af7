"""Web pages that a plugin brings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from starlette.types import ASGIApp


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """An ASGI application under a path, served by the processes of one role."""

    path: str
    role: Literal["web", "desk"]
    app: ASGIApp
