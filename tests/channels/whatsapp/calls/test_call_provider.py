"""Calls from a simulated Meta are answered, limited and ended. No call disturbs another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from satark.api.channel import Outcome, RawRequest
from satark.api.inbound import Address, Batch, Inbound, MediaRef, Tap
from satark.api.outbound import Call, Permanent
from satark.api.prompt import command_token
from satark.api.providers import Ask, CallProvider, CallRequest, CallVerb, HangUp, Line, ListeningCallProvider, Say
from satark_testing.processes.serving import serve
from satark_testing.waiting import until
from satark_testing.whatsapp.graph_api import GraphPeer
from satark_testing.whatsapp.messages import Sender
from satark_whatsapp.calls.call_provider import WhatsAppCalls
from satark_whatsapp.channel import WhatsAppChannel
from satark_whatsapp.payload import CallEvent, CallSession
from satark_whatsapp.rendering import CALL_BUTTON
from satark_whatsapp.settings import WhatsAppSettings
from support.calls.whatsapp_caller import WhatsAppCaller
from support.programs import ServedGraph

ACCOUNT = "voice:whatsapp-106540352242922"
QUESTION = [Ask(lines=[Line(text="?", language="en")], state="n=1", seconds=60)]
SOMEBODY = Sender(wa_id="919876543210", user_id="IN.13491208655302741918")


class Context(NamedTuple):
    """The services that the host offers to channels."""

    voice_notes: Any


class Carried(NamedTuple):
    """A channel whose calls are carried, and the simulated Meta. `requests`: the dialogue's requests."""

    calls: WhatsAppCalls
    peer: GraphPeer
    webhook: str
    requests: list[CallRequest]
    in_chat: list[Inbound]
    """The reports to the chat."""

    @asynccontextmanager
    async def caller(self, sender: Sender = SOMEBODY) -> AsyncIterator[WhatsAppCaller]:
        """Give a phone that is hung up at the end."""
        phone = WhatsAppCaller(self.peer, self.webhook, sender)
        try:
            yield phone
        finally:
            await phone.end()


@pytest.fixture
def answers() -> list[Sequence[CallVerb] | Exception]:
    """Return the dialogue's answers in order; then a question again and again."""
    return []


@pytest.fixture
async def carried(
    secrets: dict[str, Any], graph: ServedGraph, clips: Callable[..., Any], answers: list[Any]
) -> AsyncIterator[Carried]:
    """Carry calls, two at once."""
    settings = WhatsAppSettings(**secrets, graph_url=graph.url, calls_at_once=2, calls_address="127.0.0.1")
    context: Any = Context(clips())
    calls, requests = WhatsAppCalls(settings, secrets["phone_number_id"], context), list[CallRequest]()
    channel = WhatsAppChannel(settings, context, [calls])

    async def ask(request: CallRequest) -> Sequence[CallVerb]:
        requests.append(request)
        answer = answers.pop(0) if answers else QUESTION
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def take(request: Request) -> Response:
        headers = dict(request.headers)
        raw = RawRequest(method="POST", path=request.url.path, headers=headers, body=await request.body())
        assert channel.verify(raw)
        assert not channel.parse(raw).inbound
        channel.reply(raw, Outcome())
        return Response()

    in_chat: list[Inbound] = []

    async def receive(batch: Batch) -> Outcome:
        in_chat.extend(batch.inbound)
        return Outcome()

    await calls.open()
    listening = [asyncio.create_task(calls.listen(ask)), asyncio.create_task(channel.listen(receive))]
    async with serve(Starlette(routes=[Route("/", take, methods=["POST"])])) as url:
        yield Carried(calls, graph.peer, f"{url}/", requests, in_chat)
    for task in listening:
        task.cancel()
    await asyncio.wait(listening)
    await calls.close()


@pytest.mark.slow("connections")
async def test_a_call_is_accepted_heard_and_answered_by_keys(carried: Carried) -> None:
    async with carried.caller() as phone:
        assert await phone.dial()
        await phone.until(lambda: bool(phone.heard))
        assert phone.actions == ["pre_accept", "accept"], "nothing of the greeting is lost"
        await phone.press("7")
        await until(lambda: len(carried.requests) == 2)
    start, key = carried.requests
    assert (start.step, start.continues, start.chat_account) == ("start", False, "whatsapp:106540352242922")
    assert start.senders == (Address(str(SOMEBODY.user_id)), Address(str(SOMEBODY.wa_id)))
    assert (key.step, key.keys, key.id) == ("keys", "7", start.id)


@pytest.mark.slow("connections")
async def test_the_chat_is_told_once_that_the_call_is_over(carried: Carried) -> None:
    async with carried.caller() as phone:
        await phone.dial()
        await phone.until(lambda: bool(phone.heard))
        assert not carried.in_chat
    await until(lambda: carried.in_chat)
    (told,) = carried.in_chat
    assert told.account == "whatsapp:106540352242922"
    assert told.event == Tap(command_token("hung_up"))
    assert told.event_key == f"{carried.requests[0].id}:ended"
    assert told.senders == carried.requests[0].senders


@pytest.mark.slow("connections")
async def test_the_call_button_is_recognised(carried: Carried) -> None:
    async with carried.caller() as phone:
        await phone.dial(CALL_BUTTON)
        await until(lambda: carried.requests)
    assert carried.requests[0].continues


@pytest.mark.slow("connections")
async def test_the_service_hangs_up(carried: Carried, answers: list[Any]) -> None:
    answers.append([Say([Line(text="bye", language="en")]), HangUp()])
    async with carried.caller() as phone:
        await phone.dial()
        assert await phone.until(lambda: "terminate" in phone.actions)
    await until(lambda: not carried.calls.in_use)


@pytest.mark.slow("connections")
async def test_more_calls_than_allowed_hear_that_it_is_busy(carried: Carried) -> None:
    async with carried.caller() as first, carried.caller() as second, carried.caller() as third:
        assert await first.dial()
        assert await second.dial()
        assert not await third.dial()
        assert third.actions == ["reject"]
        await first.end()
        await until(lambda: len(carried.calls._active) == 1)
        async with carried.caller() as fourth:
            assert await fourth.dial()


@pytest.mark.slow("connections")
async def test_a_hang_up_ends_the_call_even_if_only_the_webhook_reports_it(carried: Carried) -> None:
    async with carried.caller() as phone:
        await phone.dial()
        (id_,) = carried.calls._active
        carried.calls.take(CallEvent(id=id_, event="terminate"), ())
        await until(lambda: not carried.calls.in_use)
        assert not carried.calls.in_use


@pytest.mark.slow("connections")
async def test_a_failing_call_disturbs_no_other_one(carried: Carried, answers: list[Any]) -> None:
    answers += [QUESTION, OSError("the store is gone")]
    async with carried.caller() as first, carried.caller() as second:
        await first.dial()
        await first.until(lambda: bool(first.heard))
        await second.dial()
        await second.until(lambda: False)
        assert second.actions[-1] == "terminate"
        await first.press("1")
        await until(lambda: len(carried.requests) == 3)
    assert carried.requests[2].keys == "1"


def connect(**changes: Any) -> CallEvent:
    fields = {"id": "wacid.1", "event": "connect", "timestamp": str(int(time.time())), "session": CallSession("v=0")}
    return CallEvent(**{**fields, **changes})


@pytest.fixture
def calls(secrets: dict[str, Any], clips: Callable[..., Any]) -> WhatsAppCalls:
    """Return a provider of calls that is not connected."""
    context: Any = Context(clips())
    return WhatsAppCalls(WhatsAppSettings(**secrets, calls_at_once=1), secrets["phone_number_id"], context)


def test_a_call_rings_once(calls: WhatsAppCalls) -> None:
    calls.take(connect(), ())
    calls.take(connect(), ())
    assert calls._rings.qsize() == 1
    assert calls.in_use


@pytest.mark.parametrize(
    "event",
    [
        connect(timestamp=str(int(time.time()) - 3600)),
        connect(session=None),
        connect(event="ringing"),
        connect(event="terminate"),
    ],
)
def test_an_event_that_is_not_a_present_call_does_not_ring(event: CallEvent, calls: WhatsAppCalls) -> None:
    calls.take(event, ())
    assert not calls.in_use


async def test_the_provider_of_calls_has_no_webhooks(calls: WhatsAppCalls) -> None:
    provider: CallProvider = calls
    raw = RawRequest(method="POST", path="/")
    assert isinstance(calls, ListeningCallProvider)
    assert not provider.verify(raw)
    assert provider.parse(raw).request is None
    assert provider.reply(raw, []).body == b""
    assert provider.account == ACCOUNT
    assert provider.deletion_call(MediaRef(account=ACCOUNT, id="")) is None
    assert await provider.send(Call(account=ACCOUNT, method="x", body=b"")) == Permanent("method")


async def test_a_recording_is_fetched_from_its_reference(calls: WhatsAppCalls) -> None:
    ref = MediaRef(account=ACCOUNT, id="T2dnUw==", mime="audio/ogg")
    async with calls.fetch(ref) as stream:
        assert b"".join([part async for part in stream]) == b"OggS"
    await calls.discard(ref)
