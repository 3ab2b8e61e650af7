"""Every key file is where its setting says, and each role runs as a process of its own: no tip is lost."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from httpx2 import AsyncClient

from satark.settings.core import Core
from satark_testing.installation import Installation
from satark_testing.waiting import until
from satark_testing.whatsapp.citizen import receipt_in
from support.desk_reading import listed
from support.processes.forked import ForkedService, set_up_installation

pytestmark = pytest.mark.slow("three processes")

KEY_FILES = [name for name in Core.model_fields if name.endswith("_key_file")]
SATARK = str(Path(sys.executable).with_name("satark"))


async def test_officers_see_a_tip_with_every_key_file_where_its_setting_says(
    tmp_path: Path, environment: Mapping[str, str]
) -> None:
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    for name in ("edge_key_file", "name_key_file"):  # as the ceremony makes them
        (folder / name).write_bytes(os.urandom(32))
        (folder / name).chmod(0o600)
    files = {f"SATARK_{name.upper()}": str(folder / name) for name in KEY_FILES}
    async with set_up_installation(tmp_path, {**environment, **files}) as installation, AsyncExitStack() as stack:
        roles = {
            role: await stack.enter_async_context(
                ForkedService(tmp_path / "data", installation.service.environment, (SATARK, "serve", "--role", role))
            )
            for role in ("web", "worker", "desk")
        }
        installation.service.port = roles["web"].port
        await send_tip(installation)
        (tip,) = await installation.tips("sp", at_least=1)
        passphrase = installation.passphrase_file("sp").read_text().strip()
        assert await seen_at_the_desk(roles["desk"].url, passphrase) == [tip["number"]]
        for service in roles.values():
            async with AsyncClient() as client:
                assert (await client.get(f"{service.url}/readyz")).status_code == 200
    assert not [path for kind in ("*.key", "*.epochs") for path in (tmp_path / "data").glob(kind)]


async def send_tip(installation: Installation, number: int = 1) -> None:
    """Have a citizen send a tip with their second message."""
    citizen = installation.citizen(number)
    await citizen.say("They sell illegal liquor behind the school in Lanka every night")
    await citizen.hear()
    await citizen.tap("Yes, send")
    assert receipt_in((await citizen.hear()).text)


async def seen_at_the_desk(url: str, given: str) -> list[str]:
    """Sign in as the officer of a desk; return the numbers of the tips that the queue shows, once it shows one."""
    own = "seven quiet herons over a mill pond"
    async with AsyncClient(base_url=url, headers={"sec-fetch-site": "same-origin"}, timeout=100) as client:
        await client.post("/desk/sign-in", data={"desk": "sp", "officer": "officer", "passphrase": given})
        await client.post("/desk/passphrase", data={"old": given, "new": own, "again": own})

        async def queue() -> list[str]:
            return listed((await client.get("/desk/")).text)

        return await until(queue, every=0.1)
