"""Files are streamed from Telegram up to a limit, and no error shows their URLs."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse

from satark.api.channel import MediaGone
from satark.api.inbound import MediaRef
from satark_telegram.channel import TelegramChannel
from satark_telegram.settings import TelegramSettings
from satark_testing.telegram.bot_api import DOWNLOAD

pytestmark = pytest.mark.slow("a provider's server")

DATA = bytes(range(256)) * 1000


def ref(node: dict[str, Any], size: int = 0) -> MediaRef:
    return MediaRef(account="telegram:110201543", id=node["file_id"], size=size)


async def fetched(channel: TelegramChannel, wanted: MediaRef) -> bytes:
    async with channel.fetch(wanted) as stream:
        return b"".join([chunk async for chunk in stream])


async def test_a_file_arrives_complete_in_bounded_chunks(live: Any) -> None:
    wanted = ref(live.peer.add_file(DATA), len(DATA))
    async with live.channel.fetch(wanted) as stream:
        chunks = [chunk async for chunk in stream]
    assert b"".join(chunks) == DATA
    assert max(map(len, chunks)) <= 64 * 1024
    await live.channel.discard(wanted)


async def test_a_file_that_telegram_does_not_know_is_gone(live: Any) -> None:
    with pytest.raises(MediaGone, match="unknown"):
        await fetched(live.channel, ref({"file_id": "nothing"}))


async def test_a_file_over_twenty_megabytes_is_gone_and_says_why(live: Any) -> None:
    node = live.peer.add_file(DATA)
    live.peer.files[node["file_id"]].size = 20 * 1024 * 1024 + 1
    with pytest.raises(MediaGone, match="too large for a bot"):
        await fetched(live.channel, ref(node))


@pytest.mark.parametrize("announced", [None, 10])
async def test_the_configured_limit_holds_whatever_size_is_announced(
    announced: int | None, live: Any, secrets: dict[str, Any]
) -> None:
    node = live.peer.add_file(DATA)
    live.peer.files[node["file_id"]].size = announced
    small = TelegramChannel(TelegramSettings(**secrets, api_url=live.url, media_max_bytes=1000))
    await small.open()
    with pytest.raises(MediaGone, match="too large"):
        await fetched(small, ref(node))
    await small.close()


async def test_a_truncated_download_is_retried(live: Any) -> None:
    node = live.peer.add_file(DATA)
    live.peer.faults.hang_up_next(on=DOWNLOAD)
    with pytest.raises(OSError, match="media: ClientPayloadError"):
        await fetched(live.channel, ref(node))
    live.peer.files[node["file_id"]].size = len(DATA) + 1
    with pytest.raises(OSError, match="truncated"):
        await fetched(live.channel, ref(node))
    live.peer.files[node["file_id"]].size = None
    assert await fetched(live.channel, ref(node)) == DATA


@pytest.mark.parametrize(
    ("answer", "error", "on"),
    [
        (PlainTextResponse("", 404), MediaGone, DOWNLOAD),
        (PlainTextResponse("", 500), OSError, DOWNLOAD),
        (RedirectResponse("http://127.0.0.1:9/"), OSError, DOWNLOAD),
        (PlainTextResponse("", 500), OSError, "getFile"),
        (PlainTextResponse("no json", 200), OSError, "getFile"),
        (JSONResponse({"ok": True, "result": {}}), OSError, "getFile"),
        (JSONResponse({"ok": True, "result": {"file_id": "1", "file_unique_id": "1"}}), OSError, "getFile"),
        (
            JSONResponse({"ok": True, "result": {"file_id": "1", "file_unique_id": "1", "file_path": "/etc/hostname"}}),
            OSError,
            "getFile",
        ),
    ],
)
async def test_no_error_shows_the_url(answer: Any, error: type[Exception], on: str, live: Any) -> None:
    node = live.peer.add_file(DATA)
    live.peer.faults.answer_next(answer, on=on)
    with pytest.raises(error) as caught:
        await fetched(live.channel, ref(node))
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert not [word for word in ("AAHdq", "file/bot", "127.0.0.1") if word in repr(caught.value)]


async def test_a_download_is_retried_while_telegram_is_unreachable(live: Any, secrets: dict[str, Any]) -> None:
    unreachable = TelegramChannel(TelegramSettings(**secrets, api_url="http://127.0.0.1:9"))
    await unreachable.open()
    with pytest.raises(OSError, match="media: network"):
        await fetched(unreachable, ref({"file_id": "1"}))
    await unreachable.close()
