"""Every error of Meta becomes the right send result."""

from __future__ import annotations

import pytest
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from satark.api.inbound import Address
from satark.api.outbound import Blocked, Call, Misconfigured, Permanent, SendResult, Throttled, Transient, WindowClosed
from satark.api.prompt import Prompt
from satark_whatsapp.channel import WhatsAppChannel
from support.programs import ServedGraph

pytestmark = pytest.mark.slow("a provider's server")

ACCOUNT = "whatsapp:106540352242922"
PHONE = "919876543210"


def rendered_call(channel: WhatsAppChannel, to: str = PHONE) -> Call:
    return channel.render(Prompt(text="जुआ?", language="hi"), ACCOUNT, Address(to))[0]


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
    graph.peer.faults.fail_next(code)
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
    graph.peer.faults.fail_next(7777, http_status=status)
    assert await live.send(rendered_call(live), "1") == result


async def test_a_number_that_meta_does_not_know_is_a_misconfiguration(
    live: WhatsAppChannel, graph: ServedGraph
) -> None:
    graph.peer.faults.fail_next(100, subcode=33)
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
    graph.peer.faults.fail_next(100, details=details)
    assert await live.send(rendered_call(live), "1") == WindowClosed()


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (PlainTextResponse("<html>", 502), Transient("http-502")),
        (PlainTextResponse("{", 400), Misconfigured("http-400")),
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
