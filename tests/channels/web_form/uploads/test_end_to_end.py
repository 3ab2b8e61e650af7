"""A film of a hundred megabytes through `satark serve`: form, cut connection, evidence worker, desk."""

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

from satark_testing.processes.service import Service
from support.form.citizen import FormCitizen
from support.process_watch import ProcessWatch, peak_resident_bytes

pytestmark = pytest.mark.slow("a process")

Until: TypeAlias = Callable[[Callable[[], Awaitable[object]]], Awaitable[None]]
MAX_GROWTH = 48_000_000
"""Most growth of a process that receives a film of twice this size, including libraries for its first file."""
TUS = {"tus-resumable": "1.0.0", "sec-fetch-site": "same-origin"}
CHUNK_BYTES = 1 << 16


class Film(NamedTuple):
    """A video file and its properties."""

    path: Path
    size: int
    sha256: str
    needles: list[bytes]
    """Excerpts that identify every megabyte of the film's plaintext."""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    """Return a film of noise, incompressible and nearly as large as allowed."""
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
    """Start a service with all roles in one process; its temporary folder is watched too."""
    (tmp_path / "tmp").mkdir()
    (tmp_path / "sp.txt").write_text("a long passphrase for this test")
    (tmp_path / "sp.txt").chmod(0o600)
    environment = {
        "SATARK_PLUGINS": '["web_form", "desk"]',
        "SATARK_WEB_FORM__UPLOAD_RESERVE_BYTES": "0",
        "SATARK_WEB_FORM__PROOF_WAIT_SECONDS": "0",
        "TMPDIR": str(tmp_path / "tmp"),
    }
    made = Service(tmp_path / "data", environment)
    made.run("db", "upgrade")
    made.run("desk", "add", "sp", "--passphrase-file", str(tmp_path / "sp.txt"))
    async with made:
        yield made


class Upload:
    """One upload by a browser."""

    def __init__(self, browser: aiohttp.ClientSession, film: Film, address: str) -> None:
        self._browser = browser
        self._film = film
        self._address = address

    async def offset(self) -> int:
        """Return the offset."""
        async with self._browser.head(self._address, headers=TUS) as answer:
            return int(answer.headers["upload-offset"])

    async def has_reached(self, offset: int) -> bool:
        """Whether the upload has reached an offset."""
        return await self.offset() >= offset

    async def send(self, offset: int) -> int:
        """Send the rest; return the status."""
        headers = {**TUS, "content-type": "application/offset+octet-stream", "upload-offset": str(offset)}
        async with self._browser.patch(self._address, data=self._chunks(offset), headers=headers) as answer:
            return answer.status

    async def resume(self) -> int:
        """Resume after a lost connection; return the offset at which it resumed."""
        while True:
            offset = await self.offset()
            if await self.send(offset) == HTTPStatus.NO_CONTENT:
                return offset
            await asyncio.sleep(0.1)

    async def _chunks(self, offset: int) -> AsyncIterator[bytes]:
        with self._film.path.open("rb") as file:
            file.seek(offset)
            while chunk := file.read(CHUNK_BYTES):
                yield chunk
                await asyncio.sleep(0)


async def created(citizen: FormCitizen, film: Film) -> Upload:
    """Create the upload."""
    headers = {**TUS, "upload-length": str(film.size), "upload-metadata": "filetype dmlkZW8vbXA0"}
    async with citizen.session.post(f"{citizen.url}/uploads/", headers=headers) as answer:
        return Upload(citizen.session, film, citizen.url + answer.headers["location"])


async def by_tus(citizen: FormCitizen, film: Film, until: Until) -> None:
    """Upload the film as the page's script does, over a lost connection; then submit the form."""
    upload = await created(citizen, film)
    lost = asyncio.create_task(upload.send(0))
    await until(partial(upload.has_reached, film.size // 3))
    lost.cancel()
    assert film.size // 3 <= await upload.resume() < film.size
    await citizen.press("Continue")


async def by_form(citizen: FormCitizen, film: Film, _until: Until) -> None:
    """Submit the film with the form, as a browser without JavaScript does."""
    form = citizen.page.forms[1]
    data = aiohttp.FormData(form.sent())
    with film.path.open("rb") as file:
        data.add_field("files", file, filename=film.path.name, content_type="video/mp4")
        await citizen.post(form.action, data)


@pytest.mark.full("a large film")
@pytest.mark.parametrize("send", [by_tus, by_form])
async def test_a_film_is_sealed_from_the_first_byte_in_constant_memory_and_reaches_the_desk(
    service: Service, film: Film, until: Until, tmp_path: Path, send: Callable[..., Awaitable[None]]
) -> None:
    watch = ProcessWatch(service.pid, tmp_path, film.needles)

    def evidence() -> list[dict[str, object]]:
        # In a process of its own: the watch closes the databases' files, which would end this process's locks on them.
        asked = [*service.command[:-3], "desk", "tips", "sp", "--passphrase-file", str(tmp_path / "sp.txt"), "--json"]
        output = subprocess.run(asked, env=service.environment, check=True, capture_output=True, text=True).stdout
        return [file for line in output.splitlines() for file in json.loads(line)["evidence"]]

    async def is_there() -> bool:
        return bool(await asyncio.to_thread(evidence))

    async with FormCitizen(service.url, "en") as citizen:
        await citizen.to_review()
        await citizen.follow("Change Proof")
        before = peak_resident_bytes(service.pid)
        async with watch.watching():
            await send(citizen, film, until)
            await citizen.answer("remove")
            await citizen.press("Send")
            await until(is_there)
    growth = peak_resident_bytes(service.pid) - before
    [file] = await asyncio.to_thread(evidence)
    assert file["sha256"] == film.sha256
    assert len(watch.examined) > 20, "segments and originals were examined"
    assert watch.finds == set()
    assert growth < MAX_GROWTH, "including the evidence worker"
