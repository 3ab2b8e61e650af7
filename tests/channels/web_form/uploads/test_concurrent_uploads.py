"""Slow uploads keep nobody out: the slowest loses its slot to the next upload, and its bytes stay stored."""

from __future__ import annotations

import asyncio
import runpy
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from satark_files.file_store import FolderStore
from satark_testing.processes.serving import serve
from satark_testing.waiting import limit, until
from satark_web_form.settings import UploadSettings
from satark_web_form.uploads import upload_store
from satark_web_form.uploads.concurrent_uploads import Slot, UploadSlots
from satark_web_form.uploads.upload_problems import UploadRefused
from satark_web_form.uploads.upload_store import UploadStore

pytestmark = pytest.mark.slow("a provider's server")

TURN = 0.05
WAIT = 60
ATTACKERS = 32
HONEST = 35


async def hold(slots: UploadSlots, draft: str, came: bytes = b"", started: asyncio.Event | None = None) -> str:
    """Hold a slot until it is taken away. Return the draft."""

    async def stream() -> AsyncIterator[bytes]:
        yield came
        if started:
            started.set()
        await asyncio.Event().wait()

    async with slots.hold(draft) as slot:
        with pytest.raises(UploadRefused, match="busy"):
            async for _ in slot.watch(stream()):
                pass
    return draft


async def holders(slots: UploadSlots, *drafts: tuple[str, bytes]) -> list[asyncio.Task[str]]:
    tasks = []
    for draft, came in drafts:
        started = asyncio.Event()
        tasks.append(asyncio.create_task(hold(slots, draft, came, started)))
        await started.wait()
    return tasks


async def first_taken_away(tasks: list[asyncio.Task[str]], slots: UploadSlots) -> str:
    async with limit(), slots.hold("newcomer"):
        done = [task.result() for task in tasks if task.done()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert len(done) == 1
    return done[0]


async def test_the_slowest_upload_makes_room() -> None:
    now = [0.0]
    slots = UploadSlots(3, TURN, WAIT, clock=lambda: now[0])
    tasks = await holders(slots, ("a", b"x" * 1000), ("b", b"x"), ("c", b"x" * 1000))
    now[0] = TURN
    assert await first_taken_away(tasks, slots) == "b"


async def test_the_draft_with_the_most_uploads_makes_room_first() -> None:
    now = [0.0]
    slots = UploadSlots(3, TURN, WAIT, clock=lambda: now[0])
    tasks = await holders(slots, ("honest", b"x"), ("greedy", b"x" * 1000), ("greedy", b"x" * 1000))
    now[0] = TURN
    assert await first_taken_away(tasks, slots) == "greedy"


async def test_every_upload_keeps_its_slot_for_a_turn() -> None:
    now = [0.0]
    slots = UploadSlots(1, 3, WAIT, clock=lambda: now[0])
    (held,) = await holders(slots, ("a", b""))
    waiting = asyncio.create_task(hold(slots, "b"))
    await asyncio.sleep(0.05)
    assert not held.done()
    now[0] = 100.0
    waiting.cancel()
    held.cancel()
    await asyncio.gather(waiting, held, return_exceptions=True)


async def test_a_slot_that_ends_goes_to_the_next_that_waits() -> None:
    slots = UploadSlots(1, 60, WAIT)
    async with limit():
        async with slots.hold("a"):
            waiting = asyncio.create_task(_held(slots))
            await asyncio.sleep(0.01)
            assert not waiting.done()
        assert await waiting


async def _held(slots: UploadSlots) -> bool:
    async with slots.hold("b") as slot:
        return isinstance(slot, Slot)


# ------------------------------------------------------------------- with real sockets


def client_of(site: str, draft: int) -> aiohttp.ClientSession:
    headers = {"tus-resumable": "1.0.0", "cookie": f"draft={bytes([draft] * 32).hex()}"}
    return aiohttp.ClientSession(site, headers=headers)


async def created(client: aiohttp.ClientSession) -> str:
    async with client.post("/uploads/", headers={"upload-length": "5000"}) as answer:
        return answer.headers["location"]


async def slow_upload(site: str, draft: int) -> asyncio.StreamWriter:
    """Begin an upload that never ends."""
    async with client_of(site, draft) as client:
        url = await created(client)
    parts = urlsplit(site)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(
        f"PATCH {url} HTTP/1.1\r\nHost: {parts.netloc}\r\nCookie: draft={bytes([draft] * 32).hex()}\r\n"
        f"Tus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream\r\n"
        f"Upload-Offset: 0\r\nContent-Length: 5000\r\n\r\nx".encode()
    )
    await writer.drain()
    return writer


@pytest.fixture
async def besieged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """A site all of whose slots are held by slow sockets, each with a draft of its own."""
    monkeypatch.setattr(upload_store, "_TURN_SECONDS", TURN)
    settings = UploadSettings(upload_at_once=ATTACKERS, upload_reserve_bytes=0)
    site_of = runpy.run_path(str(Path(__file__).with_name("uploads_server.py")))["site"]
    store = UploadStore(FolderStore(tmp_path / "uploads"), settings)
    async with serve(site_of(store, stall_seconds=30)) as site:
        slow = [await slow_upload(site, draft) for draft in range(ATTACKERS)]
        await until(lambda: len(store._slots._held) == ATTACKERS)
        yield site
        for writer in slow:
            writer.close()


async def test_slow_sockets_keep_nobody_from_uploading(besieged: str) -> None:
    for number in range(HONEST):
        async with client_of(besieged, 100 + number) as client:
            headers = {"content-type": "application/offset+octet-stream", "upload-offset": "0"}
            async with limit(), client.patch(await created(client), data=b"x" * 5000, headers=headers) as answer:
                assert answer.status == 204


async def test_a_browser_without_javascript_can_upload_despite_slow_sockets(besieged: str) -> None:
    async with client_of(besieged, 200) as client:
        form = aiohttp.FormData()
        form.add_field("file", b"x" * 5000, filename="a", content_type="image/jpeg")
        async with limit(), client.post("/form", data=form) as answer:
            received = await answer.json()
    assert (len(received["uploads"]), received["refusals"]) == (1, [])


async def test_a_form_is_received_without_the_file_that_lost_its_slot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_store, "_TURN_SECONDS", TURN)
    settings = UploadSettings(upload_at_once=1, upload_reserve_bytes=0)
    site_of = runpy.run_path(str(Path(__file__).with_name("uploads_server.py")))["site"]
    store = UploadStore(FolderStore(tmp_path / "uploads"), settings)
    async with serve(site_of(store, stall_seconds=30)) as site, client_of(site, 1) as slow, client_of(site, 2) as fast:
        go_on = asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            yield b'--B\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nfirst'
            await go_on.wait()
            yield b'last\r\n--B\r\nContent-Disposition: form-data; name="words"\r\n\r\ntold\r\n--B--\r\n'

        async def post() -> dict[str, object]:
            headers = {"content-type": "multipart/form-data; boundary=B"}
            async with slow.post("/form", data=body(), headers=headers) as answer:
                received: dict[str, object] = await answer.json()
                return received

        posted = asyncio.create_task(post())
        await until(lambda: store._slots._held)
        headers = {"content-type": "application/offset+octet-stream", "upload-offset": "0"}
        async with limit(), fast.patch(await created(fast), data=b"x" * 5000, headers=headers) as answer:
            assert answer.status == 204
        go_on.set()
        assert await posted == {"fields": {"words": "told"}, "uploads": [], "refusals": ["busy"]}
