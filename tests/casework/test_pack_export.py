"""Which packs a desk can export."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.api.routing import CaseworkError
from satark.casework.pack_export import export_pack
from satark.custody.manifest import Issuer
from support.desks import Office
from support.releases import direct
from support.tips import SeededTip


@pytest.mark.slow("a whole pack")
def test_a_release_makes_no_pack_and_says_why(tip: SeededTip, offices: dict[str, Office], tmp_path: Path) -> None:
    direct(offices["sp"], tip)
    station = offices["lanka"].casework
    issuer = Issuer(name="Asha", place="Varanasi")
    with pytest.raises(CaseworkError, match="was given no files"):
        export_pack(tmp_path / "pack.zip", station, station.open(tip.number), issuer)
    assert not (tmp_path / "pack.zip").exists()
