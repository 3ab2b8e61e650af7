"""Fixtures of the tests of deliveries."""

from __future__ import annotations

import pytest

from satark.delivery import worker


@pytest.fixture(autouse=True)
def claims_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "GATHER", 0)
