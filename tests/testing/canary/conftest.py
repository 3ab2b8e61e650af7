"""Fixtures: a data folder, and the settings of the databases for a test's canary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from support.data_folder import data  # noqa: F401 - a fixture


@pytest.fixture
def environment(databases: Any) -> Mapping[str, str]:
    """Environment variables that make a process use the databases."""
    return {"SATARK_DATABASE_URL": databases.main, "SATARK_KEYS_URL": databases.keys}
