"""Client of Twilio's REST API: pooled connections, no cookies, nothing logged.

Source: Twilio's API 2010-04-01: Messages (create, redact, delete), Media (list, fetch, delete), Recordings
(fetch, delete), Calls (delete), IncomingPhoneNumbers (read), and its table of error codes.
"""

from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Final

import aiohttp
import msgspec
from yarl import URL

from satark.api import (
    Accepted,
    Blocked,
    Endpoint,
    MediaGone,
    Misconfigured,
    OperatorError,
    Permanent,
    ProviderClient,
    RawRequest,
    SendResult,
    Throttled,
    Transient,
    file_chunks,
    read_answer,
    seconds_to_wait,
)
from satark_files.decoding import DECODING_ERRORS
from satark_sms_ivr.settings import TwilioSettings
from satark_sms_ivr.twilio_signature import HEADER, TwilioSignature

_MAX_RESPONSE_BYTES: Final = 256 * 1024
_MAX_REDIRECTS: Final = 3
_WEBHOOK_BYTES: Final = 64 * 1024
"""Size of the largest webhook that is read."""
_THROTTLED_SECONDS: Final = 5.0
"""Seconds to pause after Twilio throttles a call and does not say how long."""
_OK: Final = 200
_NOT_FOUND: Final = 404
_DELETED: Final = frozenset({204, _NOT_FOUND})
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500
_UNAUTHORIZED: Final = frozenset({401, 403})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_OPTED_OUT: Final = 21610
_NOT_FINISHED: Final = 20009
NOT_FINISHED: Final = Throttled(15 * 60)
"""Result of a deletion that is possible later: Twilio asks to wait several minutes."""
REDIRECTED: Final = (
    "Twilio sends what comes to the number to another address than public_url: if that was not you, somebody else reads"
    " it: change the auth token, set the number's addresses back, and delete unknown applications, trunks and services"
)


class _ErrorBody(msgspec.Struct):
    code: int = 0


class _Resource(msgspec.Struct):
    sid: Annotated[str, msgspec.Meta(min_length=1)]


class NumberState(msgspec.Struct):
    """Where Twilio sends what comes to a number, as the IncomingPhoneNumbers resource names it."""

    sms_url: str | None = None
    sms_fallback_url: str | None = None
    sms_application_sid: str | None = None
    """An application whose addresses count in place of the number's."""
    voice_url: str | None = None
    voice_fallback_url: str | None = None
    voice_application_sid: str | None = None
    trunk_sid: str | None = None
    """A trunk that takes the number's calls."""
    status_callback: str | None = None


class _Numbers(msgspec.Struct):
    incoming_phone_numbers: list[NumberState]


class _Files(msgspec.Struct):
    media_list: list[msgspec.Raw]


_decode_files = msgspec.json.Decoder(_Files).decode
_decode_numbers = msgspec.json.Decoder(_Numbers).decode
_decode_resource = msgspec.json.Decoder(_Resource).decode
_decode_error = msgspec.json.Decoder(_ErrorBody, strict=False).decode


class TwilioNumber(ProviderClient, ABC):
    """One number at Twilio: checks its requests, and is the HTTP client of its account."""

    name: Final = "twilio"

    def __init__(self, settings: TwilioSettings, public_url: str) -> None:
        super().__init__(settings.send_seconds)
        self._settings = settings
        self._public = public_url.rstrip("/")
        self._signature = TwilioSignature(
            settings.auth_token.get_secret_value(), public_url, settings.shared_key.get_secret_value()
        )
        credentials = f"{settings.account_sid}:{settings.auth_token.get_secret_value()}"
        self._authorization = {"Authorization": f"Basic {b64encode(credentials.encode()).decode()}"}
        self._base = URL(f"{settings.api_url}/2010-04-01/Accounts/{settings.account_sid}")

    @staticmethod
    def webhooks(*paths: str) -> Sequence[Endpoint]:
        return tuple(
            Endpoint(path=path, methods=("POST",), limit=_WEBHOOK_BYTES, signature_header=HEADER) for path in paths
        )

    def verify(self, raw: RawRequest) -> bool:
        """Check the signature, which covers the URL with its query."""
        return self._signature.is_valid(raw)

    async def find_faults(self) -> Sequence[str]:
        """Ask Twilio where it sends what comes to the number: see `satark.api.FaultFinder`."""
        await self.open()
        try:
            return self._faults_of(await self._number_state())
        except OperatorError as error:
            return [str(error)]
        finally:
            await self.close()

    @abstractmethod
    def _faults_of(self, number: NumberState) -> Sequence[str]:
        """Say what is wrong with the addresses of a number, in sentences for the operator."""

    def is_at(self, path: str, *urls: str | None) -> bool:
        """Whether the first URL is our path's, and each other one too or empty. What follows `#` does not count."""
        first, *others = ((url or "").partition("#")[0] for url in urls)
        return first == self._public + path and {*others} <= {"", first}

    async def has_files(self, message: str) -> bool:
        """Whether a file is attached to a message, or Twilio does not say."""
        with suppress(OperatorError, *DECODING_ERRORS):
            status, body = await self._get(self._base / f"Messages/{message}/Media.json")
            return status != _NOT_FOUND and bool(_decode_files(body).media_list)
        return True

    async def _number_state(self) -> NumberState:
        numbers = self._base / "IncomingPhoneNumbers.json"
        status, body = await self._get(numbers.with_query(PhoneNumber=self._settings.number))
        with suppress(*DECODING_ERRORS, ValueError):
            (state,) = _decode_numbers(body).incoming_phone_numbers
            return state
        code = _error_code(body) or f"http-{status}"
        raise OperatorError(f"Twilio shows no such number (code {code}): look at account_sid, auth_token and number")

    async def _get(self, url: URL) -> tuple[int, bytes]:
        try:
            async with self.session.get(url, headers=self._authorization, allow_redirects=False) as response:
                return response.status, await read_answer(response.content, _MAX_RESPONSE_BYTES)
        except (aiohttp.ClientError, OSError) as error:
            text = f"Twilio can't be reached ({type(error).__name__}): look at this machine's network and at api_url"
            raise OperatorError(text) from None

    async def call(self, method: str, path: str, form: bytes = b"") -> SendResult:
        """Post a form to a path below the account, or delete the resource there (`DELETE`), and return the result.

        Never raises for a failure of Twilio or of the network.
        """
        headers = {**self._authorization, "Content-Type": "application/x-www-form-urlencoded"}
        try:
            async with self.session.request(
                method, self._base / path, data=form, headers=headers, allow_redirects=False
            ) as response:
                body = await read_answer(response.content, _MAX_RESPONSE_BYTES)
        except TimeoutError:
            return Transient("timeout")
        except (aiohttp.ClientError, OSError):
            return Transient("network")
        return self._result(response, body)

    @asynccontextmanager
    async def download(self, path: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """Download a file below the account as a stream.

        A missing file (404) is retried, since a recording may be announced before it is ready.

        Raises:
            MediaGone: the file is too large, or was deleted (410).
            OSError: Twilio or the network failed, the file is not there yet, or Twilio redirected to an unknown host.
        """
        try:
            async with await self._follow(self._base / path) as response:
                _check_status(response.status)
                yield file_chunks(response, self._settings.media_max_bytes)
        except aiohttp.ClientError as error:
            raise ConnectionError(f"media: {type(error).__name__}") from None

    async def _follow(self, url: URL) -> aiohttp.ClientResponse:
        """Get a file, following redirects. Credentials are sent to the API's host alone."""
        for _ in range(_MAX_REDIRECTS):
            own = url.origin() == self._base.origin()
            response = await self.get_file(url, self._settings.stall_seconds, self._authorization if own else None)
            if response.status not in _REDIRECTS:
                return response
            response.release()
            url = self._allowed_url(url.join(URL(response.headers.get("location", ""), encoded=True)))
        raise ConnectionError("media: too many redirects")

    def _allowed_url(self, url: URL) -> URL:
        known = url.scheme == "https" and url.host in self._settings.redirect_hosts
        if url.user is not None or not (known or url.origin() == self._base.origin()):
            raise PermissionError("media: the host is not in redirect_hosts")
        return url

    def _result(self, response: aiohttp.ClientResponse, body: bytes) -> SendResult:
        status = response.status
        if response.method == "DELETE" and status in _DELETED:
            return Accepted()
        if status < 300:  # noqa: PLR2004 - HTTP: success
            return Accepted() if _has_sid(body) else Transient("unconfirmed")
        code = _error_code(body)
        name = str(code or f"http-{status}")
        if status == _TOO_MANY:
            return Throttled(seconds_to_wait(response.headers.get("retry-after", ""), _THROTTLED_SECONDS), "account")
        if response.method == "DELETE" and code == _NOT_FINISHED:
            return NOT_FINISHED
        if status >= _SERVER_ERROR or code == _NOT_FINISHED:
            return Transient(name)
        if status in _UNAUTHORIZED or not code:  # without a code of Twilio's the answer is somebody else's
            return Misconfigured(name)
        return Blocked() if code == _OPTED_OUT else Permanent(name)


def _has_sid(body: bytes) -> bool:
    """Whether an answer is Twilio's own: a proxy or a captive portal answers 200 too."""
    with suppress(*DECODING_ERRORS):
        _decode_resource(body)
        return True
    return False


def _error_code(body: bytes) -> int:
    try:
        return _decode_error(body).code
    except DECODING_ERRORS:
        return 0


def _check_status(status: int) -> None:
    if status == 410:  # noqa: PLR2004 - HTTP: gone
        raise MediaGone("deleted at the provider")
    if status != _OK:
        raise ConnectionError(f"media: HTTP {status}")
