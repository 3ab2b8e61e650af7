"""WhatsApp on a simulated phone: it posts signed webhooks and shows the service's calls to the Graph API.

The browser has the sound and the keys of a call inside WhatsApp.
"""

import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from importlib.util import find_spec
from typing import Any, Final, TypeAlias

from satark.api.channel import Channel
from satark.api.providers import Ask, CallRequest, CallVerb, Record, Say
from satark.speech.voice_notes import can_speak
from satark_demo.chat import Chat, NoSuchMessage, NotPossible, Publish
from satark_demo.messages import ChatMessage, MessageKind, Pin, SentFile, kind_of
from satark_testing.whatsapp.graph_api import BusinessMessage, GraphPeer
from satark_testing.whatsapp.messages import Sender, wamid
from satark_whatsapp.channel import WhatsAppChannel

WEBHOOK = "/whatsapp/webhook"


class WhatsAppChat(Chat):
    """One person's chat with the business account."""

    medium = "whatsapp"

    def __init__(self, number: int, peer: GraphPeer, service: str, publish: Publish) -> None:
        super().__init__(str(number), publish, partial(peer.post, service + WEBHOOK))
        self.sender = Sender(wa_id=f"9199999{number:05}", name=f"Citizen {number}")
        self._peer = peer
        peer.subscribe(self._show_sent, self.sender.wa_id)
        peer.subscribe_receipts(self._show_receipt)

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.sender.wa_id, self.sender.user_id)))

    async def say(self, text: str, *, twice: bool) -> None:
        message = ChatMessage(id=wamid(self.sender), mine=True, text=text)
        await self.send(message, self._peer.webhooks.text(self.sender, text, id=message.id), twice=twice)

    async def tap(self, message_id: str, token: str, *, twice: bool) -> None:
        offers = self.messages[message_id].offers if message_id in self.messages else ()
        offer = next((offer for offer in offers if offer.token == token), None)
        if offer is None:
            raise NoSuchMessage
        message = ChatMessage(id=wamid(self.sender), mine=True, text=offer.label)
        body = self._peer.webhooks.tap(self.sender, token, offer.label, row=offer.row, id=message.id)
        await self.send(message, body, twice=twice)

    async def pin(self, pin: Pin, *, twice: bool) -> None:
        message = ChatMessage(id=wamid(self.sender), mine=True, kind="location", pin=pin)
        body = self._peer.webhooks.location(
            self.sender, pin.latitude, pin.longitude, name=pin.name or None, id=message.id
        )
        await self.send(message, body, twice=twice)

    async def file(self, file: SentFile, caption: str, *, voice: bool, twice: bool) -> None:
        kind = kind_of(file.mime, voice=voice)
        message = self.keep(wamid(self.sender), file, caption, kind)
        node = self._peer.add_media(file.data, file.mime)
        name = file.name if kind == "document" else None
        body = self._peer.webhooks.media(
            self.sender, kind, node, caption=caption or None, filename=name or None, id=message.id
        )
        await self.send(message, body, twice=twice)

    async def edit(self, message_id: str, text: str, *, twice: bool) -> None:
        self.rewrite(message_id, text)
        await self.post(self._peer.webhooks.edit(self.sender, message_id, text), twice=twice)

    async def revoke(self, message_id: str, *, twice: bool) -> None:
        self.show(ChatMessage(id=message_id, mine=True, at=self.own_message(message_id).at, deleted=True))
        self.files.pop(message_id, None)
        await self.post(self._peer.webhooks.revoke(self.sender, message_id), twice=twice)

    def _show_receipt(self, receipt: dict[str, Any]) -> None:
        """Show the service's read receipt as blue ticks, and "typing…" if the receipt asks for it."""
        message_id = receipt["message_id"]
        if message_id in self.messages:
            self.set_ticks(message_id, "read")
            # An answer ends the typing, even if the receipt arrives after it.
            self.show_typing(typing="typing_indicator" in receipt and message_id == next(reversed(self.messages)))

    def _show_sent(self, sent: BusinessMessage) -> None:
        self.show_typing(typing=False)
        kind: MessageKind = "text"
        if media := self._peer.files.get(sent.media_id):
            kind = "voice" if sent.kind == "audio" else "image"
            self.files[sent.id] = SentFile(data=media.data, mime=media.mime)
        self.show(
            ChatMessage(
                id=sent.id,
                mine=False,
                kind=kind,
                text=sent.text,
                menu=sent.menu_label,
                offers=sent.offers,
                call=sent.call,
                asks_location=sent.kind == "location_request_message",
            )
        )
        self.start(self._report(sent))

    async def _report(self, sent: BusinessMessage) -> None:
        """Report to the service, as Meta does, that its message was delivered and read."""
        for status in ("delivered", "read"):
            body = self._peer.webhooks.status(sent.id, status, self.sender, callback_data=sent.callback_data or None)
            await self.post(body)


_AskDialogue: TypeAlias = Callable[[CallRequest], Awaitable[Sequence[CallVerb]]]
_STATES: Final = {"pre_accept": "rings", "accept": "up", "reject": "busy", "terminate": "over"}
"""The service's action on a call → the call's state."""
_in_place_of_address = re.compile(r"[0-9a-f-]+\.local\b")
"""Matches the name that a browser without its microphone gives for its address: only browsers resolve it."""


def missing_for_calls() -> str:
    """Return the package that calls lack here: `aiortc` (no calls), `espeak-ng` (silent calls), or an empty text."""
    if find_spec("aiortc") is None:
        return "aiortc"
    return "" if can_speak("en") else "espeak-ng"


class WhatsAppCall(Chat):
    """The newest call from one person's phone. Its messages are the spoken texts and the pressed keys."""

    medium = "whatsapp_call"

    def __init__(self, chat: WhatsAppChat, peer: GraphPeer, calls: dict[str, "WhatsAppCall"], publish: Publish) -> None:
        super().__init__(chat.phone, publish)
        self._chat = chat
        self._peer = peer
        self._calls = calls
        self._id = ""
        self._call: dict[str, Any] = {"state": "none", "answer": "", "keys": 0, "beep": False, "sent": False}

    def view(self) -> dict[str, Any]:
        """Return everything that the page shows, with the state of the call."""
        return {**super().view(), "call": {**self._call, "missing": missing_for_calls()}}

    async def dial(self, *, offer: str, payload: str) -> None:
        """Call the service; the messages of an earlier call are removed."""
        if missing_for_calls() == "aiortc":
            raise NotPossible
        await self._end()
        self.messages.clear()
        self.publish({"type": "cleared"})
        self._id = f"wacid.{secrets.token_urlsafe(24)}"
        self._calls[self._id], self._peer.calls[self._id] = self, self._act
        self._show_state(state="rings", answer="", keys=0, beep=False, sent=False)
        session = {"sdp_type": "offer", "sdp": _in_place_of_address.sub("127.0.0.1", offer)}
        await self._tell("connect", session=session, **({"cta_payload": payload} if payload else {}))

    async def hang_up(self) -> None:
        if self._id in self._peer.calls:
            await self._act("terminate", "")

    async def ask(self, ask: _AskDialogue, request: CallRequest) -> Sequence[CallVerb]:
        """Ask the dialogue; show the caller's act, the service's next words, and the awaited input."""
        if request.keys:
            self.show(ChatMessage(id=wamid(), mine=True, kind="keys", text=request.keys))
        if request.recording is not None:
            self.show(ChatMessage(id=wamid(), mine=True, kind="spoken", text=str(request.seconds)))
        verbs = await ask(request)
        if lines := [line.text for verb in verbs if isinstance(verb, Ask | Say) for line in verb.lines]:
            self.show(ChatMessage(id=wamid(), mine=False, text="\n".join(lines)))
        keys = max((verb.digits for verb in verbs if isinstance(verb, Ask)), default=0)
        said = [line for verb in verbs if isinstance(verb, Say) for line in verb.lines]
        sent = self._call["sent"] or any(line.pace != "normal" for line in said)  # the code of a receipt
        self._show_state(keys=keys, beep=any(isinstance(verb, Record) for verb in verbs), sent=sent)
        return verbs

    async def _act(self, action: str, sdp: str) -> None:
        self._show_state(state=_STATES[action], answer=sdp or self._call["answer"])
        if action in {"reject", "terminate"}:
            what = "sent" if self._call["sent"] else _STATES[action]
            self._chat.show(ChatMessage(id=wamid(), mine=True, kind="call", text=what))
            await self._end()

    async def _end(self) -> None:
        self._calls.pop(self._id, None)
        if self._peer.calls.pop(self._id, None):
            await self._tell("terminate", status="COMPLETED", duration=1)

    async def _tell(self, event: str, **fields: Any) -> None:
        await self._chat.post(self._peer.webhooks.call(self._chat.sender, self._id, event, **fields))

    def _show_state(self, **changes: Any) -> None:
        self._call.update(changes)
        self.publish({"type": "call", "call": self.view()["call"]})


def follow(channels: Iterable[Channel], calls: dict[str, WhatsAppCall]) -> None:
    """Show on each phone the words that are spoken in its call. `calls`: the calls under way, by id."""

    async def listen(carry: Callable[[_AskDialogue], Awaitable[None]], ask: _AskDialogue) -> None:
        await carry(lambda request: calls[request.id].ask(ask, request) if request.id in calls else ask(request))

    for channel in channels:
        for one in channel.calls.values() if isinstance(channel, WhatsAppChannel) else ():
            one.listen = partial(listen, one.listen)  # type: ignore[method-assign]
