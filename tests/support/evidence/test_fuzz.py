"""Processes a few hundred damaged files of every type; `make fuzz` processes ten thousand."""

from pathlib import Path

import pytest

from support.evidence.fuzzing import damaged, run
from support.evidence.specimens import specimen


@pytest.mark.full("damages files")
async def test_a_damaged_file_does_not_disturb_the_processing_of_others(tmp_path: Path) -> None:
    report = await run(200, 20261124, tmp_path)
    assert report.faults == []
    assert report.files == 200
    assert report.outcomes["clean"] > 20
    assert len(report.outcomes) >= 3


def test_the_same_seed_makes_the_same_file(tmp_path: Path) -> None:
    specimen("jpg", tmp_path)
    assert damaged(7, 1, ["jpg"], tmp_path) == damaged(7, 1, ["jpg"], tmp_path)
    assert damaged(7, 1, ["jpg"], tmp_path) != damaged(8, 1, ["jpg"], tmp_path)
