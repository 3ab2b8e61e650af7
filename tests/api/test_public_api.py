"""`public_api.txt` lists the public API. A removed or changed name breaks plugins, and raises `VERSION`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from satark import api

LISTED: Final = Path(__file__).with_name("public_api.txt")
UPDATE: Final = "run `python tests/api/test_public_api.py`; if a line goes or changes, raise `satark.api.VERSION`"


def lines() -> Iterator[str]:
    """Yield each name with its signature, then its fields and methods."""
    yield f"VERSION = {api.VERSION}"
    for name in sorted(set(api.__all__) - {"VERSION"}):
        value = getattr(api, name)
        yield f"{name}{_signature(value)}"
        for member, part in sorted(_members(value).items()) if inspect.isclass(value) else ():
            if not member.startswith("_") and (inspect.isfunction(part) or isinstance(part, property)):
                yield f"    {member}{_signature(part)}"


def _members(value: type) -> dict[str, object]:
    """Return a class's own members, and those of its bases that have no line of their own."""
    hidden = (one for one in reversed(value.__mro__[1:]) if one.__module__.startswith("satark.") and _is_hidden(one))
    return {name: part for one in (*hidden, value) for name, part in vars(one).items()}


def _is_hidden(base: type) -> bool:
    return getattr(api, base.__name__, None) is not base


def _signature(value: Any) -> str:
    if inspect.isclass(value) and issubclass(value, msgspec.Struct):
        return f"({', '.join(value.__struct_fields__)})"
    if not inspect.isfunction(value):
        return ""
    named = ", ".join(map(_shown, inspect.signature(value).parameters.values()))
    return f"{' async' if inspect.iscoroutinefunction(value) else ''}({named})"


def _shown(parameter: inspect.Parameter) -> str:
    default = "=…" if parameter.default is not parameter.empty else ""
    return f"{'*' if parameter.kind is parameter.KEYWORD_ONLY else ''}{parameter.name}{default}"


def test_the_public_api_matches_the_list_in_the_file() -> None:
    assert LISTED.read_text().splitlines() == list(lines()), UPDATE


if __name__ == "__main__":
    LISTED.write_text("\n".join(lines()) + "\n")
