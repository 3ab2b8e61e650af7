"""Functions with which a sabotage changes running code: call another function before a method, or in its place."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any


def before(owner: Any, name: str, spy: Callable[..., object]) -> None:
    """Call `spy` each time before a method, or a module's function, is called, with the same arguments."""
    own = getattr(owner, name)

    @wraps(own)
    def spied(*arguments: Any, **named: Any) -> Any:
        spy(*arguments, **named)
        return own(*arguments, **named)

    setattr(owner, name, spied)


def instead(owner: Any, name: str, other: Callable[..., Any]) -> None:
    """Call `other` in place of a method. Its first argument is the method itself."""
    own = getattr(owner, name)

    @wraps(own)
    def replaced(*arguments: Any, **named: Any) -> Any:
        return other(own, *arguments, **named)

    setattr(owner, name, replaced)
