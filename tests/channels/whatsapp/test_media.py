"""Files at Meta: downloaded in two steps, verified as they arrive, and only from allowed hosts."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from starlette.responses import JSONResponse, PlainTextResponse

from satark.api.channel import MediaGone
from satark.api.inbound import MediaRef
from satark_testing.processes.serving import serve
from satark_testing.whatsapp.graph_api import StoredMedia
from satark_whatsapp.channel import WhatsAppChannel
from satark_whatsapp.settings import WhatsAppSettings
from support.programs import ServedGraph

pytestmark = pytest.mark.slow("a provider's server")

ACCOUNT = "whatsapp:106540352242922"
DATA = bytes(range(256)) * 1000


@pytest.fixture
def stored(graph: ServedGraph) -> tuple[MediaRef, StoredMedia]:
    node = graph.peer.add_media(DATA, "image/jpeg")
    digest = hashlib.sha256(DATA).hexdigest()
    return MediaRef(account=ACCOUNT, id=node["id"], sha256=digest), graph.peer.files[node["id"]]


async def fetched(channel: WhatsAppChannel, ref: MediaRef) -> bytes:
    async with channel.fetch(ref) as chunks:
        return b"".join([chunk async for chunk in chunks])


async def test_a_file_arrives_complete_in_bounded_chunks(
    live: WhatsAppChannel, stored: tuple[MediaRef, StoredMedia]
) -> None:
    async with live.fetch(stored[0]) as chunks:
        received = [chunk async for chunk in chunks]
    assert b"".join(received) == DATA
    assert max(map(len, received)) <= 64 * 1024


async def test_a_caller_may_stop_reading_early(live: WhatsAppChannel, stored: tuple[MediaRef, StoredMedia]) -> None:
    async with live.fetch(stored[0]) as chunks:
        assert await anext(chunks)
    assert await fetched(live, stored[0]) == DATA


@pytest.mark.parametrize("digest", [None, "", "odd", hashlib.sha256(DATA).hexdigest()])
async def test_a_digest_in_hex_or_base64_or_none_is_accepted(
    digest: str | None, live: WhatsAppChannel, stored: tuple[MediaRef, StoredMedia]
) -> None:
    stored[1].sha256 = digest
    assert await fetched(live, MediaRef(account=ACCOUNT, id=stored[0].id)) == DATA


async def test_other_bytes_than_announced_in_the_webhook_are_tried_again_later(
    live: WhatsAppChannel, stored: tuple[MediaRef, StoredMedia]
) -> None:
    stored[1].data = DATA[::-1]
    with pytest.raises(ConnectionError, match="announced"):
        await fetched(live, stored[0])


async def test_other_bytes_than_announced_at_the_download_are_tried_again_later(
    live: WhatsAppChannel, stored: tuple[MediaRef, StoredMedia]
) -> None:
    stored[1].sha256 = hashlib.sha256(b"other").hexdigest()
    with pytest.raises(ConnectionError, match="announced"):
        await fetched(live, stored[0])


async def test_more_bytes_than_announced_without_a_digest_are_tried_again_later(
    live: WhatsAppChannel, stored: tuple[MediaRef, StoredMedia]
) -> None:
    stored[1].sha256 = ""
    stored[1].size = 10
    with pytest.raises(ConnectionError, match="announced"):
        await fetched(live, MediaRef(account=ACCOUNT, id=stored[0].id))


async def test_fewer_bytes_than_announced_are_tried_again_later(
    live: WhatsAppChannel, stored: tuple[MediaRef, StoredMedia]
) -> None:
    stored[1].size = len(DATA) + 1
    with pytest.raises(ConnectionError, match="truncated"):
        await fetched(live, stored[0])


async def test_a_cut_connection_is_tried_again_later(
    live: WhatsAppChannel, stored: tuple[MediaRef, StoredMedia]
) -> None:
    stored[1].cut_after = 100_000
    with pytest.raises(OSError, match="media: ClientPayloadError"):
        await fetched(live, stored[0])
    stored[1].cut_after = None
    assert await fetched(live, stored[0]) == DATA


@pytest.mark.parametrize("announced", [None, 10])
async def test_a_file_over_the_limit_is_refused(
    announced: int | None,
    secrets: dict[str, Any],
    graph: ServedGraph,
    stored: tuple[MediaRef, StoredMedia],
) -> None:
    stored[1].size = announced
    channel = WhatsAppChannel(WhatsAppSettings(**secrets, graph_url=graph.url, media_max_bytes=100_000))
    await channel.open()
    with pytest.raises(MediaGone, match="too large"):
        await fetched(channel, stored[0])
    await channel.close()


async def test_an_expired_url_is_requested_again_once(
    live: WhatsAppChannel, stored: tuple[MediaRef, StoredMedia]
) -> None:
    stored[1].expired = 1
    assert await fetched(live, stored[0]) == DATA
    stored[1].expired = 2
    with pytest.raises(MediaGone, match="unknown at Meta"):
        await fetched(live, stored[0])


async def test_a_file_that_meta_does_not_know_is_gone(live: WhatsAppChannel) -> None:
    with pytest.raises(MediaGone, match="unknown"):
        await fetched(live, MediaRef(account=ACCOUNT, id="1"))


async def test_a_redirect_is_not_followed(
    live: WhatsAppChannel, graph: ServedGraph, stored: tuple[MediaRef, StoredMedia]
) -> None:
    stored[1].redirect = f"{graph.url}/elsewhere"
    with pytest.raises(ConnectionError, match="302"):
        await fetched(live, stored[0])


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/file",
        "http://lookaside.fbsbx.com/file",
        "https://lookaside.fbsbx.com.evil.example/file",
        "https://user@lookaside.fbsbx.com/file",
        "https://lookaside.fbsbx.com:8443/file",
        "http://127.0.0.1:1/file",
        "file:///etc/passwd",
        "/relative",
        "http://[broken",
    ],
)
async def test_the_access_token_is_sent_to_no_other_host(
    url: str, live: WhatsAppChannel, stored: tuple[MediaRef, StoredMedia]
) -> None:
    stored[1].url = url
    with pytest.raises(PermissionError, match="media: "):
        await fetched(live, stored[0])


async def test_another_port_of_this_machine_is_not_allowed(
    live: WhatsAppChannel, stored: tuple[MediaRef, StoredMedia]
) -> None:
    requests = []

    async def spy(scope: dict[str, Any], *_: object) -> None:
        requests.append(scope)

    async with serve(spy) as url:
        stored[1].url = f"{url}/file"
        with pytest.raises(PermissionError):
            await fetched(live, stored[0])
    assert not [scope for scope in requests if scope["type"] == "http"]


async def test_without_a_local_server_no_local_host_is_allowed(secrets: dict[str, Any]) -> None:
    assert WhatsAppSettings(**secrets).local_origin == ""
    assert WhatsAppSettings(**secrets, graph_url="http://127.0.0.1:99/").local_origin == "http://127.0.0.1:99"


@pytest.mark.parametrize("step", ["media", "download"])
async def test_a_download_is_retried_after_a_failure_of_meta(
    step: Any, live: WhatsAppChannel, graph: ServedGraph, stored: tuple[MediaRef, StoredMedia]
) -> None:
    graph.peer.faults.fail_next(131000, on=step)
    with pytest.raises(ConnectionError, match="HTTP 500"):
        await fetched(live, stored[0])
    graph.peer.faults.fail_next(190, on=step)
    with pytest.raises(ConnectionError, match="HTTP 401"):
        await fetched(live, stored[0])
    graph.peer.faults.hang_up_next(on=step)
    with pytest.raises(OSError, match="media: "):
        await fetched(live, stored[0])
    assert await fetched(live, stored[0]) == DATA


@pytest.mark.parametrize("body", ["{", "[]", '{"url":1}'])
async def test_an_answer_that_cannot_be_read_is_tried_again_later(
    body: str, live: WhatsAppChannel, graph: ServedGraph, stored: tuple[MediaRef, StoredMedia]
) -> None:
    graph.peer.faults.answer_next(PlainTextResponse(body), on="media")
    with pytest.raises(ConnectionError, match="can't be decoded"):
        await fetched(live, stored[0])


async def test_a_download_is_retried_after_a_proxys_error_page(
    live: WhatsAppChannel, graph: ServedGraph, stored: tuple[MediaRef, StoredMedia]
) -> None:
    graph.peer.faults.answer_next(PlainTextResponse("<html>", 502), on="media")
    with pytest.raises(ConnectionError, match="HTTP 502, code none"):
        await fetched(live, stored[0])


async def test_a_file_of_a_number_that_is_no_longer_in_the_settings_is_retried(live: WhatsAppChannel) -> None:
    ref = MediaRef(account="whatsapp:gone", id="1")
    with pytest.raises(OSError, match="not configured"):
        await fetched(live, ref)
    await live.discard(ref)


async def test_no_error_shows_the_files_url(live: WhatsAppChannel, stored: tuple[MediaRef, StoredMedia]) -> None:
    stored[1].cut_after = 5
    with pytest.raises(OSError, match="media") as caught:
        await fetched(live, stored[0])
    assert "http" not in str(caught.value)
    assert caught.value.__suppress_context__


async def test_a_sealed_file_is_deleted_at_meta(
    live: WhatsAppChannel, graph: ServedGraph, stored: tuple[MediaRef, StoredMedia]
) -> None:
    await live.discard(stored[0])
    assert graph.peer.deleted == {stored[0].id}
    await live.discard(stored[0])


async def test_a_deletion_that_fails_is_no_error(
    live: WhatsAppChannel, graph: ServedGraph, stored: tuple[MediaRef, StoredMedia]
) -> None:
    graph.peer.faults.hang_up_next(on="delete")
    await live.discard(stored[0])
    graph.peer.faults.answer_next(JSONResponse({"success": False}), on="delete")
    await live.discard(stored[0])
    assert not graph.peer.deleted
