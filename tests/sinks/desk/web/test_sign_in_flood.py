"""A hundred sign-ins at the same moment, one of them right, against a real process at the real cost of a derivation."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import aiohttp
import pytest

from satark_desk import passphrases
from satark_testing.processes.service import Service
from support.process_watch import peak_resident_bytes

pytestmark = pytest.mark.slow("a process")

RIGHT = {"desk": "sp", "officer": "sp", "passphrase": "purana kuan neem ka ped"}
HEADERS = {"Sec-Fetch-Site": "same-origin"}
MB = 1_000_000


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, real_passphrase_cost: tuple[int, int]) -> Service:
    """A service that is not started, with the desk `sp`."""
    monkeypatch.setattr(passphrases, "MEMORY_KIB", real_passphrase_cost[0])
    monkeypatch.setattr(passphrases, "PASSES", real_passphrase_cost[1])
    file = tmp_path / "passphrase.txt"
    file.write_text(RIGHT["passphrase"])
    file.chmod(0o600)
    service = Service(tmp_path / "data", {})
    service.run("db", "upgrade")
    service.run("desk", "add", "sp", "--passphrase-file", str(file))
    return service


async def sign_in(client: aiohttp.ClientSession, url: str, form: dict[str, str]) -> int:
    async with client.post(f"{url}/desk/sign-in", data=form, headers=HEADERS, allow_redirects=False) as answer:
        return answer.status


@pytest.mark.full("a hundred sign-ins")
@pytest.mark.parametrize("known", [True, False], ids=["known browser", "new browser"])
async def test_the_one_right_sign_in_of_a_hundred_succeeds_and_memory_stays_small(
    service: Service,
    known: bool,  # noqa: FBT001 - pytest's
) -> None:
    timeout = aiohttp.ClientTimeout(total=300)
    jar = aiohttp.CookieJar(unsafe=True)
    limits = aiohttp.TCPConnector(limit=0)
    async with (
        service,
        aiohttp.ClientSession(timeout=timeout, cookie_jar=jar) as officer,
        aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), connector=limits) as strangers,
    ):
        if known:
            assert await sign_in(officer, service.url, RIGHT) == 303
        # A browser has opened the page before it sends a passphrase; the flooding client need not.
        await (await officer.get(f"{service.url}/desk/sign-in")).release()
        ended: list[str] = []

        async def attempt(client: aiohttp.ClientSession, form: dict[str, str], name: str) -> int:
            status = await sign_in(client, service.url, form)
            ended.append(name)
            return status

        began = time.monotonic()
        wrong = [
            asyncio.create_task(attempt(strangers, RIGHT | {"passphrase": f"wrong {number}"}, "stranger"))
            for number in range(99)
        ]
        # The right one comes last, when all others are in line.
        async with strangers.get(f"{service.url}/desk/sign-in") as page:
            assert page.status == 200
        assert await attempt(officer, RIGHT, "officer") == 303
        took = time.monotonic() - began
        before = ended.index("officer")
        peak = peak_resident_bytes(service.pid)
        # The attempts that still wait would take twenty seconds of processor time and show nothing more.
        await service.kill()
        answers = await asyncio.gather(*wrong, return_exceptions=True)
        assert {answer for answer in answers if isinstance(answer, int)} <= {403}
        print(f"known browser: {known}; in after {took:.1f} s and {before} others; peak memory {peak / MB:.0f} MB")  # noqa: T201 - figures for whoever measures, with -s
    assert peak < 300 * MB
    # The attempts that were running when the right one came, and those that had been answered by then.
    assert before < 50
