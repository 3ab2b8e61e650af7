"""After Meta has throttled an account or a recipient, the next message waits as long as Meta asks."""

from __future__ import annotations

from typing import Any

import pytest

from satark.api.inbound import Address
from satark.api.outbound import Accepted, Call, Throttled
from satark.api.prompt import Prompt
from satark_whatsapp import throttling
from satark_whatsapp.channel import WhatsAppChannel
from satark_whatsapp.settings import WhatsAppSettings
from support.programs import ServedGraph

pytestmark = pytest.mark.slow("a provider's server")


def rendered_call(channel: WhatsAppChannel, to: str) -> Call:
    return channel.render(Prompt(text="जुआ?", language="hi"), "whatsapp:106540352242922", Address(to))[0]


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
    graph.peer.faults.fail_next(130429, headers=headers)
    assert await live.send(rendered_call(live, "919876543210"), "1") == Throttled(seconds, "account")


async def test_the_backoff_of_a_recipient_grows_and_is_reset_by_success(
    secrets: dict[str, Any], graph: ServedGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttling, "_LONGEST_BACKOFF", 100)
    monkeypatch.setattr(throttling, "_RECIPIENTS_REMEMBERED", 2)
    channel = WhatsAppChannel(WhatsAppSettings(**secrets, graph_url=graph.url))
    await channel.open()

    async def throttled(to: str) -> float:
        graph.peer.faults.fail_next(131056)
        result = await channel.send(rendered_call(channel, to), "1")
        assert isinstance(result, Throttled)
        return result.after

    assert [await throttled("911") for _ in range(5)] == [1, 4, 16, 64, 100]
    assert await throttled("IN.a") == 1
    graph.peer.faults.fail_next(2)
    await channel.send(rendered_call(channel, "919876543210"), "1")
    assert await channel.send(rendered_call(channel, "919876543210"), "1") == Accepted()
    assert await throttled("IN.a") == 4
    assert await channel.send(rendered_call(channel, "IN.a"), "1") == Accepted()
    assert await throttled("IN.a") == 1
    assert await throttled("922") == 1
    assert await throttled("911") == 1
    await channel.close()
