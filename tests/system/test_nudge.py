"""A tipster who stops answering gets the question once more, if the settings say so."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from satark.testing.installation import set_up_installation


@pytest.mark.parametrize(("minutes", "nudges"), [("0.03", 1), ("0", 0)])
async def test_a_nudge_is_sent_only_if_it_is_configured(tmp_path: Path, minutes: str, nudges: int) -> None:
    async with set_up_installation(tmp_path, {"SATARK_NUDGE_MINUTES": minutes}) as installation:
        await installation.service.start()
        citizen = installation.citizen(1)
        for reply in ("Hi", "English", "Illegal arms"):
            await citizen.reply(reply)
            await citizen.hear()
        question = citizen.last.text
        for _ in range(nudges):
            assert (await citizen.hear()).text == question
        await asyncio.sleep(3)  # a nudge is due after two
        assert citizen.unread() == 0
