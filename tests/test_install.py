"""docs/install.md, typed line by line: the server takes signed webhooks, survives a power cut, backs itself up.

What stands for the machine's own parts is declared in `support.bare_machine`. The phones are simulated.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest
from sqlalchemy import make_url

from satark.api.sealing import new_identity
from satark.cli.deploy import NAMES
from satark_testing.processes.serving import serve
from satark_testing.telegram.bot_api import Person, TelegramPeer
from satark_testing.telegram.citizen import TelegramCitizen
from satark_testing.waiting import until
from satark_testing.whatsapp.citizen import Citizen
from satark_testing.whatsapp.graph_api import GraphPeer
from support.bare_machine.machine import BareMachine
from support.peers.postgres import server_from_wheel
from support.settings import SETTINGS_OF_TESTS
from support.supply.lock import cut_lock, needed_to_run
from support.tipsters import ENGLISH

pytestmark = pytest.mark.full("installs the wheel")

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = (ROOT / "docs" / "install.md").read_text("utf-8")
SETTINGS: Final = "/etc/satark/satark.toml"
WITH_DOMAIN, WITHOUT = PAGE.split("\n## Without a domain\n")
STEPS: Final = dict(re.findall(r"^(\d)\. (\*\*.*?)(?=^\d\. |\Z)", WITH_DOMAIN, re.DOTALL | re.MULTILINE))


def blocks(kind: str, text: str) -> list[str]:
    """Return what a text has typed (sh) or written (toml), in order."""
    return [
        textwrap.dedent(block) for block in re.findall(rf"^ *```{kind}\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    ]


class Installer:
    """Somebody who follows the page on a machine, with an eye on the clock."""

    def __init__(self, machine: BareMachine) -> None:
        self.passphrase = ""
        """The passphrase of the first desk's officer."""
        self._recipient, self.operator_key = new_identity()
        self._machine = machine
        self._seconds: dict[str, float] = {}
        self._tips = 0

    def settings(self, later: str = "", **values: str) -> str:
        """Return the settings of step 4, then those of a later part of the page, with these values in their places."""
        (text,) = blocks("toml", STEPS["4"])
        if later:
            (more,) = blocks("toml", later)
            text = re.sub(r"(?m)^plugins = .*\n", "", text) + more
        for key, value in values.items():
            text = re.sub(rf"(?m)^{key} = .*$", f"{key} = {json.dumps(value)}", text)
        return text.replace("age1…", self._recipient)

    def follow(self, text: str) -> str:
        """Type the commands of a part of the page; return what they printed."""
        title = re.match(r"\*\*(.*?)\*\*", text)
        with self.timed(title[1] if title else "another way"):
            return "".join(map(self._machine.type, blocks("sh", text)))

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Measure the time of the block."""
        began = time.monotonic()
        yield
        self._seconds[what] = time.monotonic() - began

    def clock(self) -> str:
        """Return what took how many seconds."""
        lines = [f"{seconds:6.1f} s  {what}" for what, seconds in self._seconds.items()]
        return "\n".join([*lines, f"{sum(self._seconds.values()):6.1f} s  in all, without packages to download"])

    async def tip_arrives(self) -> None:
        """Open the tips of the first desk as its officer does, until there is one more, of the usual story."""
        self._machine.write("root/passphrase", self.passphrase)
        command = "as-satark desk tips sp --json --passphrase-file passphrase"

        async def found() -> bool:
            listed = await asyncio.to_thread(self._machine.type, command)
            return listed.count("Arms are sold outside the village") > self._tips

        await until(found)
        self._tips += 1


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that is copied to the machine: the one that `make build` makes of this source."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (folder / "server.lock").write_text(cut_lock(needed_to_run(ROOT / "pyproject.toml"), ROOT / "requirements.lock"))
    return folder


@pytest.fixture(scope="module")
def machine(wheel: Path) -> Iterator[BareMachine]:
    """A bare machine, whose PostgreSQL runs and to which the wheel and its lock were copied."""
    environment = {**SETTINGS_OF_TESTS, "PIP_NO_INDEX": "1"}
    with (
        server_from_wheel() as server,
        TemporaryDirectory(prefix="satark-") as folder,
        BareMachine(Path(folder), environment) as bare,
    ):
        bare.path("/var/run/postgresql").symlink_to(str(make_url(server).query["host"]))
        shutil.copytree(wheel, bare.path("/root"), dirs_exist_ok=True)
        yield bare


@pytest.fixture(scope="module")
def installer(machine: BareMachine) -> Installer:
    """A person who followed steps 1 to 5 of the page, up to a service with the form."""
    installer = Installer(machine)
    for step in "123":
        installer.follow(STEPS[step])
    machine.write(SETTINGS, installer.settings())
    installer.passphrase = re.findall(r"passphrase, shown only once: (\S+)", installer.follow(STEPS["4"]))[0]
    installer.follow(STEPS["5"])
    return installer


def test_the_page_has_nine_steps_and_prints_files_that_deploy_knows() -> None:
    assert list(STEPS) == list("123456789")
    printed = {
        name for line in blocks("sh", PAGE) for name in re.findall(r"(?<=\s)[a-z][\w-]*\.(?:service|timer)", line)
    }
    printed |= set(re.findall(r"satark deploy ([a-z][\w.-]+)", PAGE))
    assert {"nginx.conf", "prometheus.yml"} <= printed <= set(NAMES)


async def test_with_a_domain_it_takes_signed_webhooks_survives_a_power_cut_and_backs_itself_up(
    installer: Installer, machine: BareMachine
) -> None:
    meta = {name: name * 3 for name in ("app_secret", "verify_token", "access_token")} | {"phone_number_id": "10654"}
    peer = GraphPeer(**meta)
    async with peer, serve(peer.app) as graph_url:
        await asyncio.to_thread(installer.follow, STEPS["6"])
        machine.write(SETTINGS, f'{installer.settings(STEPS["7"], **meta)}graph_url = "{graph_url}"\n')
        await asyncio.to_thread(installer.follow, STEPS["7"])
        webhook = f"{machine.units.url('satark-web.service')}/whatsapp/webhook"
        assert await peer.handshake(webhook)
        async with Citizen(peer, webhook, wa_id="919812345678") as citizen:
            reboot, proof = blocks("sh", STEPS["8"])
            await citizen.say("Hi")
            await citizen.hear()
            with installer.timed("a reboot"):
                await asyncio.to_thread(machine.type, reboot)
            with installer.timed("the first tip"):
                await citizen.say("English")
                assert "it may be lost: please tell it again" in (await citizen.hear()).text
                await citizen.walk(ENGLISH, greeting="English")
                await installer.tip_arrives()
        with installer.timed("a backup, and a drill with it"):
            await asyncio.to_thread(machine.type, proof)
            machine.write("root/operator.key", installer.operator_key)
            drill = "as-satark verify /var/backups/satark --identity-file operator.key"
            printed = await asyncio.to_thread(machine.type, drill)
    assert "satark-backup.timer" in machine.units.enabled
    assert "restored: 1 tip," in printed
    assert "nothing is missing" in printed
    sys.stdout.write(installer.clock())  # `pytest -rP` shows it


async def test_without_a_domain_tips_come_by_telegram(installer: Installer, machine: BareMachine) -> None:
    bot = TelegramPeer(token="123456:a-token", secret_token="t" * 32)
    async with bot, serve(bot.app) as api_url:
        own = installer.settings(WITHOUT, token=bot.token, secret_token=bot.secret_token)
        machine.write(SETTINGS, re.sub(r"(?m)^public_url.*\n", "", own) + f'api_url = "{api_url}"\n')
        await asyncio.to_thread(installer.follow, WITHOUT)
        try:
            async with TelegramCitizen(bot, Person(id=4711)) as citizen:
                await citizen.walk(ENGLISH)
                await installer.tip_arrives()
        finally:
            machine.units.cut_power()  # nobody waits for updates any more
