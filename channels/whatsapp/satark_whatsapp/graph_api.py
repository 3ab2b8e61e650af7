"""Client of Meta's Graph API: pooled connections, no redirects, no cookies, nothing logged.

Every turn sends a message, so messages go through `satark_whatsapp.posting`. Files and states are rare and go through
aiohttp.

Source of downloads: Meta, WhatsApp Business Platform, "Media": the URL is valid for 5 minutes and needs the access
token; the media id of a webhook is valid for 7 days; after a 404 the URL has to be requested again.
"""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Annotated, Final

import aiohttp
import msgspec
from yarl import URL

from satark.api import (
    Accepted,
    MediaGone,
    MediaRef,
    Misconfigured,
    Permanent,
    ProviderClient,
    SendResult,
    Throttled,
    Transient,
    egress_connector,
    file_chunks,
    read_answer,
)
from satark_files.decoding import DECODING_ERRORS
from satark_whatsapp.errors import (
    PAIR_LIMIT,
    ErrorResponse,
    GraphError,
    send_result_of,
    send_result_of_status,
)
from satark_whatsapp.events import hex_digest
from satark_whatsapp.posting import HttpAnswer, Poster, PostFailed
from satark_whatsapp.settings import WhatsAppSettings
from satark_whatsapp.throttling import Throttling

_OK: Final = 200
_GONE: Final = (404, 410)
_UNKNOWN_OBJECT: Final = 100
MAX_RESPONSE_BYTES = 256 * 1024
_ALWAYS: Final = {"User-Agent": "satark", "Accept-Encoding": "identity"}

_decode_error = msgspec.json.Decoder(ErrorResponse, strict=False).decode


class _Object(msgspec.Struct):
    id: Annotated[str, msgspec.Meta(min_length=1)]


class _Sent(msgspec.Struct):
    messages: Annotated[list[_Object], msgspec.Meta(min_length=1)]


class _Shown(msgspec.Struct):
    success: bool

    def __post_init__(self) -> None:
        if not self.success:
            raise ValueError("not shown")


class MediaInfo(msgspec.Struct):
    """Meta's description of a media object."""

    url: str
    sha256: str | None = None
    file_size: int = 0


_decode_upload = msgspec.json.Decoder(_Object).decode
_decode_sent = msgspec.json.Decoder(_Sent).decode
_decode_shown = msgspec.json.Decoder(_Shown).decode
_decode_info = msgspec.json.Decoder(MediaInfo, strict=False).decode


class GraphApi(ProviderClient):
    def __init__(self, settings: WhatsAppSettings) -> None:
        super().__init__(settings.send_seconds, lambda: egress_connector(limit=settings.most_connections))
        self._settings = settings
        self._throttling = Throttling(settings)
        self._base = URL(f"{settings.graph_url}/{settings.api_version}")
        self._authorization = {"Authorization": f"Bearer {settings.access_token.get_secret_value()}"}
        self._poster: Poster | None = None
        self._messages: Mapping[str, bytes] = {}
        """Id of a number → the request head for sending the number's messages."""

    async def open(self) -> None:
        """Create the client for messages, and the session for everything else."""
        settings = self._settings
        self._poster = poster = Poster(
            str(self._base.origin()),
            connections=settings.most_connections,
            connect_seconds=self.connect_seconds,
            answer_seconds=settings.send_seconds,
            largest_answer=MAX_RESPONSE_BYTES,
        )
        headers = {**self._authorization, "Content-Type": "application/json", **_ALWAYS}
        self._messages = {
            number: poster.head((self._base / number / "messages").raw_path, headers)
            for number in settings.phone_number_ids
        }
        await super().open()

    async def close(self) -> None:
        await super().close()
        if self._poster is not None:
            self._poster.close()
            self._poster = None

    async def send(self, number: str, account: str, body: bytes, *, is_message: bool = True) -> SendResult:
        """Post one body to `/{number}/messages`. Never raises for a failure of Meta or of the network.

        `is_message`: the body is a message, sent once Meta returns its id; else it is a mark "read" or "typing…".
        """
        if self._poster is None:
            raise RuntimeError("the client is not open")
        try:
            answer = await self._poster.post(self._messages[number], body)
        except PostFailed as failed:
            return Transient(failed.code)
        if answer.status == _OK:
            return self._confirmed(answer.content, account, body, _decode_sent if is_message else _decode_shown)
        error = error_of(answer.content)
        if error is not None and error.code == PAIR_LIMIT:
            return Throttled(self._throttling.recipient_throttled(account, body), "conversation")
        return self._failure(answer, error, f"http-{answer.status}")

    def _confirmed(self, answer: bytes, account: str, body: bytes, decode: Callable[[bytes], object]) -> SendResult:
        """Return `Accepted` only for an answer of Meta's own: a proxy or a captive portal answers 200 too."""
        try:
            decode(answer)
        except DECODING_ERRORS:
            return Transient("unconfirmed")
        self._throttling.recipient_accepted(account, body)
        return Accepted()

    async def upload(self, number: str, data: bytes, mime: str) -> str | SendResult:
        """Upload a file. Return its media id, or the failure. Never raises for a failure of Meta or of the network."""
        form = aiohttp.FormData({"messaging_product": "whatsapp", "type": mime})
        form.add_field("file", data, filename="file", content_type=mime)
        answer = await self.post_form(self._base / number / "media", form)
        if not isinstance(answer, HttpAnswer):
            return answer
        if answer.status != _OK:
            return self._failure(answer, error_of(answer.content), "upload")
        try:
            return _decode_upload(answer.content).id
        except DECODING_ERRORS:
            return Transient("upload")

    async def act_on_call(self, number: str, call_id: str, action: str, sdp: str = "") -> bool:
        """Accept, reject or end a call; return whether Meta did so. `sdp`: the answer to the call's offer."""
        session = {"session": {"sdp_type": "answer", "sdp": sdp}} if sdp else {}
        body = {"messaging_product": "whatsapp", "call_id": call_id, "action": action, **session}
        answer = await self.post_form(self._base / number / "calls", aiohttp.JsonPayload(body))
        return isinstance(answer, HttpAnswer) and answer.status == _OK

    async def post_form(self, url: URL, form: aiohttp.FormData | aiohttp.Payload) -> HttpAnswer | Transient:
        """Post a form or JSON. Return Meta's answer, or `Transient` if the network failed."""
        headers = self._authorization
        try:
            async with self.session.post(url, data=form, headers=headers, allow_redirects=False) as response:
                found = {name.lower(): value for name, value in response.headers.items()}
                return HttpAnswer(response.status, found, await read_answer(response.content, MAX_RESPONSE_BYTES))
        except TimeoutError:
            return Transient("timeout")
        except (aiohttp.ClientError, OSError):
            return Transient("network")

    def _failure(self, answer: HttpAnswer, error: GraphError | None, code: str) -> SendResult:
        seconds = self._throttling.account_delay(answer.headers)
        if error:
            return send_result_of(error, seconds, answer.status)
        result = send_result_of_status(answer.status, code, seconds)
        # Without an error of Meta's own the answer is somebody else's: the message is kept.
        return Misconfigured(code) if isinstance(result, Permanent) else result

    def get(self, url: URL) -> aiohttp.client._RequestContextManager:
        """Send a GET with the access token."""
        return self.session.get(url, headers=self._authorization, allow_redirects=False)

    async def _download(self, url: URL) -> aiohttp.ClientResponse:
        """Begin a download with the access token. The caller has checked that the host may see it."""
        return await self.get_file(url, self._settings.stall_seconds, self._authorization)

    async def delete(self, url: URL) -> None:
        """Delete an object, if Meta allows it. Failures are ignored."""
        try:
            async with self.session.delete(url, headers=self._authorization, allow_redirects=False) as response:
                await read_answer(response.content, MAX_RESPONSE_BYTES)
        except (aiohttp.ClientError, OSError):
            return

    @asynccontextmanager
    async def fetch(self, ref: MediaRef, number: str | None) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a file as a stream. Its size and SHA-256 are checked before the stream ends.

        Raises:
            MediaGone: Meta no longer has the file, or the file is too large.
            OSError: Meta or the network failed, or Meta named a host that is not in `media_hosts`. Try again later.
        """
        if number is None:
            raise ConnectionError("media: the number is not configured")
        try:
            info = await self._info(ref, number)
            response = await self._download(self._allowed_url(info.url))
            if response.status in _GONE:
                response.release()
                info = await self._info(ref, number)
                response = await self._download(self._allowed_url(info.url))
            async with response:
                if response.status != _OK:
                    raise _error(response.status, b"")
                async with aclosing(self._verified(response, ref, info)) as chunks:
                    yield chunks
        except aiohttp.ClientError as error:  # its text contains the URL
            raise ConnectionError(f"media: {type(error).__name__}") from None

    async def discard(self, ref: MediaRef, number: str | None) -> None:
        """Delete a file at Meta, if Meta allows it."""
        if number is not None:
            await self.delete(self.media_url(ref.id, number))

    async def _info(self, ref: MediaRef, number: str) -> MediaInfo:
        async with self.get(self.media_url(ref.id, number)) as response:
            body = await read_answer(response.content, MAX_RESPONSE_BYTES)
        if response.status != _OK:
            raise _error(response.status, body)
        try:
            info = _decode_info(body)
        except DECODING_ERRORS:
            raise ConnectionError("media: the response can't be decoded") from None
        if info.file_size > self._settings.media_max_bytes:
            raise MediaGone("too large")
        return info

    def _allowed_url(self, text: str) -> URL:
        """Check that a URL's host may see the access token.

        Raises:
            PermissionError: the host may not. The download is retried, since the operator can add the host.
        """
        try:
            url = URL(text, encoded=True)
        except ValueError:
            raise PermissionError("media: not a URL") from None
        trusted = url.scheme == "https" and url.authority in self._settings.media_hosts
        is_local = f"{url.scheme}://{url.authority}" == (self._settings.local_origin or None)
        if url.user is not None or not (trusted or is_local):
            raise PermissionError("media: the host is not in media_hosts")
        return url

    async def _verified(
        self, response: aiohttp.ClientResponse, ref: MediaRef, info: MediaInfo
    ) -> AsyncGenerator[bytes, None]:
        digest = hashlib.sha256()
        size = 0
        async for chunk in file_chunks(response, self._settings.media_max_bytes, max(ref.size, info.file_size)):
            size += len(chunk)
            digest.update(chunk)
            yield chunk
        _check_content(size, digest.hexdigest(), ref, info)

    def object_url(self, object_id: str, edge: str) -> URL:
        """Return the address of an object's edge, such as the flows of a business account."""
        return self._base / object_id / edge

    def number_url(self, number: str) -> URL:
        """Return the address of a number's state."""
        return (self._base / number).with_query(fields="quality_rating,status,webhook_configuration")

    def media_url(self, media_id: str, number: str) -> URL:
        """Return the address of a media object. With `phone_number_id` Meta refuses media sent to another number."""
        return (self._base / media_id).with_query(phone_number_id=number)


def error_of(body: bytes) -> GraphError | None:
    """Decode the error of an API response. None: the body reports no error."""
    try:
        return _decode_error(body).error
    except DECODING_ERRORS:
        return None


def _error(status: int, body: bytes) -> Exception:
    error = error_of(body)
    if status in _GONE or (error is not None and error.code == _UNKNOWN_OBJECT):
        return MediaGone("unknown at Meta")
    return ConnectionError(f"media: HTTP {status}, code {error.code if error else 'none'}")


def _check_content(size: int, digest: str, ref: MediaRef, info: MediaInfo) -> None:
    announced = {known for known in (ref.sha256, hex_digest(info.sha256)) if known}
    if announced - {digest} or (not announced and info.file_size and size != info.file_size):
        raise ConnectionError("media: not the announced file")
