"""Satark's own channels, each described as an outside author would describe a channel.

Each function imports its channel, so that a mutant can be imported in its place.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from satark.api.channel import RawRequest
from satark.api.inbound import Address, Edited, Event, Media, MediaRef, Moved, Pin, Revoked, Text
from satark.api.outbound import Blocked, Call, Delivered, Misconfigured, Throttled, WindowClosed
from satark.api.prompt import Choice
from satark_testing.contracts.channel import ChannelCase, Peer, Received, Reply, Said, sample_channel_context
from satark_testing.contracts.channel_case import Meaning
from satark_testing.telegram.bot_api import Person, Updates, check_limits
from satark_testing.telegram.citizen import content
from satark_testing.twilio.api import ACCOUNT_SID, AUTH_TOKEN, NUMBER, TwilioPeer
from satark_testing.whatsapp.graph_api import GraphPeer
from satark_testing.whatsapp.limits import check_message
from satark_testing.whatsapp.messages import Sender
from support.telegram_description import Description

CHANNELS: Final = Path(__file__).parents[2] / "channels"
PUBLIC: Final = "https://satark.example"
PHONE: Final = "+919876543210"
_FILE: Final = bytes(range(256)) * 700
_META: Final = {
    "app_secret": "app-secret",
    "verify_token": "verify-token",
    "access_token": "access-token",
    "phone_number_id": "106540352242922",
}
_CHALLENGE: Final = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=verify-token"
_NEWS: Final = {"hi": "satark_notice", "en": "satark_news"}
WHATSAPP_IDENTIFIERS: Final = (
    "919876543210",
    "13491208655302741918",
    "US.1234",
    "IN.222NEW",
    "919000000001",
    "90000 00001",
    "98765 43210",
    "Sunita",
    "sunita",
    "Planted",
    "Aadhaar",
)
_SENDING: Final = ("/sendMessage", "/sendVoice", "/sendPhoto")
_TELEGRAM: Final = {"token": "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", "secret_token": "a-secret-of-ours_1"}
_ATTACHED: Final = {"file_id": "BQACAgUAAxkBAAIB", "file_unique_id": "AgADqQ", "file_size": len(_FILE)}
_TWILIO: Final = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN, "number": NUMBER}
_MORE: Final = {"FromCity": "VARANASI", "FromZip": "221005", "ProfileName": "Sunita", "NumMedia": "0"}
TWILIO_IDENTIFIERS: Final = ("919876543210", "9876543210", "VARANASI", "221005", "Sunita", "elsewhere.example")


def whatsapp_case(to: str = "IN.13491208655302741918") -> ChannelCase:
    """Describe the WhatsApp channel."""
    from satark_whatsapp.channel import WhatsAppChannel  # noqa: PLC0415 - see the module's docstring
    from satark_whatsapp.settings import WhatsAppSettings  # noqa: PLC0415

    def channel(url: str = "https://graph.example") -> WhatsAppChannel:
        more = {"graph_url": url, "notice_templates": _NEWS, "forms": {"hi": "1234567"}}
        return WhatsAppChannel(WhatsAppSettings.model_validate({**_META, **more}), sample_channel_context())

    account, uploads = channel().accounts[0], dict[str, bytes]()
    peer = Peer(
        channel=channel,
        read=partial(_read_whatsapp, uploads),
        answer=partial(_answer_whatsapp, uploads),
        call_id=lambda request: json.loads(request.body).get("biz_opaque_callback_data", ""),
        deletes=lambda request: request.path.rpartition("/")[2] if request.method == "DELETE" else "",
        files=[(MediaRef(account=account, id="1234567890", mime="image/jpeg", sha256=_DIGEST.hexdigest()), _FILE)],
        announces_size=True,
        files_public=False,
        results=[
            (_graph_error(131047), WindowClosed),
            (_graph_error(131026), Blocked),
            (_graph_error(190), Misconfigured),
            (_graph_error(130429), Throttled(after=5, scope="account")),
            (_graph_error(131056), Throttled(after=1, scope="conversation")),
        ],
        fallbacks=_NEWS,
        secrets=("access-token", "app-secret"),
    )
    return ChannelCase(
        channel=channel(),
        to=Address(to),
        genuine=_whatsapp_requests(),
        identifiers=WHATSAPP_IDENTIFIERS,
        texts=("थाने के पास जुआ 🎲", "Hi"),
        means=_whatsapp_meanings(),
        moved_to=[*map(Address, ("IN.222NEW", "919000000001"))],
        replies=[(RawRequest(method="GET", path="/whatsapp/webhook", query=_CHALLENGE), b"1158201444")],
        tapped=lambda choice: _from_meta(GraphPeer(**_META).webhooks.tap(_SUNITA, choice.token, choice.label)),
        accepts=lambda call: check_message(json.loads(call.body)) if call.method == "messages" else None,
        peer=peer,
    )


_EARLIER: Final = "wamid.HBgMOTE5ODc2NTQzMjEwFQIAEhgUM0E0QTY1OTlBRUUwMzgxMDE0NEYA"
"""The message that the examples of edits and deletions refer to."""


def _whatsapp_requests() -> list[RawRequest]:
    """Sign every example. An example with several versions of a message becomes several requests."""
    meta, seen = GraphPeer(**_META), set[str]()
    requests = []
    for number, path in enumerate(sorted((CHANNELS / "whatsapp/payloads").glob("*.json"))):
        text = path.read_text()
        for name in set(re.findall(r'"id": "(wamid\.[^"]+)"', text)):
            if name in seen:
                text = text.replace(f'"id": "{name}"', f'"id": "{name}{number}"')
            seen.add(name)
        body = text.replace("wamid.gBGG", _EARLIER).encode()
        headers = {"x-hub-signature-256": meta.sign(body)}
        requests.append(RawRequest(method="POST", path="/whatsapp/webhook", headers=headers, body=body))
    return requests


_SUNITA: Final = Sender(wa_id="919876543210")
_DIGEST: Final = hashlib.sha256(_FILE)
_LATE: Final = Delivered(call_id="call-1", result=Misconfigured(code="131042"))
_PHOTO: Final = {"id": "1234567890", "mime_type": "image/jpeg", "sha256": b64encode(_DIGEST.digest()).decode()}


def _from_meta(body: bytes) -> RawRequest:
    headers = {"x-hub-signature-256": GraphPeer(**_META).sign(body)}
    return RawRequest(method="POST", path="/whatsapp/webhook", headers=headers, body=body)


def _whatsapp_meanings() -> list[tuple[RawRequest, Sequence[Meaning]]]:
    hooks, ref = GraphPeer(**_META).webhooks, MediaRef(account="", id="1")
    moved = _SUNITA, Sender(wa_id="919000000001")
    meant: list[tuple[bytes, Meaning]] = [
        (hooks.location(_SUNITA, 25.25, 83.01), Pin(25.25, 83.01)),
        (hooks.media(_SUNITA, "image", _PHOTO, caption="see"), Media(ref, "image", "see")),
        (hooks.media(_SUNITA, "voice", {"id": "1"}), Media(ref, "voice")),
        (hooks.edit(_SUNITA, "wamid.1", "Bye"), Edited("", "Bye")),
        (hooks.revoke(_SUNITA, "wamid.1"), Revoked("")),
        (hooks.moved(*moved), Moved()),
        (hooks.status("wamid.2", "failed", _SUNITA, callback_data="call-1", code=131042), _LATE),
        (hooks.value({"errors": [{"code": 130429, "title": "…"}]}), "130429"),
    ]
    return [(_from_meta(body), [event]) for body, event in meant]


def _graph_error(code: int) -> Reply:
    return Reply(400, json.dumps({"error": {"code": code, "message": "…"}}).encode())


def _read_whatsapp(uploads: Mapping[str, bytes], request: Received) -> Said | None:
    if not request.path.endswith("/messages"):
        return None
    message: dict[str, Any] = json.loads(request.body)
    shown = message.get("interactive", {})
    text = shown.get("body", {}).get("text") or message.get("text", {}).get("body", "")
    media = message.get("audio") or shown.get("header", {}).get("image", {})
    action = shown.get("action", {})
    replies = [one["reply"] for one in action.get("buttons", ())]
    rows = [row for section in action.get("sections", ()) for row in section["rows"]]
    choices = [Choice(one["id"], one["title"], one.get("description", "")) for one in (*replies, *rows)]
    to, file = message.get("to") or message.get("recipient", ""), uploads.get(media.get("id", ""), b"")
    return Said(to, text, file, choices)


def _answer_whatsapp(uploads: dict[str, bytes], request: Received) -> Reply:
    if request.path.endswith("/media"):
        uploads[f"media-{len(uploads)}"] = request.parts["file"]
        return Reply(200, json.dumps({"id": [*uploads][-1]}).encode())
    if request.path == "/file":
        return Reply(200, _FILE)
    if request.method == "GET":
        described = {"url": f"{request.url}/file", "sha256": _DIGEST.hexdigest(), "file_size": len(_FILE)}
        return Reply(200, json.dumps(described).encode())
    return Reply(200, b'{"messages":[{"id":"wamid.1"}]}')


def telegram_case() -> ChannelCase:
    """Describe the Telegram channel. Every call is checked against the official description of the Bot API."""
    from satark_telegram.channel import TelegramChannel  # noqa: PLC0415
    from satark_telegram.settings import TelegramSettings  # noqa: PLC0415

    def channel(url: str = "https://telegram.example") -> TelegramChannel:
        settings = TelegramSettings.model_validate({**_TELEGRAM, "api_url": url})
        return TelegramChannel(settings, PUBLIC, sample_channel_context())

    uploads = dict[str, bytes]()
    description = Description.load(CHANNELS / "telegram/bot_api_10.3.json")
    person = Person(id=8812345678, first_name="Sunita", last_name="Planted", username="sunita_planted_vns")
    file = MediaRef(account=channel().accounts[0], id="BQACAgUAAxkBAAIB", content="AgADqQ", size=len(_FILE))

    def accepts(call: Call) -> None:
        body = json.loads(call.body)
        description.check(call.method, body)
        check_limits(call.method, body)

    peer = Peer(
        channel=channel,
        read=partial(_read_telegram, uploads),
        answer=partial(_answer_telegram, uploads),
        throttle=lambda seconds: _telegram_error(429, "Too Many Requests", retry_after=_number(seconds)),
        refusal=_telegram_error(400, "Bad Request: message text is empty"),
        unauthorized=_telegram_error(401, "Unauthorized"),
        gone=_telegram_error(400, "Bad Request: invalid file_id"),
        results=[(_telegram_error(403, "Forbidden: bot was blocked by the user"), Blocked)],
        files=[(file, _FILE)],
        announces_size=True,
        files_public=False,
        secrets=(_TELEGRAM["token"], _TELEGRAM["secret_token"]),
    )
    return ChannelCase(
        channel=channel(),
        to=Address(str(person.id)),
        genuine=_telegram_requests(person),
        identifiers=(
            "8812345678",
            "Sunita",
            "Planted",
            "sunita_planted_vns",
            "919876543210",
            "document of mine",
        ),
        texts=("जुआ चल रहा है", "see", "Hello"),
        means=_telegram_meanings(person),
        tapped=lambda choice: _from_telegram(
            Updates().tap(person, choice.token, Updates().bare(person, {"text": choice.label}))
        ),
        accepts=accepts,
        covers_body=False,
        peer=peer,
    )


def _telegram_requests(person: Person) -> list[RawRequest]:
    updates = Updates()
    card = {"phone_number": "919876543210", "first_name": "Sunita", "user_id": person.id}
    made = (
        updates.text(person, "जुआ चल रहा है"),
        updates.message(person, {**content("document", _ATTACHED), "caption": "see"}),
        updates.message(person, {"contact": card}),
        updates.edit(person, 11, {"text": "Hello"}),
        updates.tap(person, "a:b:1", updates.bare(person, {"text": "?"})),
    )
    return [_from_telegram(update) for update in made]


def _from_telegram(update: Any) -> RawRequest:
    headers = {"x-telegram-bot-api-secret-token": _TELEGRAM["secret_token"]}
    return RawRequest(method="POST", path="/telegram/webhook", headers=headers, body=json.dumps(update).encode())


def _telegram_meanings(person: Person) -> list[tuple[RawRequest, Sequence[Event]]]:
    updates, ref = Updates(), MediaRef(account="", id="1")
    meant: list[tuple[Any, Event]] = [
        (updates.message(person, {"location": {"latitude": 25.25, "longitude": 83.01}}), Pin(25.25, 83.01)),
        (updates.message(person, content("voice", _ATTACHED)), Media(ref, "voice")),
        (updates.message(person, {**content("document", _ATTACHED), "caption": "see"}), Media(ref, "document", "see")),
        (updates.edit(person, 11, {"text": "Bye"}), Edited("", "Bye")),
    ]
    return [(_from_telegram(update), [event]) for update, event in meant]


def _telegram_fields(request: Received) -> dict[str, Any]:
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        fields: dict[str, str] = json.loads(request.body)
        return fields
    files = {"voice", "photo"}
    return {name: part if name in files else part.decode() for name, part in request.parts.items()}


def _read_telegram(uploads: Mapping[str, bytes], request: Received) -> Said | None:
    if not request.path.endswith(_SENDING):
        return None
    fields = _telegram_fields(request)
    file = fields.get("voice") or fields.get("photo") or b""
    text = fields.get("text") or fields.get("caption", "")
    rows = fields["reply_markup"]["inline_keyboard"] if "text" in fields and "reply_markup" in fields else ()
    choices = [Choice(one["callback_data"], one["text"]) for row in rows for one in row]
    return Said(str(fields["chat_id"]), text, uploads[file] if isinstance(file, str) else file, choices)


def _answer_telegram(uploads: dict[str, bytes], request: Received) -> Reply:
    if "/file/bot" in request.path:
        return Reply(200, _FILE)
    result: Any = True
    if request.path.endswith("/getWebhookInfo"):
        result = {"url": f"{PUBLIC}/telegram/webhook", "has_custom_certificate": False, "pending_update_count": 0}
    elif request.path.endswith(_SENDING):
        fields = _telegram_fields(request)
        chat = {"id": int(fields["chat_id"]), "type": "private"}
        result = {"message_id": 7, "date": 1_795_000_000, "chat": chat}
        if isinstance(voice := fields.get("voice"), bytes):
            uploads[f"voice-{len(uploads)}"] = voice
            result |= {"voice": {"file_id": [*uploads][-1]}}
    elif request.path.endswith("/getFile"):
        result = {"file_id": "B", "file_unique_id": "A", "file_size": len(_FILE), "file_path": "photos/file_1"}
    return Reply(200, json.dumps({"ok": True, "result": result}).encode())


def _telegram_error(code: int, text: str, **parameters: object) -> Reply:
    body = {"ok": False, "error_code": code, "description": text, "parameters": parameters}
    return Reply(code, json.dumps(body).encode())


def _number(seconds: str) -> int | str:
    return int(seconds) if seconds.isdigit() else seconds


def sms_case() -> ChannelCase:
    """Describe the SMS channel."""
    from satark_sms_ivr.settings import TwilioSettings  # noqa: PLC0415
    from satark_sms_ivr.sms import SmsChannel  # noqa: PLC0415
    from satark_sms_ivr.twilio import TwilioSms  # noqa: PLC0415

    def channel(url: str = "https://twilio.example") -> SmsChannel:
        return SmsChannel(TwilioSms(TwilioSettings.model_validate({**_TWILIO, "api_url": url}), PUBLIC))

    path = f"Messages/MM{'a' * 32}/Media/ME{'b' * 32}"
    address = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}/{path}"
    photo = {"NumMedia": "1", "MediaUrl0": address, "MediaContentType0": "image/jpeg"}
    ref = MediaRef(account=channel().accounts[0], id=path, mime="image/jpeg")
    return ChannelCase(
        channel=channel(),
        to=Address(PHONE),
        genuine=[
            twilio_request("/sms/webhook", MessageSid="SM" + "a" * 32, Body="नमस्ते", **_MORE),
            twilio_request("/sms/webhook", MessageSid="SM" + "b" * 32, Body="TIP they sell arms", **_MORE),
            twilio_request("/sms/webhook/status", MessageSid="SM" + "c" * 32, MessageStatus="delivered"),
        ],
        identifiers=TWILIO_IDENTIFIERS,
        texts=("नमस्ते", "they sell arms"),
        means=[
            (twilio_request("/sms/webhook", MessageSid="SM" + "d" * 32, Body="STOP", **_MORE), [Text("forget me")]),
            (
                twilio_request("/sms/webhook", MessageSid=f"MM{'a' * 32}", Body="", **{**_MORE, **photo}),
                [Media(ref, "image")],
            ),
        ],
        accepts=_check_sms,
        peer=Peer(
            channel=channel,
            read=_read_sms,
            answer=_answer_twilio,
            gone=Reply(410),
            results=[(Reply(400, b'{"code":21610}'), Blocked)],
            files=[(ref, _FILE)],
            files_public=False,
            secrets=(AUTH_TOKEN,),
        ),
    )


def voice_case() -> ChannelCase:
    """Describe the voice channel. Satark makes no calls; it fetches recordings."""
    from satark_sms_ivr.settings import CallSettings, TwilioSettings  # noqa: PLC0415
    from satark_sms_ivr.twilio import TwilioVoice  # noqa: PLC0415
    from satark_sms_ivr.voice import VoiceChannel  # noqa: PLC0415

    def channel(url: str = "https://twilio.example") -> VoiceChannel:
        provider = TwilioVoice(TwilioSettings.model_validate({**_TWILIO, "api_url": url}), PUBLIC)
        return VoiceChannel(provider, CallSettings(), PUBLIC)

    call = {"CallSid": "CA" + "a" * 32, **_MORE}
    recorded = {"RecordingSid": "RE" + "b" * 32, "RecordingUrl": "https://elsewhere.example/RE"}
    return ChannelCase(
        channel=channel(),
        to=Address(call["CallSid"]),
        genuine=[
            twilio_request("/voice/webhook", **call),
            twilio_request("/voice/webhook/keys?n=1&e=more", Digits="1", **call),
            twilio_request("/voice/webhook/record?n=2", **call, **recorded, RecordingDuration="4"),
            twilio_request("/voice/webhook/recording", **call, **recorded, RecordingStatus="completed"),
        ],
        identifiers=TWILIO_IDENTIFIERS,
        texts=("RE" + "b" * 32,),
        peer=Peer(
            channel=channel,
            read=_read_sms,
            answer=_answer_twilio,
            gone=Reply(410),
            files=[(MediaRef(account=channel().accounts[0], id="RE" + "b" * 32, mime="audio/wav"), _FILE)],
            files_public=False,
            silent=True,
            secrets=(AUTH_TOKEN,),
        ),
    )


def twilio_request(path: str, **fields: str) -> RawRequest:
    """Make a signed webhook from a path (with query) and fields."""
    form = {"AccountSid": ACCOUNT_SID, "From": PHONE, "To": NUMBER, **fields}
    bare_path, _, query = path.partition("?")
    headers = {"x-twilio-signature": TwilioPeer().sign(PUBLIC + path, form)}
    return RawRequest(method="POST", path=bare_path, query=query, headers=headers, body=urlencode(form).encode())


def _check_sms(call: Call) -> None:
    """Raise an error if Twilio would refuse a call."""
    form = dict(parse_qsl(call.body.decode(), strict_parsing=True))
    assert call.method == "messages"
    assert form["To"] == PHONE
    assert 0 < len(form["Body"]) <= 1600


def _read_sms(request: Received) -> Said | None:
    if request.method != "POST":
        return None
    form = dict(parse_qsl(request.body.decode()))
    return Said(form["To"], form["Body"])


def _answer_twilio(request: Received) -> Reply:
    if request.path.endswith("/IncomingPhoneNumbers.json"):
        state = {"sms_url": f"{PUBLIC}/sms/webhook", "voice_url": f"{PUBLIC}/voice/webhook"}
        number = {**state, "status_callback": f"{PUBLIC}/voice/webhook/status"}
        return Reply(200, json.dumps({"incoming_phone_numbers": [number]}).encode())
    return Reply(200, _FILE) if request.method == "GET" else Reply(201, b'{"sid":"SM1"}')
