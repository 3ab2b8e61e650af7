"""Officers' messages reach the tipster by receipt, and the tipster's answers reach the desk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from satark_testing.installation import Installation
from support.answers import HINDI
from support.processes.forked import set_up_installation
from support.tipsters import ENGLISH

pytestmark = pytest.mark.slow("a process")


def respond(installation: Installation, number: str, *arguments: str) -> None:
    passphrase = ("--passphrase-file", str(installation.passphrase_file("sp")))
    installation.service.run("desk", "respond", "sp", number, *arguments, *passphrase)


async def file_tip(installation: Installation, citizen: Any, answers: Any) -> tuple[str, str]:
    code = await citizen.walk(answers)
    (tip,) = await installation.tips("sp", at_least=1)
    return code, tip["number"]


async def test_a_tipster_answers_an_officers_question_anonymously(tmp_path: Path) -> None:
    async with set_up_installation(tmp_path, {}) as installation:
        await installation.service.start()
        citizen = installation.citizen(1)
        code, number = await file_tip(installation, citizen, HINDI)
        respond(installation, number, "--status", "NEED_INFO", "--message", "गाड़ी का रंग क्या था?", "--question")
        await citizen.say(f"स्थिति {code}")
        opened = await citizen.hear()
        assert "गाड़ी का रंग क्या था?" in opened.text
        assert "और जानकारी चाहिए" in opened.text
        await citizen.reply("जवाब देना है")
        await citizen.hear()
        await citizen.say("सफ़ेद")
        await citizen.hear()
        (tip,) = await installation.tips("sp", at_least=1)
        assert [message["text"] for message in tip["messages"]] == ["गाड़ी का रंग क्या था?", "सफ़ेद"]
        assert tip["messages"][1]["sender"] == "tipster"
        assert tip["status"] == "NEED_INFO"


async def test_additions_before_and_after_a_restart_are_shown_as_the_tipsters(tmp_path: Path) -> None:
    async with set_up_installation(tmp_path, {}) as installation:
        await installation.service.start()
        citizen, told = installation.citizen(1), ["गाड़ी सफ़ेद थी", "वह रात को आता है", "अब वह चला गया"]
        code, _ = await file_tip(installation, citizen, HINDI)
        await citizen.say(told[0])
        await citizen.hear()
        await installation.service.kill()
        await installation.service.start()
        await citizen.say(told[1])
        await citizen.hear()
        await citizen.say(f"स्थिति {code}")
        await citizen.hear()
        await citizen.say(told[2])
        await citizen.hear()
        for desk in ("sp", "dig"):
            (tip,) = await installation.tips(desk, at_least=1)
            assert [message["text"] for message in tip["messages"]] == told
            assert tip["unsigned"] == []


async def test_only_tipsters_who_agreed_to_contact_get_a_notice_without_content(tmp_path: Path) -> None:
    async with set_up_installation(tmp_path, {}) as installation:
        await installation.service.start()
        contacted, silent = installation.citizen(1), installation.citizen(2)
        await contacted.walk(ENGLISH)
        await contacted.reply("Yes, message me")
        await contacted.hear()
        await silent.walk({**ENGLISH, "What is happening\\?": "silent"})
        for tip in await installation.tips("sp", at_least=2):
            respond(installation, tip["number"], "--status", "ACTED", "--message", "Three arms were seized")
        notice = await contacted.hear()
        assert "seized" not in notice.text
        assert "arms" not in notice.text.lower()
        assert "status" in notice.text
        assert silent.unread() == 0


async def test_a_wrong_code_and_an_unknown_code_get_the_same_answer(tmp_path: Path) -> None:
    async with set_up_installation(tmp_path, {}) as installation:
        await installation.service.start()
        citizen = installation.citizen(1)
        code, _ = await file_tip(installation, citizen, ENGLISH)
        near = code[:-1] + str((int(code[-1]) + 1) % 10)
        texts = []
        for wrong in (near, "0000000000000000"):
            await citizen.say(f"status {wrong}")
            texts.append((await citizen.hear()).text)
        assert texts[0] == texts[1]
