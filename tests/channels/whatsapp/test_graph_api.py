"""Each of Meta's errors, and each network failure, gives the right send result."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from satark.api.channel import RawRequest
from satark.api.inbound import Address
from satark.api.outbound import (
    Accepted,
    Blocked,
    Call,
    Misconfigured,
    Permanent,
    SendResult,
    Throttled,
    Transient,
    WindowClosed,
)
from satark.api.prompt import Prompt
from satark_testing.pytest_plugin import ServedGraph
from satark_testing.whatsapp.graph_api import Sender
from satark_whatsapp.channel import WhatsAppChannel
from satark_whatsapp.settings import WhatsAppSettings

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


async def test_meta_says_what_is_wrong_with_the_number(secrets: dict[str, Any], graph: ServedGraph) -> None:
    state = graph.peer.number_state

    async def asked(**changes: Any) -> str:
        settings = WhatsAppSettings(**{**secrets, "graph_url": graph.url, **changes})
        return " ".join(await WhatsAppChannel(settings).find_faults())

    assert await asked() == ""
    state["quality_rating"] = "RED"
    assert "quality as low" in await asked()
    state["status"] = "PENDING"
    assert "register it with its PIN" in await asked()
    assert "refuses the access token (code 190)" in await asked(access_token="revoked")
    assert "can't be reached" in await asked(graph_url="http://127.0.0.1:1")


CODES: dict[int, SendResult] = {
    **dict.fromkeys((4, 80007, 130429, 131057), Throttled(5, "account")),
    131056: Throttled(1, "conversation"),
    **{code: Transient(str(code)) for code in (1, 2, 131000, 131016, 131036, 133016)},
    **dict.fromkeys((470, 131047), WindowClosed()),
    **dict.fromkeys((130403, 130472, 131026, 131049, 131050), Blocked()),
    **{code: Permanent(str(code)) for code in (100, 131008, 131009, 131021, 131051, 131053, 131062)},
    **{code: Permanent(str(code)) for code in (132000, 132001, 132005, 132007, 132012, 132015, 132016)},
    **{code: Misconfigured(str(code)) for code in (0, 3, 10, 33, 190, 200, 299, 368, 130497, 131005)},
    **{code: Misconfigured(str(code)) for code in (131031, 131037, 131042, 131045, 131048, 131064, 133010)},
    999999: Permanent("999999"),
}


@pytest.mark.parametrize("code", CODES)
async def test_each_code_has_its_result(code: int, live: WhatsAppChannel, graph: ServedGraph) -> None:
    graph.peer.fail_next(code)
    assert await live.send(rendered_call(live), "1") == CODES[code]
    assert not graph.peer.sent


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (429, Throttled(5, "account")),
        (500, Transient("7777")),
        (503, Transient("7777")),
        (401, Misconfigured("7777")),
        (404, Misconfigured("7777")),
        (400, Permanent("7777")),
    ],
)
async def test_an_unknown_code_goes_by_status(
    status: int, result: SendResult, live: WhatsAppChannel, graph: ServedGraph
) -> None:
    graph.peer.fail_next(7777, http_status=status)
    assert await live.send(rendered_call(live), "1") == result


async def test_a_number_that_meta_does_not_know_is_a_misconfiguration(
    live: WhatsAppChannel, graph: ServedGraph
) -> None:
    graph.peer.fail_next(100, subcode=33)
    assert await live.send(rendered_call(live), "1") == Misconfigured("100")


@pytest.mark.parametrize(
    "details",
    [
        "Message failed to send because more than 24 hours have passed since the customer last replied",
        "Re-engagement message",
        "outside the allowed messaging window",
    ],
)
async def test_a_closed_window_is_recognized_by_its_text_under_any_code(
    details: str, live: WhatsAppChannel, graph: ServedGraph
) -> None:
    graph.peer.fail_next(100, details=details)
    assert await live.send(rendered_call(live), "1") == WindowClosed()


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


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "17"}, 17),
        ({"Retry-After": "soon"}, 5),
        ({"X-Business-Use-Case-Usage": '{"1":[{"type":"messages","estimated_time_to_regain_access":2}]}'}, 120),
        ({"X-Business-Use-Case-Usage": "{"}, 5),
        ({"X-Business-Use-Case-Usage": "{}"}, 5),
    ],
    ids=range(5),
)
async def test_an_account_pauses_as_long_as_meta_says(
    headers: dict[str, str], seconds: float, live: WhatsAppChannel, graph: ServedGraph
) -> None:
    graph.peer.fail_next(130429, headers=headers)
    assert await live.send(rendered_call(live), "1") == Throttled(seconds, "account")


async def test_the_backoff_of_a_recipient_grows_and_is_reset_by_success(
    secrets: dict[str, Any], graph: ServedGraph
) -> None:
    settings = WhatsAppSettings(**secrets, graph_url=graph.url, pair_backoff_max_seconds=100, pairs_remembered=2)
    channel = WhatsAppChannel(settings)
    await channel.open()

    async def throttled(to: str) -> float:
        graph.peer.fail_next(131056)
        result = await channel.send(rendered_call(channel, to), "1")
        assert isinstance(result, Throttled)
        return result.after

    assert [await throttled("911") for _ in range(5)] == [1, 4, 16, 64, 100]
    assert await throttled("IN.a") == 1
    graph.peer.fail_next(2)
    await channel.send(rendered_call(channel, PHONE), "1")
    assert await channel.send(rendered_call(channel, PHONE), "1") == Accepted()
    assert await throttled("IN.a") == 4
    assert await channel.send(rendered_call(channel, "IN.a"), "1") == Accepted()
    assert await throttled("IN.a") == 1
    assert await throttled("922") == 1
    assert await throttled("911") == 1
    await channel.close()


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (PlainTextResponse("<html>", 502), Transient("http-502")),
        (PlainTextResponse("{", 400), Permanent("http-400")),
        (RedirectResponse("http://127.0.0.1:1/", 302), Misconfigured("http-302")),
        (PlainTextResponse('{"error":{"code":"x"}}', 404), Misconfigured("http-404")),
        (PlainTextResponse("x" * 300_000, 400), Transient("network")),
    ],
    ids=["proxy", "broken", "redirect", "odd", "too long"],
)
async def test_a_response_without_metas_error_is_classified_by_its_status(
    answer: Response, result: SendResult, live: WhatsAppChannel, graph: ServedGraph
) -> None:
    graph.peer.faults.answer_next(answer)
    assert await live.send(rendered_call(live), "1") == result


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


async def test_a_call_of_a_number_that_was_removed_from_the_settings_is_a_misconfiguration(
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
    graph.peer.fail_next(131026)
    graph.peer.fail_next(190)
    for _ in range(3):
        await live.send(rendered_call(live), "1")
    assert PHONE not in caplog.text
    assert json.dumps("जुआ")[1:-1] not in caplog.text
    assert "जुआ" not in caplog.text
    assert "access-token" not in caplog.text
