"""The public contract: which modules and names a plugin may import.

A module at the top of `satark` is part of the contract, and its `__all__` lists the names. Everything in a package is
private to the host. `satark_testing` is public too, for tests alone.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping

import satark


def public_names() -> Mapping[str, tuple[str, ...]]:
    """Return every module of the contract with the names that it offers, both in alphabetical order."""
    modules = [f"satark.{found.name}" for found in pkgutil.iter_modules(satark.__path__) if not found.ispkg]
    return {name: tuple(sorted(importlib.import_module(name).__all__)) for name in ("satark", *sorted(modules))}
