"""A client that checks certificates is let through to an impostor, and one that checks none is named."""

from __future__ import annotations

import aiohttp
import pytest

from satark_testing.contracts.certificates import trusted_impostors
from satark_testing.contracts.provider_peer import PeerServer, Provider


@pytest.mark.parametrize(("checks", "named"), [(True, 0), (False, 1)])
async def test_only_a_client_that_checks_no_certificate_is_named(checks: bool, named: int) -> None:  # noqa: FBT001 - a row of the table
    async with PeerServer(Provider()).serving(impostor=True) as server, aiohttp.ClientSession() as client:
        with trusted_impostors() as careless:
            async with client.get(server.url, ssl=checks) as answer:
                assert answer.status == 200
        assert len(careless) == named
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await client.get(server.elsewhere)
