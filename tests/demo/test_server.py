"""A running demo supports officers' commands on its data folder, a restart, and a real destination."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import sys
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from satark_demo import samples
from satark_testing.waiting import until
from support.peers.mail import MailPeer, mail_server
from support.settings import SETTINGS_OF_TESTS

Open = Callable[[Path], Awaitable[Any]]
SATARK = Path(sys.executable).with_name("satark")


async def _run(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run a command on the data folder to its end; return its exit code and its output."""
    environment = {
        name: value for name, value in os.environ.items() if name in SETTINGS_OF_TESTS or not name.startswith("SATARK_")
    }
    process = await asyncio.create_subprocess_exec(
        SATARK,
        *arguments,
        stdout=PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
        env={**environment, "SATARK_DATA_DIR": str(folder)},
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


async def test_officers_commands_work_while_the_demo_runs(open_demo: Open, tmp_path: Path) -> None:
    folder = tmp_path / "d"
    visitor = await open_demo(folder)
    await visitor.file_tip(b"\xff\xd8\xff not a photograph")
    await visitor.until(lambda: [len(tips) for tips in visitor.desks.values()] == [1, 1])
    await visitor.until(lambda: not visitor.desks["sp"][0]["pending"])
    for desk in ("sp", "dig"):
        file = str(folder / "officers" / f"{desk}.txt")
        code, output = await _run(folder, "desk", "tips", desk, "--passphrase-file", file, "--json")
        assert code == 0, output
        tip = json.loads(output)
        assert (tip["category"], tip["language"], len(tip["evidence"])) == ("INTOX", "hi", 1)
    number, file = tip["number"], str(folder / "officers" / "sp.txt")
    respond = ("desk", "respond", "sp", number, "--status", "IN_REVIEW", "--passphrase-file", file)
    assert (await _run(folder, *respond))[0] == 0
    await visitor.until(lambda: {tips[0]["status"] for tips in visitor.desks.values()} == {"IN_REVIEW"})


async def _listed(visitor: Any) -> list[dict[str, Any]]:
    """Wait until both desks have the tip and its file; return the tip as each desk lists it."""
    await visitor.until(lambda: [len(tips) for tips in visitor.desks.values()] == [1, 1])
    await visitor.until(lambda: all(tips[0]["files"] == 1 for tips in visitor.desks.values()))
    return [visitor.desks[desk][0] for desk in ("sp", "dig")]


async def test_a_restart_keeps_desks_keys_phone_number_and_tips(open_demo: Open, tmp_path: Path) -> None:
    folder = tmp_path / "d"
    names = ("edge.key", "demo.json", "officers/sp.txt", "officers/dig.txt")
    first = await open_demo(folder)
    await first.file_tip(samples.photograph("pickup"))
    [listed, _] = await _listed(first)
    before = [(folder / name).read_bytes() for name in names]
    await first.leave()
    again = await open_demo(folder)
    await again.until(lambda: all(again.desks.values()))
    assert [(folder / name).read_bytes() for name in names] == before
    assert again.desks["dig"][0]["number"] == listed["number"]
    assert {stat.S_IMODE((folder / name).stat().st_mode) for name in names} == {0o600}


async def test_a_mail_server_gets_a_notice_within_a_minute(
    open_demo: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = MailPeer()
    async with mail_server(peer, None):
        given = {"HOST": "127.0.0.1", "PORT": str(peer.port), "SENDER": "a@b.example", "RECIPIENTS": "x@y.example"}
        for name, value in given.items():
            monkeypatch.setenv(f"SATARK_EMAIL__{name}", value)
        await open_demo(tmp_path)
        await until(lambda: peer.received)
    assert peer.received[0].recipients == ("x@y.example",)
