"""What a sabotage changes running code with: something done before a method, or something in its place."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any


def before(owner: Any, name: str, spy: Callable[..., object]) -> None:
    """Call `spy` with the arguments of a method, or of a module's function, each time before it is called."""
    own = getattr(owner, name)

    @wraps(own)
    def spied(*arguments: Any, **named: Any) -> Any:
        spy(*arguments, **named)
        return own(*arguments, **named)

    setattr(owner, name, spied)


def instead(owner: Any, name: str, other: Callable[..., Any]) -> None:
    """Call `other` in place of a method, with the method itself as its first argument."""
    own = getattr(owner, name)

    @wraps(own)
    def replaced(*arguments: Any, **named: Any) -> Any:
        return other(own, *arguments, **named)

    setattr(owner, name, replaced)
