"""Fixtures and a marker for everybody who tests against Satark; pytest loads them by itself once Satark is installed.

Everything is imported where it is used: pytest loads this module before it can measure coverage, and in every project.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from satark.testing.peers.rabbitmq import Broker
    from satark.testing.whatsapp.graph_api import GraphPeer


SKIP_NOTHING = "SATARK_TESTS_SKIP_NOTHING"
"""Environment variable: set to 1, as CI does, a tool that is missing fails the test instead of skipping it."""

# Debian's packages; the names of programs where they differ from the tool's.
_HOW_TO_GET: Mapping[str, str] = MappingProxyType({
    "age": "apt-get install age",
    "exim": "apt-get install exim4-daemon-light",
    "gpg": "apt-get install gnupg",
    "chromium": "apt-get install chromium",
    "exiftool": "apt-get install libimage-exiftool-perl",
    "rabbitmq": "apt-get install rabbitmq-server",
})  # fmt: skip
_PROGRAMS: Mapping[str, str] = MappingProxyType({"exim": "exim4", "rabbitmq": "rabbitmq-server"})


class ServedGraph(NamedTuple):
    """A pretended Meta that is up."""

    peer: GraphPeer
    url: str
    """Its base URL: the setting `graph_url` of the WhatsApp channel."""


@pytest.fixture
async def graph() -> AsyncIterator[ServedGraph]:
    """Serve a pretended Meta with one number; its secrets are `app-secret`, `verify-token` and `access-token`."""
    from satark.testing.processes.serving import serve  # noqa: PLC0415 - likewise
    from satark.testing.whatsapp.graph_api import GraphPeer  # noqa: PLC0415 - see the module's docstring

    peer = GraphPeer(
        app_secret="app-secret",  # noqa: S106 - a test's
        verify_token="verify-token",  # noqa: S106 - a test's
        access_token="access-token",  # noqa: S106 - a test's
        phone_number_id="106540352242922",
    )
    async with peer, serve(peer.app) as url:
        yield ServedGraph(peer, url)


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[Broker]:
    """A real RabbitMQ for all tests, which are marked `needs("rabbitmq")`; one that kills it starts it again."""
    from satark.testing.peers.rabbitmq import running_broker  # noqa: PLC0415 - see the module's docstring

    with running_broker() as broker:
        yield broker


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker `needs`."""
    config.addinivalue_line(
        "markers",
        f"needs(*tools): skip, and say how to get it, where one of these programs is missing; fail if {SKIP_NOTHING}=1",
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose tools are not there, or fail it where nothing may be skipped."""
    missing = [tool for mark in item.iter_markers("needs") for tool in mark.args if not _is_there(tool)]
    if not missing:
        return
    advice = "; ".join(f"{tool} is missing: {_how_to_get(tool)}" for tool in missing)
    if os.environ.get(SKIP_NOTHING) == "1":
        pytest.fail(advice, pytrace=False)
    pytest.skip(advice)


def _is_there(tool: str) -> bool:
    # On /usr/sbin, where Debian puts servers, an ordinary user's PATH does not end.
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
    return shutil.which(_PROGRAMS.get(tool, tool), path=path) is not None


def _how_to_get(tool: str) -> str:
    return _HOW_TO_GET.get(tool, "install it with the system's package manager")
