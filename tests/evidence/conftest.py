"""Fixtures for tests of the pipeline."""

import pytest

from support.evidence.fixtures import driver, limits, make, sandbox, workspace  # noqa: F401 - fixtures


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"
