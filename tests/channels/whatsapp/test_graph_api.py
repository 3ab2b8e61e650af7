"""Each of Meta's errors, and each network failure, gives the right send result."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from satark.api.channel import RawRequest
from satark.api.inbound import Address
from satark.api.outbound import Accepted, Call, Misconfigured, Transient, WindowClosed
from satark.api.prompt import Prompt
from satark_testing.whatsapp.graph_api import Sender
from satark_whatsapp.channel import WhatsAppChannel
from satark_whatsapp.graph_api import GraphApi
from satark_whatsapp.settings import WhatsAppSettings
from support.peers.strangers import stranger
from support.programs import ServedGraph

pytestmark = pytest.mark.slow("a provider's server")

ACCOUNT = "whatsapp:106540352242922"
PHONE = "919876543210"


def rendered_call(channel: WhatsAppChannel, to: str = PHONE) -> Call:
    return channel.render(Prompt(text="जुआ?", language="hi"), ACCOUNT, Address(to))[0]


async def test_a_message_arrives_as_rendered_with_the_call_id(live: WhatsAppChannel, graph: ServedGraph) -> None:
    assert await live.send(rendered_call(live), 'id-"1"') == Accepted()
    (sent,) = graph.peer.sent
    assert (sent.text, sent.address, sent.callback_data) == ("जुआ?", PHONE, 'id-"1"')


async def test_a_message_is_sent_to_a_bsuid(live: WhatsAppChannel, graph: ServedGraph) -> None:
    assert await live.send(rendered_call(live, "IN.1234"), "1") == Accepted()
    assert graph.peer.sent[0].body["recipient"] == "IN.1234"


async def test_a_read_receipt_is_sent(live: WhatsAppChannel, graph: ServedGraph) -> None:
    body = graph.peer.webhooks.text(Sender(wa_id=PHONE), "Hi", id="wamid.abc")
    (inbound,) = live.parse(RawRequest(method="POST", path="/", body=body)).inbound
    assert inbound.seen is not None
    assert await live.send(inbound.seen, "1") == Accepted()
    assert list(graph.peer.receipts) == ["wamid.abc"]


async def test_in_a_closed_window_the_fallback_is_sent(secrets: dict[str, Any], graph: ServedGraph) -> None:
    settings = WhatsAppSettings(**secrets, graph_url=graph.url, notice_templates={"hi": "satark_notice"})
    channel = WhatsAppChannel(settings)
    await channel.open()
    graph.peer.closed_windows.add(PHONE)
    (call,) = channel.notice(Prompt(text="News", language="hi"), ACCOUNT, Address(PHONE))
    assert await channel.send(call, "1") == WindowClosed()
    fallback = Call(account=ACCOUNT, method=call.method, body=call.fallback)
    assert await channel.send(fallback, "2") == Accepted()
    assert [(sent.kind, sent.text, sent.callback_data) for sent in graph.peer.sent] == [
        ("template", "satark_notice", "2")
    ]
    await channel.close()


async def test_a_cut_connection_is_transient(live: WhatsAppChannel, graph: ServedGraph) -> None:
    graph.peer.faults.hang_up_next()
    assert await live.send(rendered_call(live), "1") == Transient("network")
    assert await live.send(rendered_call(live), "1") == Accepted()


async def test_a_slow_meta_is_transient(secrets: dict[str, Any], graph: ServedGraph) -> None:
    channel = WhatsAppChannel(WhatsAppSettings(**secrets, graph_url=graph.url, send_seconds=0.05))
    await channel.open()
    graph.peer.faults.delay = 0.5
    assert await channel.send(rendered_call(channel), "1") == Transient("timeout")
    await channel.close()


@asynccontextmanager
async def server_that_hangs_up() -> AsyncIterator[str]:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_an_unreachable_meta_is_transient(secrets: dict[str, Any]) -> None:
    async with server_that_hangs_up() as url:
        channel = WhatsAppChannel(WhatsAppSettings(**secrets, graph_url=url))
        await channel.open()
        assert await channel.send(rendered_call(channel), "1") == Transient("network")
    assert await channel.send(rendered_call(channel), "1") == Transient("network")
    await channel.close()


async def test_a_wrong_token_is_a_misconfiguration(secrets: dict[str, Any], graph: ServedGraph) -> None:
    secrets["access_token"] = "expired"
    channel = WhatsAppChannel(WhatsAppSettings(**secrets, graph_url=graph.url))
    await channel.open()
    assert await channel.send(rendered_call(channel), "1") == Misconfigured("190")
    await channel.close()


async def test_a_call_from_a_number_that_is_no_longer_in_the_settings_is_a_misconfiguration(
    live: WhatsAppChannel,
) -> None:
    call = Call(account="whatsapp:gone", method="messages", body=b"{}")
    assert await live.send(call, "1") == Misconfigured("account")


async def test_sending_on_a_closed_channel_raises(whatsapp: WhatsAppChannel) -> None:
    with pytest.raises(RuntimeError, match="not open"):
        await whatsapp.send(rendered_call(whatsapp), "1")
    await whatsapp.close()


async def test_nothing_of_a_call_is_logged(
    live: WhatsAppChannel, graph: ServedGraph, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    graph.peer.faults.fail_next(131026)
    graph.peer.faults.fail_next(190)
    for _ in range(3):
        await live.send(rendered_call(live), "1")
    assert PHONE not in caplog.text
    assert json.dumps("जुआ")[1:-1] not in caplog.text
    assert "जुआ" not in caplog.text
    assert "access-token" not in caplog.text


async def test_a_server_with_an_untrusted_certificate_gets_no_token_and_no_words(
    secrets: dict[str, Any], tmp_path: Path
) -> None:
    async with stranger(tmp_path) as other:
        settings = WhatsAppSettings(**secrets, graph_url=other.url)
        api = GraphApi(settings)
        await api.open()
        number = settings.phone_number_ids[0]
        assert isinstance(await api.send(number, PHONE, b"{}"), Transient)
        assert isinstance(await api.upload(number, b"picture", "image/jpeg"), Transient)
        await api.close()
    assert other.heard == []
