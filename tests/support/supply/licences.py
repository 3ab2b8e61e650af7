"""Checks the licences of the locked packages, from their installed metadata, against a list of allowed licences."""

from __future__ import annotations

import importlib.metadata
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from license_expression import ExpressionError, LicenseExpression, get_spdx_licensing

ALLOWED: Final = Path("tests/licences.toml")
"""The allowed licences, from the root of the project."""

_licensing = get_spdx_licensing()


class AllowedLicences(msgspec.Struct, frozen=True):
    """The allowed licences, and the licences of packages whose metadata use no SPDX identifiers."""

    allowed: tuple[str, ...]
    """SPDX identifiers."""
    named: Mapping[str, str]
    """Words of a package's metadata → SPDX expression."""
    packages: Mapping[str, str]
    """Package without a correct licence in its metadata → SPDX expression."""


def read_allowed(path: Path = ALLOWED) -> AllowedLicences:
    """Read the list."""
    return msgspec.convert(tomllib.loads(path.read_text()), AllowedLicences)


def licence_of(name: str, allowed: AllowedLicences) -> str:
    """Return the SPDX expression of an installed package's licence; empty if it is unknown.

    Raises:
        importlib.metadata.PackageNotFoundError: the package is not installed.
    """
    metadata = importlib.metadata.metadata(name).json
    if name in allowed.packages:
        return allowed.packages[name]
    if expression := metadata.get("license_expression"):
        return str(expression)
    classifiers = [one.rpartition(" :: ")[2] for one in metadata.get("classifier", ()) if one.startswith("License")]
    words = [str(metadata.get("license", "")).strip(), *classifiers]
    return next((allowed.named[word] for word in words if word in allowed.named), "")


def is_allowed(expression: str, allowed: AllowedLicences) -> bool:
    """Return whether an expression is allowed: every part of an AND, and at least one part of an OR."""
    try:
        parsed = _licensing.parse(expression, validate=True)
    except ExpressionError:
        return False
    return parsed is not None and _holds(parsed, frozenset(allowed.allowed))


def _holds(part: LicenseExpression | Any, allowed: frozenset[str]) -> bool:
    if isinstance(part, _licensing.OR):
        return any(_holds(one, allowed) for one in part.args)
    if isinstance(part, _licensing.AND):
        return all(_holds(one, allowed) for one in part.args)
    return str(part) in allowed
