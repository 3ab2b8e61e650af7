"""`satark demo` as a person starts it, and the officers' commands on its data folder."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NoReturn

import aiohttp
import pytest
from click.testing import CliRunner

from satark.cli.demo import demo as command
from satark.demo.running import Demo
from satark.runtime.host import Host

SATARK = Path(sys.executable).with_name("satark")


def _environment(folder: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SATARK_")}
    return {**kept, "SATARK_DATA_DIR": str(folder), **more}


async def _run(folder: Path, *arguments: str, **more: str) -> tuple[int, str]:
    """Run the command to its end; give its status and all that it said."""
    process = await asyncio.create_subprocess_exec(
        SATARK, *arguments, stdout=PIPE, stderr=asyncio.subprocess.STDOUT, cwd=folder, env=_environment(folder, **more)
    )
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


@asynccontextmanager
async def _started(folder: Path, *arguments: str) -> AsyncIterator[tuple[Process, str]]:
    """Start a demo and wait until it is ready; give the process and what it said."""
    process = await asyncio.create_subprocess_exec(
        SATARK, "demo", "--port", "0", *arguments, stdout=PIPE, stderr=PIPE, cwd=folder, env=_environment(folder)
    )
    assert process.stdout
    try:
        said = (await process.stdout.readuntil(b"\nready\n")).decode()
        yield process, said
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def test_it_says_where_to_go_and_who_the_officers_are(tmp_path: Path) -> None:
    async with _started(tmp_path) as (_, said):
        address = re.search(r"http://127\.0\.0\.1:\d+/simulator\b", said)
        assert address
        for desk in ("sp", "dig"):
            assert (tmp_path / "officers" / f"{desk}.txt").read_text().strip() in said
        async with aiohttp.ClientSession() as session:
            for path, content in (("/healthz", "ok"), ("/simulator", "<title>Satark"), ("/desk", "Satark")):
                async with session.get(address[0].removesuffix("/simulator") + path) as answer:
                    assert answer.status == 200
                    assert content in await answer.text()


async def test_ctrl_c_ends_it_quietly_while_a_page_is_open(tmp_path: Path) -> None:
    async with _started(tmp_path) as (process, said):
        url = re.search(r"http://\S+/simulator", said)
        assert url
        async with aiohttp.ClientSession() as session, session.get(f"{url[0]}/events") as page:
            await page.content.readline()
            process.send_signal(signal.SIGINT)
            out, err = await process.communicate()
        assert (process.returncode, out.decode(), err.decode()) == (0, "stopped\n", "")


async def test_officers_commands_work_on_the_data_folder_of_a_running_demo(
    open_demo: Callable[[Path], Any], tmp_path: Path
) -> None:
    folder = tmp_path / "d"
    visitor = await open_demo(folder)
    await visitor.file_tip(b"\xff\xd8\xff not a photograph")
    await visitor.until(lambda: [len(tips) for tips in visitor.desks.values()] == [1, 1])
    await visitor.until(lambda: not visitor.desks["sp"][0]["pending"])
    for desk in ("sp", "dig"):
        file = str(folder / "officers" / f"{desk}.txt")
        status, said = await _run(folder, "desk", "tips", desk, "--passphrase-file", file, "--json")
        assert status == 0, said
        tip = json.loads(said)
        assert (tip["category"], tip["language"], len(tip["evidence"])) == ("INTOX", "hi", 1)
    number, file = tip["number"], str(folder / "officers" / "sp.txt")
    respond = ("desk", "respond", "sp", number, "--status", "IN_REVIEW", "--passphrase-file", file)
    assert (await _run(folder, *respond))[0] == 0
    await visitor.until(lambda: {tips[0]["status"] for tips in visitor.desks.values()} == {"IN_REVIEW"})


async def test_a_taken_port_is_told_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, said = await _run(tmp_path, "demo", "--port", str(port))
    assert status == 1
    assert said.startswith(f"Error: can't listen at 127.0.0.1:{port} (Address already in use")
    assert "--port" in said
    assert said.count("\n") == 1


async def test_half_of_whatsapp_s_settings_is_told_by_name(tmp_path: Path) -> None:
    status, said = await _run(tmp_path, "demo", "--port", "0", SATARK_WHATSAPP__APP_SECRET="x")
    assert status == 78
    assert "SATARK_WHATSAPP__ACCESS_TOKEN" in said
    assert "Traceback" not in said


async def test_a_wrong_flow_is_told_though_meta_is_up_already(tmp_path: Path) -> None:
    status, said = await _run(tmp_path, "demo", "--port", "0", SATARK_FLOW=str(tmp_path / "none.yaml"))
    assert status == 78
    assert "SATARK_FLOW" in said
    assert "Traceback" not in said


def test_a_data_folder_that_is_a_file_is_told(no_settings: None, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = CliRunner().invoke(command, ["--port", "0", "--data-dir", str(tmp_path / "file" / "x")])
    assert result.exit_code == 1
    assert "the data folder can't be used" in result.output


def test_a_server_that_does_not_come_up_is_told(
    no_settings: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def running(_: Host) -> NoReturn:
        raise RuntimeError

    monkeypatch.setattr(Host, "running", running)
    result = CliRunner().invoke(command, ["--port", "0", "--data-dir", str(tmp_path)])
    assert (result.exit_code, "did not start" in result.output) == (1, True)


def test_a_demo_that_others_can_reach_warns(no_settings: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    urls = []

    async def run(demo: Demo) -> None:
        urls.append(demo.url)

    monkeypatch.setattr(Demo, "run", run)
    for host, known_as in (("0.0.0.0", "http://127.0.0.1:"), ("::", "http://[::1]:")):  # noqa: S104
        result = CliRunner().invoke(command, ["--host", host, "--port", "0", "--data-dir", str(tmp_path)])
        assert "send no real one" in result.output
        assert urls.pop().startswith(known_as)
