"""What officers say reaches the tipster by receipt, and what the tipster answers reaches the desk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from satark.testing.scenario import ENGLISH, HINDI, Stage, staged


def respond(stage: Stage, number: str, *arguments: str) -> None:
    passphrase = ("--passphrase-file", str(stage.passphrase_file("sp")))
    stage.service.run("desk", "respond", "sp", number, *arguments, *passphrase)


async def filed(stage: Stage, citizen: Any, answers: Any) -> tuple[str, str]:
    code = await citizen.walk(answers)
    (tip,) = await stage.tips("sp", at_least=1)
    return code, tip["number"]


async def test_a_question_is_asked_and_answered_without_knowing_whom(tmp_path: Path) -> None:
    async with staged(tmp_path, {}) as stage:
        await stage.service.start()
        citizen = stage.citizen(1, patience=10)
        code, number = await filed(stage, citizen, HINDI)
        respond(stage, number, "--status", "NEED_INFO", "--message", "गाड़ी का रंग क्या था?", "--question")
        await citizen.say(f"स्थिति {code}")
        opened = await citizen.hear()
        assert "गाड़ी का रंग क्या था?" in opened.text
        assert "और जानकारी चाहिए" in opened.text
        await citizen.reply("जवाब देना है")
        await citizen.hear()
        await citizen.say("सफ़ेद")
        await citizen.hear()
        (tip,) = await stage.tips("sp", at_least=1)
        assert [message["text"] for message in tip["messages"]] == ["गाड़ी का रंग क्या था?", "सफ़ेद"]
        assert tip["messages"][1]["sender"] == "tipster"
        assert tip["status"] == "NEED_INFO"


async def test_who_asked_to_be_reached_is_told_neutrally_and_others_are_not(tmp_path: Path) -> None:
    async with staged(tmp_path, {}) as stage:
        await stage.service.start()
        reached, silent = stage.citizen(1, patience=10), stage.citizen(2, patience=10)
        await reached.walk(ENGLISH)
        await reached.reply("Yes, message me")
        await reached.hear()
        await silent.walk({**ENGLISH, "What is happening\\?": "silent"})
        for tip in await stage.tips("sp", at_least=2):
            respond(stage, tip["number"], "--status", "ACTED", "--message", "Three arms were seized")
        news = await reached.hear()
        assert "seized" not in news.text
        assert "arms" not in news.text.lower()
        assert "status" in news.text
        assert silent.unread() == 0


async def test_a_wrong_code_and_an_unknown_one_get_the_same_answer(tmp_path: Path) -> None:
    async with staged(tmp_path, {}) as stage:
        await stage.service.start()
        citizen = stage.citizen(1, patience=10)
        code, _ = await filed(stage, citizen, ENGLISH)
        near = code[:-1] + str((int(code[-1]) + 1) % 10)
        texts = []
        for wrong in (near, "0000000000000000"):
            await citizen.say(f"status {wrong}")
            texts.append((await citizen.hear()).text)
        assert texts[0] == texts[1]
