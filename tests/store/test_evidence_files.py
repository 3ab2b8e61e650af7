"""Files of a tip, in the order in which they were sent."""

from __future__ import annotations

from satark.store.evidence_files import ordinal_order


def test_files_are_ordered_by_their_number() -> None:
    assert sorted(["10", "9", "1", "2", "11"], key=ordinal_order) == ["1", "2", "9", "10", "11"]
