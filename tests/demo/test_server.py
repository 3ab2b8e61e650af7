"""A running demo supports officers' commands on its data folder, a restart, and a real destination."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import stat
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NoReturn

import aiohttp
import pytest
from click.testing import CliRunner

from satark.runtime.host import Host
from satark_demo import samples
from satark_demo.server import DemoServer
from satark_demo.server import demo as command
from satark_testing.waiting import until
from support.peers.mail import MailPeer, mail_server
from support.settings import SETTINGS_OF_TESTS

Open = Callable[[Path], Awaitable[Any]]
SATARK = Path(sys.executable).with_name("satark")


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


@pytest.mark.full("two starts of the demo")
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


async def test_a_demo_with_a_mail_server_sends_it_notifications(
    open_demo: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = MailPeer()
    async with mail_server(peer, None):
        given = {"HOST": "127.0.0.1", "PORT": str(peer.port), "SENDER": "a@b.example", "RECIPIENTS": "x@y.example"}
        given["NOTIFICATION_TIMES"] = json.dumps([f"{hour:02}:{half}" for hour in range(24) for half in ("00", "30")])
        for name, value in given.items():
            monkeypatch.setenv(f"SATARK_EMAIL__{name}", value)
        await open_demo(tmp_path)
        await until(lambda: peer.received)
    assert peer.received[0].recipients == ("x@y.example",)


pytestmark = pytest.mark.slow("a process")


def _environment(folder: Path, **more: str) -> dict[str, str]:
    others = {
        name: value for name, value in os.environ.items() if name in SETTINGS_OF_TESTS or not name.startswith("SATARK_")
    }
    return {**others, "SATARK_DATA_DIR": str(folder), **more}


async def _run(folder: Path, *arguments: str, **more: str) -> tuple[int, str]:
    """Run a command to its end; return its exit code and its output."""
    process = await asyncio.create_subprocess_exec(
        SATARK, *arguments, stdout=PIPE, stderr=asyncio.subprocess.STDOUT, cwd=folder, env=_environment(folder, **more)
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


@asynccontextmanager
async def _started(folder: Path, *arguments: str) -> AsyncIterator[tuple[Process, str]]:
    """Start a demo and wait until it is ready; yield the process and its output."""
    process = await asyncio.create_subprocess_exec(
        SATARK, "demo", "--port", "0", *arguments, stdout=PIPE, stderr=PIPE, cwd=folder, env=_environment(folder)
    )
    assert process.stdout
    try:
        output = (await process.stdout.readuntil(b"\nready\n")).decode()
        yield process, output
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def test_the_demo_prints_its_addresses_and_the_officers_passphrases(tmp_path: Path) -> None:
    async with _started(tmp_path) as (_, output):
        address = re.search(r"http://127\.0\.0\.1:\d+/simulator\b", output)
        assert address
        for desk in ("sp", "dig"):
            assert (tmp_path / "officers" / f"{desk}.txt").read_text().strip() in output
        async with aiohttp.ClientSession() as session:
            for path, content in (("/healthz", "ok"), ("/simulator", "<title>Satark"), ("/desk", "Satark")):
                async with session.get(address[0].removesuffix("/simulator") + path) as answer:
                    assert answer.status == 200
                    assert content in await answer.text()


async def test_ctrl_c_ends_the_demo_without_errors_while_a_page_is_open(tmp_path: Path) -> None:
    async with _started(tmp_path) as (process, output):
        url = re.search(r"http://\S+/simulator", output)
        assert url
        async with aiohttp.ClientSession() as session, session.get(f"{url[0]}/events") as page:
            await page.content.readline()
            process.send_signal(signal.SIGINT)
            out, err = await process.communicate()
        assert (process.returncode, out.decode(), err.decode()) == (0, "stopped\n", "")


async def test_a_port_in_use_is_reported_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        code, output = await _run(tmp_path, "demo", "--port", str(port))
    assert code == 1
    assert output.startswith(f"Error: can't listen at 127.0.0.1:{port} (Address already in use")
    assert "--port" in output
    assert output.count("\n") == 1


async def test_a_missing_whatsapp_setting_is_named(tmp_path: Path) -> None:
    code, output = await _run(tmp_path, "demo", "--port", "0", SATARK_WHATSAPP__APP_SECRET="x")
    assert code == 78
    assert "SATARK_WHATSAPP__ACCESS_TOKEN" in output
    assert "Traceback" not in output


async def test_a_faulty_flow_is_reported_after_the_providers_have_started(tmp_path: Path) -> None:
    code, output = await _run(tmp_path, "demo", "--port", "0", SATARK_FLOW=str(tmp_path / "none.yaml"))
    assert code == 78
    assert "SATARK_FLOW" in output
    assert "Traceback" not in output


def test_a_data_folder_below_a_file_is_reported(no_settings: None, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = CliRunner().invoke(command, ["--port", "0", "--data-dir", str(tmp_path / "file" / "x")])
    assert result.exit_code == 1
    assert "the data folder can't be used" in result.output


def test_a_server_that_does_not_start_is_reported(
    no_settings: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def running(_: Host) -> NoReturn:
        raise RuntimeError

    monkeypatch.setattr(Host, "running", running)
    result = CliRunner().invoke(command, ["--port", "0", "--data-dir", str(tmp_path)])
    assert (result.exit_code, "did not start" in result.output) == (1, True)


def test_a_demo_that_others_can_reach_prints_a_warning(
    no_settings: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = []

    async def run(demo: DemoServer) -> None:
        urls.append(demo.url)

    monkeypatch.setattr(DemoServer, "run", run)
    for host, base_url in (("0.0.0.0", "http://127.0.0.1:"), ("::", "http://[::1]:")):  # noqa: S104
        result = CliRunner().invoke(command, ["--host", host, "--port", "0", "--data-dir", str(tmp_path)])
        assert "Do not send real tips" in result.output
        assert urls.pop().startswith(base_url)
