"""Walks of telephone users through a whole flow: by text messages, and by keys and voice."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from satark_testing.twilio.people import Caller, Texter, code_in
from satark_testing.whatsapp.citizen import LostError

Heard: TypeAlias = Mapping[str, str | bytes | Sequence[str | bytes]]
"""Regular expression over the spoken text → the keys to press or the words to send, or a recording to speak (bytes)."""


async def walk_by_text(texter: Texter, answers: Heard, *, greeting: str = "Hi", most: int = 60) -> str:
    """Greet the service and answer its questions until a receipt comes; return its code.

    Raises:
        LostError: no receipt after `most` messages, or a question that no pattern matches.
    """
    script = _Script(answers)
    told = await texter.say(greeting)
    for _ in range(most):
        if code := code_in("\n".join(told)):
            return code
        told = await texter.say(str(script.answer("\n".join(told))))
    raise LostError("no receipt")


async def walk_by_call(caller: Caller, answers: Heard, *, most: int = 60) -> str:
    """Call, and answer the questions by keys and voice until a receipt is heard; return its code.

    Raises:
        LostError: no receipt after `most` answers, or a question that no pattern matches.
    """
    script = _Script(answers)
    await caller.dial()
    for _ in range(most):
        if code := code_in(caller.question):
            return code
        answer = script.answer(caller.question)
        await (caller.speak(answer) if isinstance(answer, bytes) else caller.press(answer))
    raise LostError("no receipt")


class _Script:
    """Answers by the spoken text. A list gives one answer per repetition; its last answer then repeats."""

    def __init__(self, answers: Heard) -> None:
        self._answers = [
            (re.compile(pattern), deque([reply] if isinstance(reply, str | bytes) else reply))
            for pattern, reply in answers.items()
        ]

    def answer(self, heard: str) -> str | bytes:
        for pattern, replies in self._answers:
            if pattern.search(heard):
                return replies.popleft() if len(replies) > 1 else replies[0]
        raise LostError(f"what to answer to: {heard}")
