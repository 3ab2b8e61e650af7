"""A local Twilio: its REST API with messages, media and recordings, and the signature of its webhooks.

It keeps everything in memory, and contacts no other host. Its users are in `satark_testing.twilio.people`.
"""

import base64
import hmac
import secrets
from collections import deque
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from satark_testing.processes.serving import Provider, ScriptedFaults

ACCOUNT_SID = "AC" + "5" * 32
AUTH_TOKEN = "twilio-auth-token"  # noqa: S105 - a test's
NUMBER = "+15550100100"
"""A number that nobody has: 555-01xx is reserved for fiction."""

_MOST_CHARACTERS = 1600


def new_sid(prefix: str) -> str:
    """Make an id as Twilio does: two letters and 32 hex digits."""
    return prefix + secrets.token_hex(16)


class TwilioMessage(msgspec.Struct):
    """A message that the simulated Twilio stores."""

    sid: str
    to: str
    body: str
    under_way: bool = False
    """Whether it is being sent. It can't be deleted yet then."""


class File(msgspec.Struct):
    """A stored file: an attachment or a recording."""

    data: bytes
    mime: str
    redirect: str = ""
    """The URL to which a download is redirected."""
    missing: int = 0
    """Number of downloads that are answered 404 before the file is ready."""
    gone: bool = False
    """Whether the file was deleted. A download is then answered 410."""


class TwilioPeer(Provider[TwilioMessage]):
    """One account with one number. Serve `app` and give its address as `api_url`.

    Args:
        account_sid: the account's id.
        auth_token: its secret.
        number: its number.
        served: public address → local address. Webhooks are signed for the first and posted to the second.
    """

    def __init__(
        self,
        *,
        account_sid: str = ACCOUNT_SID,
        auth_token: str = AUTH_TOKEN,
        number: str = NUMBER,
        served: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.account_sid = account_sid
        self.number = number
        self.messages: dict[str, TwilioMessage] = {}
        """Every stored message by id, including messages to the service."""
        self.sent: deque[TwilioMessage] = deque(maxlen=10_000)
        """The messages that the service created through the API, in order."""
        self.calls: dict[str, bool] = {}
        """Every recorded call by id → whether it goes on."""
        self.files: dict[str, File] = {}
        """Attachments and recordings by their paths below the account."""
        self.deleted: set[str] = set()
        self.opted_out: set[str] = set()
        """Numbers that sent STOP. They get no message until they send START (Twilio's error 21610)."""
        self.addresses: dict[str, str] = {}
        """Where what comes to the number goes: fields of the IncomingPhoneNumbers resource."""
        self._token = auth_token.encode()
        self._served = dict(served or {})
        self.faults = ScriptedFaults()
        base = f"/2010-04-01/Accounts/{account_sid}"
        self.app = Starlette(
            routes=[
                self.route("POST", f"{base}/Messages.json", "send", self._create),
                self.route("POST", f"{base}/Messages/{{sid}}.json", "redact", self._update),
                self.route("GET", f"{base}/IncomingPhoneNumbers.json", "numbers", self._numbers),
                self.route("GET", f"{base}/Messages/{{sid}}/Media.json", "files", self._list_files),
                self.route("GET", f"{base}/{{path:path}}", "download", self._download),
                self.route("DELETE", f"{base}/{{path:path}}", "delete", self._delete),
            ]
        )

    def configure(self, public_url: str) -> None:
        """Enter the addresses of a service in the console."""
        self.addresses = {
            "sms_url": f"{public_url}/sms/webhook#rc=5&rp=all",
            "voice_url": f"{public_url}/voice/webhook#rc=5&rp=all",
            "status_callback": f"{public_url}/voice/webhook/status",
        }

    def settings(self, url: str) -> dict[str, str]:
        """Return the environment of a service that uses this peer, served at `url`, as Twilio."""
        return {
            "SATARK_TWILIO__ACCOUNT_SID": self.account_sid,
            "SATARK_TWILIO__AUTH_TOKEN": self._token.decode(),
            "SATARK_TWILIO__NUMBER": self.number,
            "SATARK_TWILIO__API_URL": url,
        }

    def deliver(self, to: str, body: str) -> TwilioMessage:
        """Store a message, and call the subscribers of its number."""
        message = TwilioMessage(new_sid("SM"), to, body)
        self.messages[message.sid] = message
        self.publish(message, to)
        return message

    def fail_next(self, status: int, code: int = 0, headers: Mapping[str, str] | None = None, times: int = 1) -> None:
        """Answer the next requests with an error."""
        self.faults.answer_next(_error(code, status, headers), times)

    def add_media(self, message: str, data: bytes, mime: str, base: str = "https://api.twilio.com") -> str:
        """Attach a file to a message; return the URL that a webhook carries for it."""
        path = f"Messages/{message}/Media/{new_sid('ME')}"
        self.files[path] = File(data, mime)
        return f"{base}/2010-04-01/Accounts/{self.account_sid}/{path}"

    def add_recording(self, data: bytes) -> str:
        """Store a recording; return its id."""
        sid = new_sid("RE")
        self.files[f"Recordings/{sid}"] = File(data, "audio/wav")
        return sid

    def sign(self, url: str, form: Mapping[str, str] | list[tuple[str, str]], algorithm: str = "sha1") -> str:
        """Return the value of `X-Twilio-Signature`: base64 of the HMAC of the address and the sorted fields."""
        pairs = form if isinstance(form, list) else list(form.items())
        signed = url + "".join(name + value for name, value in sorted(set(pairs)))
        return base64.b64encode(hmac.digest(self._token, signed.encode(), algorithm)).decode()

    async def post(self, url: str, form: Mapping[str, str]) -> tuple[int, bytes]:
        """Sign a webhook and post it, as Twilio would; return status and body of the answer."""
        headers = {"X-Twilio-Signature": self.sign(url, form), "Content-Type": "application/x-www-form-urlencoded"}
        public = next((address for address in self._served if url.startswith(address)), "")
        reached = self._served.get(public, "") + url.removeprefix(public)
        async with self.session.post(reached, data=urlencode(form).encode(), headers=headers) as response:
            return response.status, await response.read()

    async def _create(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        if form.get("From") != self.number or not form.get("Body"):
            return _error(21602)
        if len(form["Body"]) > _MOST_CHARACTERS:
            return _error(21617)
        if form["To"] in self.opted_out:
            return _error(21610)
        message = self.deliver(form["To"], form["Body"])
        self.sent.append(message)
        return JSONResponse({"sid": message.sid, "status": "queued"}, 201)

    async def _numbers(self, request: Request) -> Response:
        """List the number if it is asked for. What is not set is an empty text or null, as at Twilio."""
        empty = {"sms_url": "", "voice_url": "", "sms_application_sid": "", "trunk_sid": None}
        mine = request.query_params.get("PhoneNumber") == self.number
        found = [{"phone_number": self.number, **empty, **self.addresses}] if mine else []
        return JSONResponse({"incoming_phone_numbers": found})

    async def _update(self, request: Request) -> Response:
        """Redact a message. An empty body is the only allowed change."""
        message = self.messages.get(request.path_params["sid"])
        form: dict[str, Any] = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        if message is None:
            return _error(20404, 404)
        if form.get("Body") != "":
            return _error(20001)
        message.body = ""
        return JSONResponse({"sid": message.sid, "body": ""})

    async def _download(self, request: Request) -> Response:
        file = self.files.get(request.path_params["path"].removesuffix(".wav"))
        if file is None:
            return _error(20404, 404)
        if file.gone:
            return _error(20404, 410)
        if file.missing:
            file.missing -= 1
            return _error(20404, 404)
        return RedirectResponse(file.redirect, 307) if file.redirect else Response(file.data, media_type=file.mime)

    async def _delete(self, request: Request) -> Response:
        path = request.path_params["path"].removesuffix(".json")
        kind, _, sid = path.rpartition("/")
        records: dict[str, dict[str, Any]] = {"Messages": self.messages, "Calls": self.calls}
        record = records.get(kind, self.files).pop(sid if kind in records else path, None)
        if record is None:
            return _error(20404, 404)
        if record is True or getattr(record, "under_way", False):
            records[kind][sid] = record
            return _error(20009)
        for file in [one for one in self.files if one.startswith(f"{path}/")]:
            del self.files[file]
        self.deleted.add(path)
        return Response(status_code=204)

    async def _list_files(self, request: Request) -> Response:
        message = f"Messages/{request.path_params['sid']}"
        found = [{"sid": path.rpartition("/")[2]} for path in self.files if path.startswith(f"{message}/")]
        return JSONResponse({"media_list": found})

    def unauthorized(self, request: Request) -> Response | None:
        expected = base64.b64encode(f"{self.account_sid}:".encode() + self._token).decode()
        given = request.headers.get("authorization", "")
        return None if hmac.compare_digest(given, f"Basic {expected}") else _error(20003, 401)


def _error(code: int, status: int = 400, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"code": code, "status": status}, status, headers)
