"""Finds the extra of Satark that installs a missing package."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires

_REQUIREMENT = re.compile(r"""\s*([\w.-]+).*;.*\bextra\s*==\s*['"]([\w-]+)['"]""")
_ALL = "all"


def what_is_missing(plugin: str, error: ModuleNotFoundError) -> str:
    """Return a sentence that names the package that a plugin could not import and tells how to install it."""
    module = (error.name or "a package").partition(".")[0]
    extra = _extra_of(module)
    advice = f"pip install 'satark[{extra}]'" if extra else "install it"
    return f"plugin {plugin!r} needs {module}, which is not installed: {advice}"


def _extra_of(module: str) -> str:
    """Return the extra that requires a module's distribution; empty if none does."""
    wanted = _normal(module)
    found = {name: extra for name, extra in _required() if extra != _ALL}
    parts = {part: extra for name, extra in found.items() for part in name.split("-")}
    return found.get(wanted) or parts.get(wanted, "")


def _required() -> Iterator[tuple[str, str]]:
    """Yield the distributions that extras require, each with its extra."""
    try:
        lines = requires("satark") or []
    except PackageNotFoundError:  # it runs from a folder
        lines = []
    for line in lines:
        if match := _REQUIREMENT.match(line):
            yield _normal(match[1]), match[2]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
