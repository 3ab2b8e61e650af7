"""The bill of materials in CycloneDX 1.6, made from the lock file. Equal lock files give equal bills."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import tomllib
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from satark import __version__
from support.supply.licences import AllowedLicences, licence_of
from support.supply.lock import LOCK, LockedPackage

_PROJECT: Final = Path("pyproject.toml")


def make_sbom(packages: Iterable[LockedPackage], needed: frozenset[str], allowed: AllowedLicences) -> str:
    """Return the bill of materials, as JSON.

    Args:
        packages: the locked packages.
        needed: the names of those that a running Satark needs; the others are marked as excluded.
        allowed: how packages name their licences.
    """
    bom = Bom(components=[_component(package, needed, allowed) for package in packages])
    bom.metadata.component = _satark()
    bom.metadata.timestamp = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), UTC)
    bom.serial_number = uuid5(NAMESPACE_URL, hashlib.sha256(LOCK.read_bytes()).hexdigest())
    bom.register_dependency(
        bom.metadata.component, [one for one in bom.components if one.scope == ComponentScope.REQUIRED]
    )
    return make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2) + "\n"


def _satark() -> Component:
    project = tomllib.loads(_PROJECT.read_text())["project"]
    licences = LicenseFactory()
    return Component(
        name=project["name"],
        version=__version__,
        type=ComponentType.APPLICATION,
        bom_ref="satark",
        licenses=[licences.make_from_string(project["license"])],
    )


def _component(package: LockedPackage, needed: frozenset[str], allowed: AllowedLicences) -> Component:
    expression = ""
    with suppress(importlib.metadata.PackageNotFoundError):
        expression = licence_of(package.name, allowed)
    url = PackageURL("pypi", name=package.name, version=package.version)
    return Component(
        name=package.name,
        version=package.version,
        type=ComponentType.LIBRARY,
        bom_ref=f"{package.name}=={package.version}",
        purl=url,
        scope=ComponentScope.REQUIRED if package.name in needed else ComponentScope.EXCLUDED,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=one) for one in package.sha256],
        licenses=[LicenseFactory().make_from_string(expression)] if expression else [],
    )
