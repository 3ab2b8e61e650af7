"""End-to-end tests of a real Satark process on each kind of database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest


@pytest.fixture
def environment(databases: Any) -> Mapping[str, str]:
    """Environment variables that make a process use the databases."""
    return {"SATARK_DATABASE_URL": databases.main, "SATARK_KEYS_URL": databases.keys}
