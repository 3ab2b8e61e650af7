"""A simulated provider opens one session, and none after `close`."""

from __future__ import annotations

import aiohttp
import pytest
from starlette.applications import Starlette

from satark_testing.processes.serving import Provider, serve


async def test_a_closed_provider_opens_no_new_session() -> None:
    client, unused = Provider[str](), Provider[str]()
    session = client.session
    assert client.session is session
    for one in (client, unused):
        await one.close()
        with pytest.raises(aiohttp.ClientConnectionError):
            _ = one.session
    assert session.closed


class Broken:
    """The lifespan of an app whose database is gone."""

    def __init__(self, app: Starlette) -> None:
        del app

    async def __aenter__(self) -> None:
        raise OSError("no such database")

    async def __aexit__(self, *_: object) -> None:
        """Never called."""


async def test_an_app_that_does_not_start_raises_an_error() -> None:
    with pytest.raises(RuntimeError, match="did not start"):
        async with serve(Starlette(lifespan=Broken)):
            raise AssertionError


async def test_an_exception_of_the_test_is_raised_unchanged() -> None:
    with pytest.raises(KeyError):
        async with serve(Starlette()):
            raise KeyError
