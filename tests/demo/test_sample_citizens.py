"""A citizen of the sample week answers each question from the story."""

from __future__ import annotations

from typing import Any

import pytest

from satark_demo import sample_citizens
from satark_demo.chat import Publish
from satark_demo.messages import ChatMessage
from satark_demo.sample_citizens import STORIES, NoAnswerError, SampleCitizen
from satark_testing.whatsapp.messages import Offer

RECEIPT = ChatMessage(
    id="9", mine=False, text="Tip no. AAAA-BBBB, code 1234 5678 1234 5678", offers=(Offer("@reach:no", "No"),)
)


def question(step: str, *options: str) -> ChatMessage:
    """A message of the service that offers options of a step."""
    return ChatMessage(id=step, mine=False, offers=tuple(Offer(f"{step}:{one}", one) for one in options))


class ScriptedChat:
    """A phone to which the service sends one scripted message after each message of the citizen."""

    def __init__(self, script: list[ChatMessage], publish: Publish) -> None:
        self.script, self.publish, self.did = script, publish, list[str]()
        self.messages: dict[str, ChatMessage] = {}

    async def say(self, text: str, *, twice: bool) -> None:
        self._answer(text)

    async def tap(self, message_id: str, token: str, *, twice: bool) -> None:
        self._answer(token)

    async def file(self, file: Any, caption: str, *, voice: bool, twice: bool) -> None:
        self._answer(file.name)

    def _answer(self, did: str) -> None:
        self.did.append(did)
        if self.script:
            message = self.script.pop(0)
            self.messages[message.id] = message
        self.publish({})


def citizen(*script: ChatMessage) -> tuple[SampleCitizen, ScriptedChat]:
    chats: list[ScriptedChat] = []

    def make(number: int, publish: Publish) -> Any:
        chats.append(ScriptedChat(list(script), publish))
        return chats[0]

    story = next(story for story in STORIES if story.photo and story.language == "hi")
    return SampleCitizen(story, 101, make), chats[0]


async def test_a_citizen_tells_the_story_with_its_photo_and_keeps_the_receipt() -> None:
    told, chat = citizen(
        question("@language", "hi", "en"),
        question("category", "ARMS", "INTOX"),
        question("what", "unknown"),
        question("place", "unknown"),
        question("police", "yes", "no"),
        question("evidence", "@skip"),
        ChatMessage(id="kept", mine=False, text="one file", offers=(Offer("evidence:@done", "Done"),)),
        question("review", "send"),
        RECEIPT,
        ChatMessage(id="10", mine=False, text="forgotten"),
        question("mailbox", "no"),
        ChatMessage(id="11", mine=False, text="passed on"),
    )
    assert await told.tell() == "AAAA-BBBB"
    story = told.story
    assert chat.did[1:5] == ["@language:hi", f"category:{story.category}", story.what, story.place]
    assert chat.did[5:] == ["police:no", "photo.jpg", "हो गया", "review:send", "@reach:no"]
    await told.dispute()
    assert chat.did[-2:] == ["1234 5678 1234 5678", "mailbox:no"]


async def test_a_citizen_raises_an_error_if_the_story_has_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    lost, _ = citizen(question("vehicle", "red", "blue"))
    with pytest.raises(NoAnswerError):
        await lost.tell()
    monkeypatch.setattr(sample_citizens, "_ANSWER_SECONDS", 0.01)
    silent, _ = citizen()
    with pytest.raises(NoAnswerError):
        await silent.tell()
