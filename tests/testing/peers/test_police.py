"""A simulated police system takes signed events, refuses others, and fails on demand."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import aiohttp
import pytest
from standardwebhooks import Webhook
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from satark_testing.peers.police import SECRET, Fault, PoliceReceiver
from satark_testing.processes.serving import CutAnswer, ScriptedFaults, serve

BODY = json.dumps({"id": "1", "subject": "AAAA-2345", "type": "in.satark.tip.submitted.v1"})


def headers(secret: str = SECRET) -> dict[str, str]:
    now = datetime.now(UTC)
    signature = Webhook(secret).sign("1", now, BODY)
    return {"webhook-id": "1", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}


async def post(client: aiohttp.ClientSession, url: str, given: dict[str, str]) -> int:
    async with client.post(f"{url}/tips", data=BODY, headers=given) as answer:
        return answer.status


async def test_an_event_is_accepted_only_with_a_valid_signature() -> None:
    receiver = PoliceReceiver()
    async with serve(receiver.app) as url, aiohttp.ClientSession() as client:
        assert await post(client, url, headers()) == 202
        forged = headers("whsec_" + "b3RoZXIgc2VjcmV0IG9mIG90aGVyIHBlb3BsZSE=")
        assert await post(client, url, forged) == 401
    assert (list(receiver.events), receiver.refused) == (["1"], 1)


async def test_a_fault_applies_once_and_the_repeated_event_is_accepted() -> None:
    receiver = PoliceReceiver()
    receiver.faults += [Fault(503), Fault(500, accepted=True)]
    async with serve(receiver.app) as url, aiohttp.ClientSession() as client:
        statuses = [await post(client, url, headers()) for _ in range(3)]
    assert statuses == [503, 500, 202]
    assert receiver.attempts["1"] == 2


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
