"""Settings of the databases that a test's canary uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from satark.testing.peers.rabbitmq import is_installed


@pytest.fixture
def broker(request: pytest.FixtureRequest) -> str:
    """URL of the RabbitMQ that tests share; empty where it is not installed."""
    return request.getfixturevalue("rabbitmq").url if is_installed() else ""


@pytest.fixture
def environment(databases: Any) -> Mapping[str, str]:
    """Environment variables that make a process use the databases."""
    return {"SATARK_DATABASE_URL": databases.main, "SATARK_KEYS_URL": databases.keys}
