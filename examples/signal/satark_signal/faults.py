"""Says what is wrong with the service.

Source: bbernhard/signal-cli-rest-api, `src/api/api.go` (`GET /v1/about`, `GET /v1/accounts`), and `src/main.go`: there
is a webhook in the json-rpc mode alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from satark_signal.api import SignalApi

if TYPE_CHECKING:
    from satark_signal.plugin import SignalSettings


async def find_faults(settings: SignalSettings) -> Sequence[str]:
    """Ask the service for its mode and its numbers; see `satark.api.FaultFinder`."""
    api = SignalApi(settings.url)
    await api.open()
    try:
        return await _faults(api, settings)
    except (ConnectionError, KeyError, TypeError) as error:
        return [f"signal-cli-rest-api does not answer at signal.url ({type(error).__name__}): does it run?"]
    finally:
        await api.close()


async def _faults(api: SignalApi, settings: SignalSettings) -> Sequence[str]:
    mode, numbers = (await api.get("/v1/about"))["mode"], await api.get("/v1/accounts")
    wanted = "json-rpc" if settings.path_secret else "native"
    faults = []
    if (mode == "json-rpc") != (wanted == "json-rpc"):
        faults.append(f"signal-cli-rest-api runs with MODE={mode}, and needs {wanted}: see signal.path_secret")
    if settings.number not in numbers:
        faults.append("signal.number is not registered at signal-cli-rest-api")
    return faults
