"""Telegram and Twilio post webhooks twice, repeatedly and late, and refuse messages; each tip is accepted once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from satark_testing.installation import MatrixInstallation
from satark_testing.telegram.bot_api import Person, Update
from satark_testing.telegram.citizen import TelegramCitizen
from satark_testing.twilio.people import Caller, Texter, code_in
from satark_testing.waiting import until
from support.answers import HINDI
from support.phone_walks import walk_by_call, walk_by_text
from support.processes.forked import matrix_installation

pytestmark = pytest.mark.slow("a process")

PEOPLE = 8
RECORDING = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x00\0\0\0" + bytes(
    800
)
SMS_ANSWERS = {
    "Choose a language": "1", "पुलिस को भेजें": "1", "Kis bare mein": "3", "जगह लिखें": "लंका", "पुलिसवाला मिला": "2",
    "हो गया": "छोड़ें",
}  # fmt: skip
CALL_ANSWERS: dict[str, str | bytes] = {
    "Choose a language": "1", "क्या इसे पुलिस को भेज दें": "1", "किस बारे में": "3", "क्या हो रहा है": RECORDING,
    "जगह बताइए": RECORDING, "किस थाने": "1", "पुलिसवाला मिला": "2", "कुछ और बताना हो तो": "8",
}  # fmt: skip


class RepeatingCitizen(TelegramCitizen):
    """A citizen whose updates Telegram delivers twice at once, or again after the next one."""

    late: Update | None = None

    async def _bring(self, update: Update) -> str:
        dice = random.Random(update["update_id"]).random()
        again = [update] if dice < 0.4 else []
        if self.late is not None:
            again.append(self.late)
        self.late = update if dice > 0.6 else None
        repeating = asyncio.gather(*(self._peer.deliver(one, self._webhook) for one in again))
        message = await super()._bring(update)
        await repeating
        return message


def post_twice(matrix: MatrixInstallation) -> None:
    """Have Twilio post every webhook twice at once. The caller gets the answer that has a receipt."""
    post = matrix.twilio.post

    async def twice(url: str, form: Mapping[str, str]) -> tuple[int, bytes]:
        answers = await asyncio.gather(post(url, form), post(url, form))
        return max(answers, key=lambda answer: bool(code_in(answer[1].decode())))

    matrix.twilio.post = twice  # type: ignore[method-assign]


def _story(medium: str, number: int) -> str:
    return f"घर {number} में शराब बनती है, {medium} से"


async def by_telegram(matrix: MatrixInstallation, number: int) -> tuple[str, TelegramCitizen]:
    person = Person(id=8_100_000_000 + number)
    citizen = RepeatingCitizen(matrix.telegram, person, f"{matrix.installation.service.url}/telegram/webhook")
    code = await citizen.walk({**HINDI, "क्या हो रहा है\\?": _story("टेलीग्राम", number)})
    return code, citizen


async def by_text(matrix: MatrixInstallation, number: int) -> str:
    texter = Texter(matrix.twilio, matrix.installation.service.url, f"+9191{number:08}")
    return await walk_by_text(texter, {"Kya hua": _story("एसएमएस", number), **SMS_ANSWERS})


async def by_call(matrix: MatrixInstallation, number: int) -> str:
    caller = Caller(matrix.twilio, matrix.installation.service.url, f"+9192{number:08}")
    return await walk_by_call(caller, CALL_ANSWERS)


def what_of(tip: Mapping[str, Any]) -> str:
    what = tip["answers"]["what"]
    return what if isinstance(what, str) else "(spoken)"


@pytest.mark.full("hundreds of webhooks")
async def test_repeated_and_late_webhooks_give_every_tip_once(tmp_path: Path, environment: Mapping[str, str]) -> None:
    async with matrix_installation(tmp_path, environment) as matrix:
        post_twice(matrix)
        matrix.telegram.faults.hang_up_next(times=PEOPLE, on="sendMessage")
        matrix.telegram.faults.fail_next(502, times=PEOPLE, on="sendMessage")
        matrix.telegram.faults.fail_next(429, times=PEOPLE // 2, on="sendMessage", retry_after=1)
        matrix.twilio.fail_next(503, times=PEOPLE)
        numbers = range(PEOPLE)
        filed = await asyncio.gather(*(by_telegram(matrix, number) for number in numbers))
        codes = await asyncio.gather(
            *(by_text(matrix, number) for number in numbers), *(by_call(matrix, number) for number in numbers)
        )
        assert len({*codes, *(code for code, _ in filed)}) == 3 * PEOPLE
        tips = [tip for tip, desks in (await matrix.tips()).values() if desks == ("sp", "dig")]
        texts = [_story(medium, number) for number in numbers for medium in ("टेलीग्राम", "एसएमएस")]
        assert sorted(map(what_of, tips)) == sorted(["(spoken)"] * PEOPLE + texts)
        assert all(len(tip["evidence"]) == 2 for tip in tips if what_of(tip) == "(spoken)")
        assert all(citizen.unread() == 0 for _, citizen in filed), "a reply was sent twice"
        await until(lambda: len([one for one in matrix.twilio.deleted if one.startswith("Recordings/")]) == 2 * PEOPLE)
        await until(lambda: not any(message.body for message in matrix.twilio.messages.values()))
