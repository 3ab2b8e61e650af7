"""On a medium that is answered in the response, a repeated request counts once and gets the same answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from satark_testing.processes.serving import serve
from satark_testing.twilio.api import TwilioPeer, new_sid
from satark_testing.twilio.people import Texter
from support.twilio_installation import twilio_installation

pytestmark = pytest.mark.slow("a process")


async def test_a_repeated_request_gets_the_same_answer(tmp_path: Path, environment: Mapping[str, str]) -> None:
    peer = TwilioPeer()
    async with peer, serve(peer.app) as url, twilio_installation(peer, url, tmp_path, environment) as installation:
        texter = Texter(peer, installation.service.url, "+919876543210")
        texts = []
        for text in ("Hi", "2", "3", "They sell arms there", "Lanka"):
            sid = new_sid("SM")
            answers = await asyncio.gather(*(texter.say(text, sid=sid) for _ in range(3)))
            assert answers[0]
            assert answers == [answers[0]] * 3
            texts.append(answers[0])
        assert len({tuple(one) for one in texts}) == len(texts)
