"""A film of a hundred megabytes through all of `satark serve`: form, cut connection, evidence worker, desk."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple, TypeAlias

import aiohttp
import imageio_ffmpeg
import pytest

from satark.testing.form.citizen import FormCitizen
from satark.testing.process_watch import ProcessWatch, peak_resident_bytes
from satark.testing.processes.service import Service

Until: TypeAlias = Callable[[Callable[[], Awaitable[object]]], Awaitable[None]]
GROWTH_MOST = 32_000_000
TUS = {"tus-resumable": "1.0.0", "sec-fetch-site": "same-origin"}
PIECE = 1 << 16


class Film(NamedTuple):
    """A file, and what is known of it."""

    path: Path
    size: int
    sha256: str
    needles: list[bytes]
    """Bytes by which any plain megabyte of it is known."""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    """A film of noise, which nothing makes smaller: nearly as large as a file may be."""
    path = tmp_path_factory.mktemp("film") / "VID-20261124-WA0042.mp4"
    noise = ["-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=25,noise=alls=100:allf=t", "-c:v", "mpeg4", "-q:v", "1"]
    program = imageio_ffmpeg.get_ffmpeg_exe()
    subprocess.run([program, "-loglevel", "error", *noise, "-fs", "99000000", "-t", "60", path], check=True)
    content = path.read_bytes()
    assert len(content) > 98_000_000
    needles = [content[at : at + 32] for at in range(0, len(content), 1 << 19)]
    return Film(path, len(content), hashlib.sha256(content).hexdigest(), needles)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    """All roles in one process, as they are by default. What it would leave in a temporary folder lies in sight."""
    (tmp_path / "tmp").mkdir()
    (tmp_path / "sp.txt").write_text("a long passphrase for this test")
    environment = {
        "SATARK_PLUGINS": '["web_form", "desk"]',
        "SATARK_WEB_FORM__UPLOAD_RESERVE_BYTES": "0",
        "SATARK_WEB_FORM__GATE_WAIT_SECONDS": "0",
        "TMPDIR": str(tmp_path / "tmp"),
    }
    made = Service(tmp_path / "data", environment)
    made.run("db", "upgrade")
    made.run("desk", "add", "sp", "--passphrase-file", str(tmp_path / "sp.txt"))
    async with made:
        yield made


class Upload:
    """One file on its way from a browser."""

    def __init__(self, browser: aiohttp.ClientSession, film: Film, address: str) -> None:
        self._browser = browser
        self._film = film
        self._address = address

    async def offset(self) -> int:
        """Ask how far it is."""
        async with self._browser.head(self._address, headers=TUS) as answer:
            return int(answer.headers["upload-offset"])

    async def has_reached(self, offset: int) -> bool:
        """Whether it is so far."""
        return await self.offset() >= offset

    async def send(self, offset: int) -> int:
        """Send all that is left; give the answer's status."""
        headers = {**TUS, "content-type": "application/offset+octet-stream", "upload-offset": str(offset)}
        async with self._browser.patch(self._address, data=self._pieces(offset), headers=headers) as answer:
            return answer.status

    async def resume(self) -> int:
        """Go on, once what the lost connection still brought is there. Gives from where."""
        while True:
            offset = await self.offset()
            if await self.send(offset) == HTTPStatus.NO_CONTENT:
                return offset
            await asyncio.sleep(0.1)

    async def _pieces(self, offset: int) -> AsyncIterator[bytes]:
        with self._film.path.open("rb") as file:
            file.seek(offset)
            while piece := file.read(PIECE):
                yield piece
                await asyncio.sleep(0)


async def begun(citizen: FormCitizen, film: Film) -> Upload:
    """Begin to send it."""
    headers = {**TUS, "upload-length": str(film.size), "upload-metadata": "filetype dmlkZW8vbXA0"}
    async with citizen.session.post(f"{citizen.url}/uploads/", headers=headers) as answer:
        return Upload(citizen.session, film, citizen.url + answer.headers["location"])


async def in_parts(citizen: FormCitizen, film: Film, until: Until) -> None:
    """Send it as the script of the page does, through a lost connection; then the form."""
    upload = await begun(citizen, film)
    lost = asyncio.create_task(upload.send(0))
    await until(partial(upload.has_reached, film.size // 3))
    lost.cancel()
    assert film.size // 3 <= await upload.resume() < film.size
    await citizen.press("Continue")


async def in_the_form(citizen: FormCitizen, film: Film, _until: Until) -> None:
    """Send it as a browser without JavaScript does."""
    form = citizen.page.forms[1]
    data = aiohttp.FormData(form.sent())
    with film.path.open("rb") as file:
        data.add_field("files", file, filename=film.path.name, content_type="video/mp4")
        await citizen.post(form.action, data)


@pytest.mark.parametrize("send", [in_parts, in_the_form])
async def test_it_is_sealed_from_the_first_byte_in_flat_memory_and_reaches_the_desk(
    service: Service, film: Film, until: Until, tmp_path: Path, send: Callable[..., Awaitable[None]]
) -> None:
    watch = ProcessWatch(service.process, tmp_path, film.needles)
    async with FormCitizen(service.url, "en") as citizen:
        await citizen.to_review()
        await citizen.follow("Change Evidence")
        before = peak_resident_bytes(service.process)
        watching = asyncio.create_task(watch.run())
        await send(citizen, film, until)
        await citizen.press("Send")

    def evidence() -> list[dict[str, object]]:
        told = service.run("desk", "tips", "sp", "--passphrase-file", str(tmp_path / "sp.txt"), "--json").output
        return [file for line in told.splitlines() for file in json.loads(line)["evidence"]]

    async def is_there() -> bool:
        return bool(await asyncio.to_thread(evidence))

    await until(is_there)
    growth = peak_resident_bytes(service.process) - before
    watching.cancel()
    [file] = await asyncio.to_thread(evidence)
    assert file["sha256"] == film.sha256
    assert len(watch.examined) > 50, "segments and originals were looked at"
    assert watch.finds == set()
    assert growth < GROWTH_MOST, "the evidence worker's part among it"
