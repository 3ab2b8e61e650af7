"""Builds the wheel of each example once per session."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from support.wheels import Install, install

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Install:
    """Build and install an example when it is used for the first time."""

    @cache
    def once(name: str) -> Path:
        return install(EXAMPLES / name, tmp_path_factory.mktemp(name))

    return once
