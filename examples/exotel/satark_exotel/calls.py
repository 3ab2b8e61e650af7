"""The provider of calls: one number at Exotel. Each method's rules: `satark.api.CallProvider`."""

from __future__ import annotations

import hmac
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, get_args
from urllib.parse import parse_qsl
from xml.etree.ElementTree import Element, SubElement, tostring

import aiohttp

from satark.api import (
    Ask,
    Call,
    CallRequest,
    CallStep,
    CallVerb,
    CallWebhook,
    Endpoint,
    GoOn,
    HangUp,
    Line,
    Malformed,
    MediaGone,
    MediaRef,
    Pause,
    Permanent,
    RawRequest,
    RawResponse,
    Record,
    Say,
    SendResult,
)
from satark_exotel.account import Account
from satark_words.languages import language

if TYPE_CHECKING:
    from satark_exotel.plugin import ExotelSettings

_is_file = re.compile(r"(?:/[\w-]+)*/[\w-]+\.(?:mp3|wav)", re.ASCII).fullmatch


class ExotelCalls(Account):
    """One number. Exotel calls a secret path for each step of a call, and does what the ExoML of the response says."""

    def __init__(self, settings: ExotelSettings, public_url: str) -> None:
        super().__init__(settings)
        self._secret = settings.path_secret.get_secret_value()
        self._steps = {f"/voice/exotel/{step}/{self._secret}": step for step in get_args(CallStep)}
        self._base = public_url.rstrip("/")
        self.account = f"voice:{settings.number}"

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """The webhook of each step."""
        return tuple(Endpoint(path=path, methods=("GET", "POST"), limit=64_000) for path in self._steps)

    def verify(self, raw: RawRequest) -> bool:
        """Compare the path with each webhook's path, in constant time."""
        return any(hmac.compare_digest(raw.path.encode(), path.encode()) for path in self._steps)

    def parse(self, raw: RawRequest) -> CallWebhook:
        """Read a step of a call from the query or the form."""
        try:
            sent = dict(parse_qsl(raw.query if raw.method == "GET" else raw.body.decode(), max_num_fields=50))
        except ValueError:
            raise Malformed("not a form") from None
        if not (sent.get("CallSid") and raw.path in self._steps):
            raise Malformed("not a call")
        seconds = sent.get("RecordingDuration", "")
        request = CallRequest(
            id=sent["CallSid"],
            step=self._steps[raw.path],
            state=raw.query,
            keys=(sent.get("DigitsPressed") or sent.get("digits", "")).strip('"'),
            recording=self._recording(sent.get("RecordingUrl", "")),
            seconds=int(seconds) if seconds.isdecimal() else None,
        )
        return CallWebhook(request=request)

    def reply(self, raw: RawRequest, verbs: Sequence[CallVerb]) -> RawResponse:
        """Return the verbs as ExoML."""
        document = Element("Response")
        for verb in verbs:
            self._write(document, verb)
        return RawResponse(media_type="application/xml; charset=utf-8", body=tostring(document, "utf-8"))

    def deletion_call(self, ref: MediaRef) -> None:
        """Return none: Exotel documents no way to delete a recording."""

    async def send(self, call: Call) -> SendResult:
        """Refuse: there is nothing to send."""
        return Permanent("method")

    @asynccontextmanager
    async def fetch(self, ref: MediaRef) -> AsyncIterator[AsyncIterator[bytes]]:
        """Download a recording. A missing recording (404) is retried: Exotel needs minutes to store one."""
        try:
            async with self._client.get(self._settings.recordings + ref.id, allow_redirects=False) as response:
                if response.status == 410:
                    raise MediaGone("deleted at the provider")
                if response.status != 200:
                    raise ConnectionError(f"recording: HTTP {response.status}")
                yield response.content.iter_chunked(64 * 1024)
        except aiohttp.ClientError as error:
            raise ConnectionError(f"recording: {type(error).__name__}") from None

    async def discard(self, ref: MediaRef) -> None:
        """Do nothing: Exotel keeps recordings for as long as the account says."""

    def _recording(self, url: str) -> MediaRef | None:
        path = url.removeprefix(self._settings.recordings)
        mime = "audio/wav" if path.endswith(".wav") else "audio/mpeg"
        return MediaRef(account=self.account, id=path, mime=mime) if path != url and _is_file(path) else None

    def _write(self, document: Element, verb: CallVerb) -> None:
        match verb:
            case Say():
                _read(document, verb.lines)
            case Pause():
                SubElement(SubElement(document, "Say"), "break", time=f"{verb.seconds}s")
            case Ask():
                keys = {"numDigits": str(verb.digits), "finishOnKey": "#" if verb.digits > 1 else ""}
                _read(self._step(document, "Gather", "keys", verb.state, timeout=str(verb.seconds), **keys), verb.lines)
            case Record():
                limits = {"maxLength": str(verb.seconds), "timeout": str(verb.silence), "finishOnKey": verb.end_keys}
                self._step(document, "Record", "record", verb.state, playBeep="true", **limits)
            case GoOn():
                SubElement(document, "Redirect", method="POST").text = self._url("keys", verb.state)
            case HangUp():
                SubElement(document, "Hangup")

    def _step(self, document: Element, tag: str, step: CallStep, state: str, **attributes: str) -> Element:
        return SubElement(document, tag, {"action": self._url(step, state), "method": "POST", **attributes})

    def _url(self, step: CallStep, state: str) -> str:
        return f"{self._base}/voice/exotel/{step}/{self._secret}?{state}"


def _read(verb: Element, lines: Iterable[Line]) -> None:
    for line in lines:
        if line.clip:
            SubElement(verb, "Play").text = line.clip
            continue
        said = SubElement(verb, "Say", language=(language(line.language).speech or line.language).partition("-")[0])
        spelled = "".join(", ".join(filter(str.isalnum, part)) if letters else part for part, letters in line.parts())
        said.text = spelled if line.pace == "normal" else ", ".join(line.text.split())
        if line.pause:
            SubElement(said, "break", time=f"{line.pause}s")
