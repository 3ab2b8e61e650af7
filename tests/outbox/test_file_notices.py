"""A tipster is told a file's result once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from satark.api.channel import MediaGone
from satark.outbox.outbox import FileNotices
from satark.store import tables
from satark_testing.waiting import until
from support.working_host import ANSWERS, CODE, RECEIPT, picture, working_host_on

pytestmark = pytest.mark.slow("a host")


async def test_a_lost_file_is_reported_once_with_the_next_question_or_in_the_mailbox(
    databases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FileNotices, "_compose", lambda *_: [])  # a call, a browser: nobody is there to be told at once
    async with working_host_on(databases, tmp_path) as place:
        place.channel.files.update({"now": MediaGone(), "later": MediaGone()})
        asha = place.tipster()
        await asha.walk(ANSWERS, "Send photo")
        await asha.hear(picture("now"))
        await until(lambda: [row[-1] for row in place.rows(tables.file)] == ["notice: lost 0"])
        assert "did not reach us" in await asha.say("help")
        assert "did not reach us" not in await asha.say("help")
        found = CODE.search(await asha.walk_on({"so far": "done", **ANSWERS}, RECEIPT))
        assert found
        await asha.say(found.group())
        await asha.hear(picture("later"))
        await until(lambda: [row[-1] for row in sorted(place.rows(tables.file))] == ["", "notice: lost 0"])
        bina = place.tipster("another phone of hers")
        assert "did not reach us" in await bina.say(found.group())
        assert "did not reach us" not in await place.tipster("a third").say(found.group())
