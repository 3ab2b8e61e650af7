"""Each request uses up one scripted fault of its operation, in order."""

from __future__ import annotations

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from satark_testing.peers.faults import CutAnswer, ScriptedFaults
from satark_testing.processes.serving import serve


async def test_faults_of_a_named_operation_come_before_faults_of_any_operation() -> None:
    faults = ScriptedFaults()
    named, unnamed = Response("named"), Response("any")
    faults.answer_next(unnamed, 2)
    faults.answer_next(named, on="send")
    assert [await faults.next(one) for one in ("send", "send", "delete", "send")] == [named, unnamed, unnamed, None]


async def test_the_usual_operation_fails_if_none_is_named() -> None:
    class Sending(ScriptedFaults):
        usual = "send"

    faults = Sending()
    faults.hang_up_next()
    assert await faults.next("delete") is None
    assert isinstance(await faults.next("send"), CutAnswer)


async def test_a_cut_answer_is_shorter_than_announced() -> None:
    async with serve(Starlette(routes=[Route("/", lambda _: CutAnswer())])) as url, aiohttp.ClientSession() as client:
        with pytest.raises(aiohttp.ClientPayloadError):
            async with client.get(url) as answer:
                await answer.read()
