"""The channel `whatsapp`: implements the core's channel protocol, and checks that a webhook comes from Meta.

Source: Meta, WhatsApp Business Platform, "Create a webhook endpoint", sections "GET requests" and
"Validating payloads".
"""

import asyncio
import hmac
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final
from urllib.parse import parse_qs

import aiohttp
import msgspec

from satark.api import (
    Address,
    Batch,
    Call,
    CallRequest,
    ChannelContext,
    Endpoint,
    Inbound,
    MediaRef,
    Misconfigured,
    Outcome,
    Prompt,
    RawRequest,
    RawResponse,
    Receive,
    SendResult,
    Tap,
    command_token,
    read_answer,
)
from satark_files.decoding import DECODING_ERRORS
from satark_whatsapp import rendering
from satark_whatsapp.attachments import ATTACHMENT, WhatsAppAttachmentSender, attachments
from satark_whatsapp.calls.call_provider import WhatsAppCalls
from satark_whatsapp.graph_api import MAX_RESPONSE_BYTES, GraphApi, error_of
from satark_whatsapp.settings import WhatsAppSettings
from satark_whatsapp.webhook_parser import WebhookParser, calls_in

PATH: Final = "/whatsapp/webhook"
SIGNATURE_HEADER: Final = "x-hub-signature-256"

_PREFIX: Final = b"sha256="
_WEBHOOK_BYTES: Final = 3 * 1024 * 1024
"""Size of the largest webhook: Meta sends up to 3 MB."""
_MAX_FIELDS: Final = 20
"""Most fields of a query; Meta sends three."""


class WhatsAppChannel:
    """One WhatsApp app at Meta with one or more numbers. Implements `satark.api.Channel`.

    Without a `context` it sends no attachments. `calls` carry the calls inside WhatsApp, one for each number; empty:
    calls are off. With a `public_url` it checks that Meta sends the webhooks there.
    """

    name: Final = "whatsapp"

    def __init__(
        self,
        settings: WhatsAppSettings,
        context: ChannelContext | None = None,
        calls: Sequence[WhatsAppCalls] = (),
        public_url: str = "",
    ) -> None:
        self._settings = settings
        self._webhook = f"{public_url.rstrip('/')}{PATH}" if public_url else ""
        self._app_secret = settings.app_secret.get_secret_value().encode()
        self._verify_token = settings.verify_token.get_secret_value().encode()
        self._numbers = {f"{self.name}:{number}": number for number in settings.phone_number_ids}
        self._parser = WebhookParser(
            {number: account for account, number in self._numbers.items()},
            receipts=settings.read_receipts,
        )
        self._graph = GraphApi(settings)
        self._attachments = WhatsAppAttachmentSender(self._graph, settings, context)
        self._context = context
        self.calls = {one.number: one for one in calls}
        """Number → the provider that carries its calls."""
        self._ended: asyncio.Queue[CallRequest] = asyncio.Queue()
        for one in calls:
            one.ended = self._ended
        self.capabilities = msgspec.structs.replace(
            rendering.CAPABILITIES, forms=tuple(settings.forms), calls=bool(calls)
        )
        self._notice_clips()

    @property
    def accounts(self) -> Sequence[str]:
        """One account per number: `whatsapp:<phone_number_id>`."""
        return tuple(self._numbers)

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """The app's one webhook, for all its numbers."""
        return (Endpoint(path=PATH, methods=("GET", "POST"), limit=_WEBHOOK_BYTES, signature_header=SIGNATURE_HEADER),)

    def verify(self, raw: RawRequest) -> bool:
        """Check the verify token of a GET, or the signature of a POST."""
        if raw.method == "GET":
            return _is_verification(raw, self._verify_token)
        return raw.method == "POST" and _is_signed(raw, self._app_secret)

    def parse(self, raw: RawRequest) -> Batch:
        """Parse a webhook. The GET that verifies the subscription carries no events.

        Raises:
            satark.api.Malformed: the body is not a WhatsApp webhook.
        """
        return Batch() if raw.method == "GET" else self._parser.parse(raw.body)

    def reply(self, raw: RawRequest, outcome: Outcome) -> RawResponse:
        """Answer a verification request with its challenge, byte for byte, and a webhook with an empty 200.

        The calls in a webhook are handed to their providers.
        """
        del outcome  # prompts are sent as separate calls
        if self.calls and raw.method == "POST":
            for number, event, senders in calls_in(raw.body):
                if number in self.calls:
                    self.calls[number].take(event, senders)
        return RawResponse(body=_challenge(raw) if raw.method == "GET" else b"")

    async def listen(self, receive: Receive) -> None:
        """Let the chat continue after each call: see `satark.api.ListeningChannel`."""
        event = Tap(command_token("hung_up"))
        while True:
            call = await self._ended.get()
            told = Inbound(account=call.chat_account, event_key=f"{call.id}:ended", senders=call.senders, event=event)
            try:
                await receive(Batch(inbound=[told]))
            except Exception:
                self._ended.put_nowait(call)  # for when the database answers again
                raise

    def render(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Render a prompt as buttons, a list, a form, a location request or text, followed by its attachments."""
        self._notice_clips()
        form = rendering.form_control(prompt, self._settings.forms, self._settings.forms_mode) if prompt.form else None
        calls = rendering.render(prompt, account, to, form)
        if prompt.receipt is not None or prompt.spoken is not None:
            calls += attachments(prompt, account, to)
        return calls

    def notice(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Render a notice. If the reply window is closed, one template in the prompt's language is sent instead."""
        first, *rest = self.render(prompt, account, to)
        name = self._template(prompt.language)
        if name is None:
            return (first, *rest)
        fallback = rendering.template(*name, to)
        return (msgspec.structs.replace(first, fallback=fallback), *rest)

    async def find_faults(self) -> Sequence[str]:
        """Ask Meta for each number's state, and where it sends the webhooks: see `satark.api.FaultFinder`."""
        await self._graph.open()
        try:
            found = [await number_problem(self._graph, number, self._webhook) for number in self._numbers.values()]
        finally:
            await self._graph.close()
        return [problem for problem in found if problem]

    async def open(self) -> None:
        await self._graph.open()

    async def close(self) -> None:
        await self._attachments.close()
        await self._graph.close()

    async def send(self, call: Call, call_id: str) -> SendResult:
        """Make one call. The statuses of the message carry `call_id`."""
        number = self._numbers.get(call.account)
        if number is None:
            return Misconfigured("account")
        if call.method == ATTACHMENT:
            return await self._attachments.send(number, call, call_id)
        body, is_message = call.body, call.method == rendering.MESSAGES
        if is_message:
            body = body[:-1] + b',"biz_opaque_callback_data":' + msgspec.json.encode(call_id) + b"}"
        return await self._graph.send(number, call.account, body, is_message=is_message)

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        return self._graph.fetch(ref, self._numbers.get(ref.account))

    async def discard(self, ref: MediaRef) -> None:
        await self._graph.discard(ref, self._numbers.get(ref.account))

    def _template(self, language: str) -> tuple[str, str] | None:
        """Return the notice template of a language or its base language (`hi` for `hi-IN`): name and language.

        If the language has none (Meta accepts none in Bhojpuri), return the first template of the settings.
        """
        templates = self._settings.notice_templates
        for code in (language, language.partition("-")[0], *templates):
            if code in templates:
                return templates[code], code
        return None

    def _notice_clips(self) -> None:
        """Add voice notes to `capabilities` once clips exist."""
        if not self.capabilities.voice_notes and self._context and self._context.voice_notes.ready:
            self.capabilities = msgspec.structs.replace(self.capabilities, voice_notes=True)


def _is_signed(raw: RawRequest, app_secret: bytes) -> bool:
    """Check `X-Hub-Signature-256`, the lower-case hex HMAC-SHA256 of the body's exact bytes, in constant time."""
    given = raw.headers.get(SIGNATURE_HEADER, "").encode("utf-8", "replace")
    # Not `hmac.digest`, which gives up the interpreter lock for any length: in a busy process it takes a millisecond.
    expected = _PREFIX + hmac.new(app_secret, raw.body, "sha256").hexdigest().encode()
    return hmac.compare_digest(given, expected)


def _is_verification(raw: RawRequest, verify_token: bytes) -> bool:
    """Whether a GET verifies the webhook's address: each parameter once, and the verify token (in constant time)."""
    return bool(_field(raw, "hub.mode") == b"subscribe" and _challenge(raw)) and hmac.compare_digest(
        _field(raw, "hub.verify_token"), verify_token
    )


def _challenge(raw: RawRequest) -> bytes:
    """Return the challenge of a verification request, byte for byte; empty if there is none."""
    return _field(raw, "hub.challenge")


def _field(raw: RawRequest, name: str) -> bytes:
    """Return the bytes of a field of the query; empty unless the query has few fields and this field once."""
    try:
        values = parse_qs(raw.query, encoding="latin-1", max_num_fields=_MAX_FIELDS).get(name, [])
    except ValueError:
        return b""
    return values[0].encode("latin-1", "replace") if len(values) == 1 else b""


_REDIRECTED: Final = (
    "Meta sends the number's messages to another address than public_url: if that was not you, somebody else reads"
    " them: revoke access_token, reset app_secret, and remove the override (override_callback_uri)"
)
_OK: Final = 200
_LOW: Final = "RED"
_CONNECTED: Final = "CONNECTED"
_TOKEN: Final = 190
_TOO_MANY: Final = 429


class Webhooks(msgspec.Struct):
    """Where Meta sends the webhooks of a number (Meta, "Webhook overrides"): the first of these that is set."""

    phone_number: str = ""
    """Override of the number."""
    whatsapp_business_account: str = ""
    """Override of the account, as `subscribed_apps` shows it."""
    application: str = ""

    @property
    def url(self) -> str:
        return self.phone_number or self.whatsapp_business_account or self.application


class NumberState(msgspec.Struct):
    """Fields of a number (Meta, "WhatsApp Business Account Phone Number API")."""

    quality_rating: str = ""
    status: str = ""
    webhook_configuration: Webhooks = msgspec.field(default_factory=Webhooks)


_decode = msgspec.json.Decoder(NumberState).decode


async def number_problem(graph: GraphApi, number: str, webhook: str = "") -> str:
    """Ask Meta for the state of a number. Return the problem, in words for the operator. Empty: there is none.

    `webhook`: our URL, to which Meta must send the number's webhooks; empty: it is not known.
    """
    try:
        async with graph.get(graph.number_url(number)) as response:
            status, content = response.status, await read_answer(response.content, MAX_RESPONSE_BYTES)
    except TimeoutError:
        return "Meta does not answer in time: can this machine reach graph.facebook.com?"
    except (aiohttp.ClientError, OSError) as error:
        return f"Meta can't be reached ({type(error).__name__}): look at this machine's network and at graph_url"
    if status == _OK:
        return _problem_of(content, webhook)
    refused = error_of(content)
    code = refused.code if refused else f"http-{status}"
    if code == _TOKEN:
        return "Meta refuses the access token (code 190): it was revoked or ran out; make a new one (access_token)"
    if status == _TOO_MANY:
        return f"Meta throttles us (code {code}): it answers again once fewer calls are made"
    return f"Meta refuses to show the number (code {code}): look at phone_number_id, and at the token's permissions"


def _problem_of(content: bytes, webhook: str) -> str:
    try:
        state = _decode(content)
    except DECODING_ERRORS:
        return "Meta answers something else than a number: look at graph_url"
    if webhook and state.webhook_configuration.url not in {"", webhook}:  # empty: the token may not see it
        return _REDIRECTED
    if state.status and state.status != _CONNECTED:
        status = state.status.lower()[:20]
        return f"the number is {status} at Meta: register it with its PIN (docs/operations.md, WhatsApp)"
    if state.quality_rating == _LOW:
        return "Meta rates the number's quality as low: people block or report it, and its limits will fall"
    return ""
