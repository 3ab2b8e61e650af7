"""Meta's Graph API, as far as Satark calls it: one pooled client, no redirects, no cookies, nothing logged."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp
import msgspec
from yarl import URL

from satark.channel import Accepted, SendResult, Throttled, Transient
from satark_whatsapp.errors import PAIR_LIMIT, Answer, Pauses, Problem, by_status, classify
from satark_whatsapp.pacing import Pacing
from satark_whatsapp.settings import WhatsAppSettings

_MOST_ANSWER_BYTES = 256 * 1024

_answer = msgspec.json.Decoder(Answer, strict=False).decode


class Graph:
    """The client. `open` it in the loop that uses it."""

    def __init__(self, settings: WhatsAppSettings) -> None:
        self._settings = settings
        self._pacing = Pacing(settings)
        self._session: aiohttp.ClientSession | None = None
        self._base = URL(f"{settings.graph_url}/{settings.api_version}")
        self._authorization = {"Authorization": f"Bearer {settings.access_token.get_secret_value()}"}
        self._json = {**self._authorization, "Content-Type": "application/json"}
        self._messages = {number: self._base / number / "messages" for number in settings.phone_number_ids}

    async def open(self) -> None:
        """Make the session. It trusts no proxy settings of the environment and keeps no cookies."""
        settings = self._settings
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=settings.connections),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            headers={"User-Agent": "satark", "Accept-Encoding": "identity"},
            timeout=aiohttp.ClientTimeout(total=settings.send_seconds, sock_connect=settings.connect_seconds),
        )

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, number: str, account: str, body: bytes) -> SendResult:
        """Post one body to `/{number}/messages` and say what became of it. Never raises for Meta or the network."""
        try:
            async with self.session.post(
                self._messages[number], data=body, headers=self._json, allow_redirects=False
            ) as response:
                answer = await bounded(response)
        except TimeoutError:
            return Transient("timeout")
        except (aiohttp.ClientError, OSError):
            return Transient("network")
        if response.status == 200:  # noqa: PLR2004 - HTTP: OK
            self._pacing.pair_worked(account, body)
            return Accepted()
        return self._refused(response.status, response.headers, answer, account, body)

    def _refused(self, status: int, headers: Mapping[str, str], answer: bytes, account: str, body: bytes) -> SendResult:
        pauses = Pauses(account=self._pacing.account_pause(headers), pair=0)
        problem = problem_of(answer)
        if problem is None:
            return by_status(status, f"http-{status}", pauses)
        if problem.code == PAIR_LIMIT:
            return Throttled(self._pacing.pair_failed(account, body), "conversation")
        return classify(problem, pauses, status)

    def get(self, url: URL, *, stall: float | None = None) -> aiohttp.client._RequestContextManager:
        """Begin a GET with our token. The caller has made sure that the host may see it.

        Args:
            url: whom to ask.
            stall: for a download, the seconds without a byte until it is given up; it has no limit as a whole.
        """
        timeout = self.session.timeout
        if stall is not None:
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._settings.connect_seconds, sock_read=stall)
        return self.session.get(url, headers=self._authorization, allow_redirects=False, timeout=timeout)

    async def delete(self, url: URL) -> None:
        """Delete something, as far as Meta lets us; whether it worked is not told."""
        try:
            async with self.session.delete(url, headers=self._authorization, allow_redirects=False) as response:
                await bounded(response)
        except (aiohttp.ClientError, OSError):
            return

    def media_url(self, media_id: str, number: str) -> URL:
        """Give the address of a media object; naming our number lets Meta refuse what was not sent to it."""
        return (self._base / media_id).with_query(phone_number_id=number)

    @property
    def session(self) -> aiohttp.ClientSession:
        """The open session.

        Raises:
            RuntimeError: `open` was not called.
        """
        if self._session is None:
            raise RuntimeError("the WhatsApp channel is not open")
        return self._session


async def bounded(response: aiohttp.ClientResponse) -> bytes:
    """Read an answer, but never more than an answer of Meta's may be long.

    Raises:
        aiohttp.ClientPayloadError: it is longer, or was cut.
    """
    pieces = []
    size = 0
    async for piece in response.content.iter_any():
        size += len(piece)
        if size > _MOST_ANSWER_BYTES:
            raise aiohttp.ClientPayloadError("an answer far too long")
        pieces.append(piece)
    return b"".join(pieces)


def problem_of(answer: bytes) -> Problem | None:
    """Read Meta's error envelope, or None where it is none."""
    try:
        return _answer(answer).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
