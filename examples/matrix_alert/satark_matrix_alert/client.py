"""The client of a Matrix home server.

Source: matrix-org/matrix-spec, `data/api/client-server/`: `room_send.yaml`, `whoami.yaml`, `list_joined_rooms.yaml`,
`definitions/errors/error.yaml` and `rate_limited.yaml`. `Retry-After` beside `retry_after_ms`: MSC4041.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import aiohttp
import msgspec

from satark.api import DeadLetter, DeliveryResult, Done, Retry, egress_connector, seconds_to_wait
from satark_files.decoding import DECODING_ERRORS

if TYPE_CHECKING:
    from satark_matrix_alert.plugin import MatrixAlertSettings

_API: Final = "/_matrix/client/v3"
_ANSWER_SECONDS: Final = 30
_PAUSE_SECONDS: Final = 5.0
"""How long to wait after a 429 without a time."""
_LARGEST_ANSWER: Final = 1024 * 1024
_is_code = re.compile(r"M_[A-Z_]{1,40}").fullmatch

REFUSED: Final = "the access token is not valid any more: set matrix_alert.token"
_NOT_THERE: Final = "the account may not write in this room: invite it, and accept the invitation"


class _Answer(msgspec.Struct, frozen=True):
    errcode: str = ""
    event_id: str = ""
    retry_after_ms: int | None = None
    joined_rooms: tuple[str, ...] = ()


_decode = msgspec.json.Decoder(_Answer).decode


class MatrixClient:
    """One account at one home server."""

    def __init__(self, settings: MatrixAlertSettings) -> None:
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Open the HTTP client, without cookies."""
        headers = {"Authorization": f"Bearer {self._settings.token.get_secret_value()}"}
        timeout, jar = aiohttp.ClientTimeout(total=_ANSWER_SECONDS), aiohttp.DummyCookieJar()
        self._session = aiohttp.ClientSession(
            connector=egress_connector(), headers=headers, timeout=timeout, cookie_jar=jar
        )

    async def close(self) -> None:
        """Close the HTTP client."""
        if self._session is not None:
            await self._session.close()

    async def say(self, room: str, text: str, transaction: str) -> DeliveryResult:
        """Send a text to a room. The server sends a text once for each transaction id, however often the call is
        repeated.
        """
        path = f"{_API}/rooms/{quote(room, safe='')}/send/m.room.message/{quote(transaction, safe='')}"
        try:
            status, answer, retry_after = await self._request("PUT", path, {"msgtype": "m.text", "body": text})
        except (aiohttp.ClientError, OSError) as error:
            return Retry(type(error).__name__, down=True)
        return _result(status, answer, retry_after)

    async def find_faults(self) -> Sequence[str]:
        """Ask the server for the token's owner and the account's rooms; see `satark.api.FaultFinder`."""
        await self.open()
        try:
            status, answer, _ = await self._request("GET", f"{_API}/account/whoami")
            if status == 200:
                _, answer, _ = await self._request("GET", f"{_API}/joined_rooms")
        except (aiohttp.ClientError, OSError) as error:
            return [f"the home server at matrix_alert.url can't be reached ({type(error).__name__})"]
        finally:
            await self.close()
        if status == 401:
            return [f"{_code(status, answer)}: {REFUSED}"]
        if status != 200:
            return [f"no Matrix home server answers at matrix_alert.url ({_code(status, answer)})"]
        missing = [name for name, room in self._settings.rooms.items() if room not in answer.joined_rooms]
        return [f"matrix_alert.rooms.{name}: {_NOT_THERE}" for name in missing]

    async def _request(self, method: str, path: str, body: Any = None) -> tuple[int, _Answer, str]:
        if self._session is None:
            raise RuntimeError("the sink is not open")
        url, json = self._settings.url + path, body
        async with self._session.request(method, url, json=json, allow_redirects=False) as response:
            return response.status, await _read(response), response.headers.get("Retry-After", "")


async def _read(response: aiohttp.ClientResponse) -> _Answer:
    """Read an answer. An answer that isn't Matrix's, such as a proxy's page, counts as empty."""
    content = b""
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > _LARGEST_ANSWER:
            return _Answer()
    try:
        return _decode(content)
    except DECODING_ERRORS:
        return _Answer()


def _code(status: int, answer: _Answer) -> str:
    return answer.errcode if _is_code(answer.errcode) else f"HTTP {status}"


def _result(status: int, answer: _Answer, retry_after: str) -> DeliveryResult:
    code = _code(status, answer)
    if status == 200:  # without an event's id it is a proxy's page
        return Done() if answer.event_id else Retry("unconfirmed")
    if status == 429:
        announced = (answer.retry_after_ms or 0) / 1000
        return Retry(code, after=announced if announced > 0 else seconds_to_wait(retry_after, _PAUSE_SECONDS))
    if status == 401:
        return Retry(f"{code}: {REFUSED}", down=True)
    if status == 403:
        return Retry(f"{code}: {_NOT_THERE}", down=True)
    return DeadLetter(code) if 400 <= status < 500 else Retry(code, down=True)
