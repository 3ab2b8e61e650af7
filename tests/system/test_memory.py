"""Ten epochs after a tipster wrote "forget", no process holds number, words or code in memory, and no tip was lost."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from satark_testing.installation import Installation, set_up_installation
from satark_testing.waiting import until
from support.answers import HINDI
from support.process_memory import count_in_memory, processes_of

pytestmark = pytest.mark.full("processes that are replaced")

EPOCH_SECONDS = 4
SETTINGS = {"SATARK_EPOCH_MINUTES": str(EPOCH_SECONDS / 60), "SATARK_PROCESS_EPOCHS": "3"}
WORDS = "नीलकंठ गोदाम के तहखाने में बंदूकें"


async def test_ten_epochs_later_no_process_holds_a_number_words_or_a_code(tmp_path: Path) -> None:
    answers: Any = {**HINDI, "क्या हो रहा है\\?": WORDS}
    async with set_up_installation(tmp_path, SETTINGS) as installation:
        service = installation.service
        await service.start()
        citizen = installation.citizen(76543219)
        code = await citizen.walk(answers)
        await citizen.say("forget")
        await citizen.hear()
        number = (str(citizen.sender.wa_id), str(citizen.sender.user_id))
        texts = {"number": number, "words": [WORDS], "code": [code, code.replace(" ", "")]}
        first, began = processes_of(service.pid)[1:], time.monotonic()
        found = sum((count_in_memory(pid, texts) for pid in first), start=count_in_memory(service.pid, texts))
        assert found["number"] > 0, "the search finds what is there"
        enough = asyncio.Event()
        others = asyncio.create_task(keep_walking(installation, enough))
        await until(lambda: time.monotonic() - began > 10 * EPOCH_SECONDS, every=1)
        await until(lambda: not set(first) & set(processes_of(service.pid)), every=1)
        left = {pid: dict(count_in_memory(pid, texts)) for pid in processes_of(service.pid)}
        assert [counts for counts in left.values() if counts] == []
        enough.set()
        handed_in = await others
        assert len(await installation.tips("sp", at_least=handed_in)) == handed_in


async def keep_walking(installation: Installation, enough: asyncio.Event) -> int:
    """Have one citizen after another submit a tip until there are enough; return the number of tips."""
    number = 1
    while not enough.is_set():
        number += 1
        await installation.citizen(number).walk(HINDI)
    return number
