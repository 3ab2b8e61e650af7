"""A local Graph API that uses WhatsApp's real protocol and refuses what Meta would refuse.

Tests, the benchmark and the phone simulator use it. It keeps everything in memory, and contacts no other host.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar, Literal
from urllib.parse import urlencode

import msgspec
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from satark_testing.processes.serving import Provider, ScriptedFaults
from satark_testing.whatsapp.limits import RefusedError, check_message, check_receipt, check_upload
from satark_testing.whatsapp.messages import BusinessMessage, Offer, Sender, Webhooks, batch, wamid

__all__ = ["BusinessMessage", "GraphPeer", "Offer", "Sender", "StoredMedia", "Webhooks", "batch", "wamid"]


ReceiptCallback = Callable[[dict[str, Any]], None]

_REMEMBERED = 100_000
_REENGAGEMENT = 131047
_is_bsuid = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[0-9A-Za-z]{1,128}").fullmatch
_decode = msgspec.json.Decoder().decode


class GraphPeer(Provider[BusinessMessage]):
    """One WhatsApp number at a simulated Meta.

    Serve `app` (see `satark_testing.processes.serving.serve`) and give its address to the channel as `graph_url`.
    """

    def __init__(
        self,
        *,
        app_secret: str,
        verify_token: str,
        access_token: str,
        phone_number_id: str,
        api_version: str = "v26.0",
    ) -> None:
        super().__init__("facebookexternalua")
        self._app_secret = app_secret.encode()
        self._verify_token = verify_token
        self._bearer = f"Bearer {access_token}"
        self.phone_number_id = phone_number_id
        self.webhooks = Webhooks(phone_number_id)
        self.sent: deque[BusinessMessage] = deque(maxlen=_REMEMBERED)
        """Every accepted message, oldest first, up to the last hundred thousand."""
        self.receipts: deque[str] = deque(maxlen=_REMEMBERED)
        """The ids of the messages that were marked as read."""
        self.uploads: list[str] = []
        """The media ids of the files that were uploaded, in order."""
        self.closed_windows: set[str] = set()
        """Addresses whose 24-hour window is closed. They accept only templates."""
        self.calls: dict[str, Callable[[str, str], Awaitable[None]]] = {}
        """Id of a call → the receiver of the service's actions on it, each with the answer to the offer (SDP)."""
        self.number_state = {"quality_rating": "GREEN", "status": "CONNECTED"}
        """The state that the API reports of its number."""
        self.callbacks: dict[str, str] = {}
        """Where webhooks go: `application`, and overrides of `phone_number` and `whatsapp_business_account`."""
        self.faults: GraphFaults = GraphFaults()
        self.files: dict[str, StoredMedia] = {}
        """The files by their media ids."""
        self.deleted: set[str] = set()
        """The ids of the files that the service deleted."""
        self._tickets: dict[str, str] = {}
        self._receipt_callbacks: list[ReceiptCallback] = []
        self.app = Starlette(routes=self._routes(f"/{api_version}"))

    def subscribe_receipts(self, callback: ReceiptCallback) -> Callable[[], None]:
        """Call a function with the JSON of each read receipt; return the function that unsubscribes."""
        self._receipt_callbacks.append(callback)
        return lambda: self._receipt_callbacks.remove(callback)

    def add_media(self, data: bytes, mime: str) -> dict[str, Any]:
        """Store a file at the simulated Meta; return the media node that webhooks carry."""
        media_id = str(secrets.randbelow(9 * 10**14) + 10**14)
        self.files[media_id] = StoredMedia(data, mime)
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        return {"id": media_id, "mime_type": mime, "sha256": digest}

    def sign(self, body: bytes) -> str:
        """Return the value of `X-Hub-Signature-256`."""
        return "sha256=" + hmac.digest(self._app_secret, body, "sha256").hex()

    async def post(self, url: str, body: bytes) -> int:
        """Sign a webhook and post it as Meta does; return the HTTP status."""
        headers = {"X-Hub-Signature-256": self.sign(body), "Content-Type": "application/json"}
        async with self.session.post(url, data=body, headers=headers) as response:
            await response.read()
            return response.status

    async def handshake(self, url: str) -> bool:
        """Verify a webhook as Meta does when it is registered; return whether the challenge came back."""
        challenge = "1158201444"
        fields = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": self._verify_token}
        async with self.session.get(f"{url}?{urlencode(fields)}") as response:
            return response.status == 200 and await response.text() == challenge  # noqa: PLR2004 - HTTP: OK

    def _routes(self, base: str) -> list[Route]:
        return [
            self.route("POST", f"{base}/{{number}}/messages", "messages", self._messages),
            self.route("POST", f"{base}/{{number}}/media", "upload", self._upload),
            self.route("POST", f"{base}/{{number}}/calls", "calls", self._act_on_call),
            self.route("GET", f"{base}/{self.phone_number_id}", "number", self._number),
            self.route("POST", f"{base}/{self.phone_number_id}", "override", self._override_number),
            self.route("POST", f"{base}/{{account}}/subscribed_apps", "override", self._override_account),
            self.route("GET", f"{base}/{{media_id}}", "media", self._describe),
            self.route("DELETE", f"{base}/{{media_id}}", "delete", self._delete),
            self.route("GET", "/download", "download", self._download),
        ]

    async def _messages(self, request: Request) -> Response:
        if request.path_params["number"] != self.phone_number_id:
            return error(100, "Unsupported post request", 400, subcode=33)
        return self._take(await request.body())

    def _take(self, body: bytes) -> Response:
        try:
            message = _decode(body)
            if isinstance(message, dict) and "status" in message:
                return self._take_receipt(message)
            check_message(message)
        except msgspec.DecodeError:
            return error(100, "Invalid JSON")
        except RefusedError as refused:
            return error(refused.code, refused.details)
        sent = BusinessMessage(id=wamid(), phone_number_id=self.phone_number_id, body=message)
        if sent.media_id and sent.media_id not in self.files:
            return error(100, "Invalid parameter: media id")
        if sent.address in self.closed_windows and sent.kind != "template":
            return error(_REENGAGEMENT, "More than 24 hours have passed since the customer last replied")
        self.sent.append(sent)
        self.publish(sent, sent.address)
        return JSONResponse(_accepted(sent))

    def _take_receipt(self, receipt: dict[str, Any]) -> Response:
        check_receipt(receipt)
        self.receipts.append(receipt["message_id"])
        for callback in self._receipt_callbacks:
            callback(receipt)
        return JSONResponse({"success": True})

    async def _upload(self, request: Request) -> Response:
        if request.path_params["number"] != self.phone_number_id:
            return error(100, "Unsupported post request", 400, subcode=33)
        async with request.form() as form:
            file, mime = form.get("file"), str(form.get("type", ""))
            if form.get("messaging_product") != "whatsapp" or not isinstance(file, UploadFile):
                return error(131008, "messaging_product and file are required")
            data = await file.read()
        try:
            check_upload(mime, data)
        except RefusedError as refused:
            return error(refused.code, refused.details)
        node = self.add_media(data, mime)
        self.uploads.append(node["id"])
        return JSONResponse({"id": node["id"]})

    async def _act_on_call(self, request: Request) -> Response:
        body = _decode(await request.body())
        act = self.calls.get(body["call_id"])
        if act is None:
            return error(138001, "Call not found")
        await act(body["action"], body.get("session", {}).get("sdp", ""))
        return JSONResponse({"success": True})

    async def _number(self, request: Request) -> Response:
        known = {**self.number_state, **({"webhook_configuration": self.callbacks} if self.callbacks else {})}
        asked = request.query_params.get("fields", "").split(",")
        return JSONResponse({"id": self.phone_number_id, **{name: known[name] for name in asked if name in known}})

    async def _override_number(self, request: Request) -> Response:
        return self._override("phone_number", _decode(await request.body())["webhook_configuration"])

    async def _override_account(self, request: Request) -> Response:
        return self._override("whatsapp_business_account", _decode(await request.body() or b"{}"))

    def _override(self, whose: str, given: Mapping[str, str]) -> Response:
        """Set an override, or remove it where none is given."""
        self.callbacks.pop(whose, None)
        if url := given.get("override_callback_uri"):
            self.callbacks[whose] = url
        return JSONResponse({"success": True})

    async def _describe(self, request: Request) -> Response:
        media_id = request.path_params["media_id"]
        media = self.files.get(media_id)
        if media is None:
            return error(100, "Object does not exist", 400, subcode=33)
        ticket = secrets.token_urlsafe(12)
        self._tickets[ticket] = media_id
        digest = media.sha256 if media.sha256 is not None else hashlib.sha256(media.data).hexdigest()
        return JSONResponse(
            {
                "messaging_product": "whatsapp",
                "url": media.url or f"{request.url.scheme}://{request.url.netloc}/download?mid={ticket}",
                "mime_type": media.mime,
                "sha256": digest,
                "file_size": str(len(media.data) if media.size is None else media.size),
                "id": media_id,
            }
        )

    async def _download(self, request: Request) -> Response:
        media = self.files.get(self._tickets.get(request.query_params.get("mid", ""), ""))
        if media is None:
            return Response(status_code=404)
        if media.expired:
            media.expired -= 1
            return Response(status_code=404)
        if media.redirect:
            return RedirectResponse(media.redirect, 302)
        headers = {"content-length": str(len(media.data))}
        return Response(media.data[: media.cut_after], media_type=media.mime, headers=headers)

    async def _delete(self, request: Request) -> Response:
        media_id = request.path_params["media_id"]
        if self.files.pop(media_id, None) is None:
            return error(100, "Object does not exist", 400, subcode=33)
        self.deleted.add(media_id)
        return JSONResponse({"success": True})

    def unauthorized(self, request: Request) -> Response | None:
        given = request.headers.get("authorization", "")
        if hmac.compare_digest(given.encode(), self._bearer.encode()):
            return None
        return error(190, "Invalid OAuth access token")


def _accepted(sent: BusinessMessage) -> dict[str, Any]:
    kind = "user_id" if _is_bsuid(sent.address) else "wa_id"
    return {
        "messaging_product": "whatsapp",
        "contacts": [{"input": sent.address, kind: sent.address}],
        "messages": [{"id": sent.id, "message_status": "accepted"}],
    }


class StoredMedia(msgspec.Struct):
    """A file at the provider. Tests may change the fields below `mime`."""

    data: bytes
    mime: str
    url: str = ""
    """The address to announce in place of the peer's own."""
    redirect: str = ""
    """The address to which the download is redirected."""
    expired: int = 0
    """Number of downloads that are answered 404, as Meta answers for an address older than five minutes."""
    size: int | None = None
    """The size to announce, in bytes."""
    sha256: str | None = None
    """The digest to announce."""
    cut_after: int | None = None
    """Number of bytes after which the download breaks off."""


Operation = Literal["messages", "media", "download", "delete", "upload"]

_STATUS = {0: 401, 3: 403, 10: 403, 190: 401, 132001: 404, 2: 503, 130429: 429} | dict.fromkeys(
    (1, 131000, 131016, 131045, 131057), 500
)
"""Error code → HTTP status; every other code has 400. Source: Meta, "Error codes" (older tables)."""


class GraphFaults(ScriptedFaults):
    """The scripted faults of the Graph API, by operation."""

    usual: ClassVar[str] = "messages"

    def fail_next(
        self,
        code: int,
        times: int = 1,
        http_status: int | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        on: Operation = "messages",
        details: str = "scripted",
        subcode: int | None = None,
    ) -> None:
        """Answer the next requests of one kind with an error envelope of this code."""
        for _ in range(times):
            self.answer_next(error(code, details, http_status, headers, subcode=subcode), on=on)


def error(
    code: int,
    details: str,
    http_status: int | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    subcode: int | None = None,
) -> JSONResponse:
    """Build Meta's error envelope."""
    problem: dict[str, Any] = {
        "message": f"(#{code}) {details}",
        "type": "OAuthException",
        "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": details},
        "fbtrace_id": "AkeTqUgVUFv",
    }
    if subcode is not None:
        problem["error_subcode"] = subcode
    return JSONResponse({"error": problem}, http_status or _STATUS.get(code, 400), dict(headers or {}))
