"""The benchmark of the desk's pages runs, and its pages show the tips."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.desk_bench.__main__ import measure

pytestmark = pytest.mark.full("a benchmark")


def test_a_size_is_measured(tmp_path: Path) -> None:
    tips, *times, opening, whole, again, memory = measure(tmp_path, 12).split()
    assert tips == "12"
    assert all(float(one) > 0 for one in (*times, opening, whole, again))
    assert len(times) == 5
    assert float(memory) > -12  # MiB that the process gave back meanwhile
