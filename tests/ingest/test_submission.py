"""A submitted tip has its envelopes, deliveries and a receipt."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.store import tables
from support.later import render_a_band_later
from support.working_host import ANSWERS, RECEIPT, working_host


async def test_a_submission_stores_the_tip_its_envelopes_deliveries_and_a_receipt(tmp_path: Path) -> None:
    async with working_host(tmp_path) as place:
        asha = place.tipster()
        await place.receipt(asha)
        assert (place.count("tip"), place.count("receipt"), place.count("reach")) == (1, 1, 0)
        assert place.count("delivery") >= 1
        assert any(taken.submitted for taken in asha.results)
        line = b'satark_tips_total{channel="script"} 1.0'
        assert line not in place.host.metrics.render()
        assert line in render_a_band_later(place.host.metrics)


async def test_two_tips_both_get_a_receipt_from_an_empty_stock(tmp_path: Path) -> None:
    async with working_host(tmp_path) as place:
        place.runtime._receipts._ready.clear()
        place.runtime._receipts.close()
        codes = {await place.receipt(place.tipster(name)) for name in ("asha", "bina")}
        assert len(codes) == 2
        assert place.count("tip") == 2


@pytest.mark.slow("many tips")
async def test_the_size_of_a_tip_tells_little_of_what_was_said(tmp_path: Path) -> None:
    async with working_host(tmp_path) as place:
        for nights in range(1, 61, 12):
            answers = {**ANSWERS, r"What is happening\?": "Arms are sold every night. " * nights}
            await place.tipster(f"91401122{nights:02}").walk(answers, RECEIPT)
        # Beside the padded content there is a header, which age makes longer by chance.
        assert max(len(row.document) % 4096 for row in place.rows(tables.tip)) < 2048
