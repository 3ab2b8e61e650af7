"""Deliveries: a tip, or a notification without one."""

from __future__ import annotations

import pytest

from satark.api.sink import Delivery


@pytest.mark.parametrize(("tip", "kind"), [("ab" * 16, "tip"), ("alarm:1764000000", "alarm"), ("digest:7", "digest")])
def test_a_delivery_tells_its_kind_and_destination(tip: str, kind: str) -> None:
    one = Delivery(
        idempotency_key="k",
        tip=tip,
        destination="email:sp-cell",
        desk="sp",
        revision=1,
        attempt=1,
        envelope=b"",
        document=b"",
    )
    assert (one.kind, one.name) == (kind, "sp-cell")
