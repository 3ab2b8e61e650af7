"""Citizens whose webhooks are repeated and delayed, and who give up only after minutes without an answer."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from itertools import chain, repeat
from typing import Any, Final

import aiohttp

from satark.api import parse_token
from satark_testing.dialogue.walking import Reply
from satark_testing.installation import Installation
from satark_testing.whatsapp.citizen import Citizen
from satark_testing.whatsapp.messages import BusinessMessage, wamid
from support.answers import HINDI

PATIENCE: Final = 240.0
"""Seconds that a citizen waits for an answer."""
SP_OFFICE: Final = "एसपी कार्यालय"
OFFERED: Final = "what is offered"
"""The answer to a question in unknown words, such as an older version's: an offer that accuses nobody, or the first."""
_PLAIN: Final = ("no", "unknown", "skip", "done")
_OK: Final = 200
_WAITS: Final = (0.3, 0.6, 1.2, 2.4)
"""Seconds between two attempts to post a webhook. The last one repeats."""
_AGAIN, _LATE = 0.15, 0.15
"""Shares of webhooks that Meta posts twice, and that Meta posts again after the next one."""


def answers_of(number: int, *, accuses_sp: bool) -> dict[str, Reply | Sequence[Reply]]:
    """Return the answers of citizen `number`. Only the DIG may get a tip about the SP's office."""
    answers: dict[str, Reply | Sequence[Reply]] = {**HINDI, "क्या हो रहा है\\?": story(number)}
    if accuses_sp:
        answers |= {"किस बारे में": ["और विकल्प", "पुलिस भ्रष्टाचार"], "किस पर शक": SP_OFFICE, "कौन पुलिसकर्मी": "छोड़ें"}
    return {**answers, ".": OFFERED}


def story(number: int) -> str:
    """Return the words by which the ledger recognises a tip."""
    return f"गाँव के बाहर रात में हथियार बिकते हैं, मामला {number}"


class TroubledCitizen(Citizen):
    """A citizen of a Meta that repeats and reorders webhooks, and of a bot that may be down."""

    def __init__(self, installation: Installation, number: int) -> None:
        ids: dict[str, Any] = {"wa_id": f"9197{number:08}", "user_id": f"IN.{number:014}"}
        super().__init__(installation.peer, installation.webhook, patience=PATIENCE, **ids)
        self._chance = random.Random(number)
        self._late: bytes | None = None
        self.posted = 0
        """Number of posted webhooks, including repetitions."""
        self.repeated = 0
        """Number of the bot's answers that came twice, which is allowed after a crash."""

    async def hear(self) -> BusinessMessage:
        """Wait for the bot's next message. A message that repeats the last one word for word is skipped."""
        before = self.heard[-1].text if self.heard else None
        while (heard := await super().hear()).text == before:
            self.repeated += 1
        return heard

    async def reply(self, reply: Reply) -> str:
        """Reply; a message without offers needs no answer in unknown words."""
        if reply != OFFERED:
            return await super().reply(reply)
        tokens = [offer.token for offer in self.last.offers]
        by_option = {one.option.lstrip("@"): token for token in tokens if (one := parse_token(token))}
        chosen = [by_option[option] for option in _PLAIN if option in by_option] or tokens
        return await self.tap(chosen[0]) if chosen else ""

    async def _post(self, build: Any) -> str:
        key = wamid(self.sender)
        body: bytes = build(key)
        copies = 2 if self._chance.random() < _AGAIN else 1
        await asyncio.gather(*(self._deliver(body) for _ in range(copies)))
        if self._late is not None:
            await self._deliver(self._late)
        self._late = body if self._chance.random() < _LATE else None
        return key

    async def _deliver(self, body: bytes) -> None:
        """Post a webhook at growing intervals until it is answered 200, as Meta does for days."""
        for wait in chain(_WAITS, repeat(_WAITS[-1])):
            self.posted += 1
            try:
                async with asyncio.timeout(20):
                    if await self._peer.post(self._webhook, body) == _OK:
                        return
            except (aiohttp.ClientError, OSError, TimeoutError):
                pass
            await asyncio.sleep(wait)
