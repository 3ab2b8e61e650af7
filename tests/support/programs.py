"""pytest plugin: simulated and real servers as fixtures, and the marker `needs` for tests that need a program."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator, Mapping
from secrets import token_hex
from types import MappingProxyType
from typing import NamedTuple

import pytest

from satark_testing.processes.serving import serve
from satark_testing.whatsapp.graph_api import GraphPeer
from support.peers.rabbitmq import Broker, running_broker
from support.peers.seaweedfs import BUCKET, SeaweedFS, running_seaweedfs

SKIP_NOTHING = "SATARK_TESTS_SKIP_NOTHING"
"""Environment variable: with the value 1, as in CI, a missing program fails the test instead of skipping it."""

# Program → the command that installs it on Debian.
_INSTALL_COMMANDS: Mapping[str, str] = MappingProxyType({
    "age": "apt-get install age",
    "espeak-ng": "apt-get install espeak-ng",
    "exim": "apt-get install exim4-daemon-light",
    "gpg": "apt-get install gnupg",
    "chromium": "apt-get install chromium",
    "exiftool": "apt-get install libimage-exiftool-perl",
    "logrotate": "apt-get install logrotate",
    "nginx": "apt-get install nginx-light",
    "rabbitmq": "apt-get install rabbitmq-server",
})  # fmt: skip
# Program → its file name, where that differs.
_PROGRAMS: Mapping[str, str] = MappingProxyType({"exim": "exim4", "rabbitmq": "rabbitmq-server"})


class ServedGraph(NamedTuple):
    """A running simulated Graph API."""

    peer: GraphPeer
    url: str
    """Base URL, for the setting `graph_url` of the WhatsApp channel."""


@pytest.fixture
async def graph() -> AsyncIterator[ServedGraph]:
    """Serve a simulated Graph API with one number; its secrets are `app-secret`, `verify-token` and `access-token`."""
    peer = GraphPeer(
        app_secret="app-secret",
        verify_token="verify-token",
        access_token="access-token",
        phone_number_id="106540352242922",
    )
    async with peer, serve(peer.app) as url:
        yield ServedGraph(peer, url)


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[Broker]:
    """A real RabbitMQ, shared by all tests marked `needs("rabbitmq")`. A test that kills it must start it again."""
    with running_broker() as broker:
        yield broker


@pytest.fixture(scope="session")
def seaweedfs() -> Iterator[SeaweedFS]:
    """A real service that speaks S3."""
    with running_seaweedfs() as server:
        yield server


@pytest.fixture
def bucket(seaweedfs: SeaweedFS, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the address of an empty store in a bucket; the environment tells this process where the service is."""
    for name, value in seaweedfs.environment.items():
        monkeypatch.setenv(name, value)
    return f"s3://{BUCKET}/{token_hex(8)}"


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker `needs`."""
    config.addinivalue_line(
        "markers",
        f"needs(*programs): skip the test where one of these programs is missing; fail it if {SKIP_NOTHING}=1",
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose programs are missing; fail it if no test may be skipped."""
    missing = [program for mark in item.iter_markers("needs") for program in mark.args if not _is_installed(program)]
    if not missing:
        return
    advice = "; ".join(f"{program} is missing: {_install_command(program)}" for program in missing)
    if os.environ.get(SKIP_NOTHING) == "1":
        pytest.fail(advice, pytrace=False)
    pytest.skip(advice)


def _is_installed(program: str) -> bool:
    # Debian installs servers into /usr/sbin, which is not on an ordinary user's PATH.
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
    return shutil.which(_PROGRAMS.get(program, program), path=path) is not None


def _install_command(program: str) -> str:
    return _INSTALL_COMMANDS.get(program, "install it with the system's package manager")
