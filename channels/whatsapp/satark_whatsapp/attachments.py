"""Upload voice notes and the receipt's picture to Meta, and send them by their media id.

Source: Meta, WhatsApp Business Platform, "Media > Upload media" (an id is valid for 30 days), "Audio messages" (voice
notes are Ogg files with Opus, one channel) and "Interactive messages" (an image as the header of reply buttons).
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final
from weakref import WeakValueDictionary

import msgspec

from satark.api import (
    Accepted,
    Address,
    Call,
    ChannelContext,
    Permanent,
    Prompt,
    ReceiptPicture,
    SendResult,
    Transient,
    VoiceNote,
)
from satark_whatsapp.graph_api import GraphApi
from satark_whatsapp.rendering import recipient
from satark_whatsapp.settings import WhatsAppSettings

ATTACHMENT = "attachment"
"""The method of a call that sends a message with a file, and before that uploads the file unless Meta has it."""
_NOTE_MIME: Final = "audio/ogg; codecs=opus"
_PICTURE_MIME: Final = "image/png"
_REUSE_SECONDS: Final = 29 * 86_400
"""Seconds in which the media id of a voice note for many people is used again: Meta keeps it for 30 days."""
_NOTES_REMEMBERED: Final = 2_000
"""Most such ids in memory."""


class WhatsAppAttachment(msgspec.Struct, frozen=True):
    """The body of a call `attachment`: its recipient, and the texts that `send` draws or reads out. No media id."""

    to: Mapping[str, str]
    note: VoiceNote | None = None
    receipt: ReceiptPicture | None = None


_decode = msgspec.json.Decoder(WhatsAppAttachment).decode


def attachments(prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
    """Make the calls that follow a prompt's text: the receipt's picture, and the voice note."""
    address = recipient(to)
    made = [WhatsAppAttachment(address, receipt=prompt.receipt)] if prompt.receipt else []
    made += [WhatsAppAttachment(address, note=prompt.spoken)] if prompt.spoken else []
    return [Call(account=account, method=ATTACHMENT, body=msgspec.json.encode(one)) for one in made]


class WhatsAppAttachmentSender:
    """Sends attachments. Without a `context` nothing is sent."""

    def __init__(self, graph: GraphApi, settings: WhatsAppSettings, context: ChannelContext | None) -> None:
        self._graph = graph
        self._context = context
        self._uploads = Uploads(graph, settings)

    async def close(self) -> None:
        """Cancel pending deletions: Meta deletes every file by itself after 30 days."""
        await self._uploads.close()

    async def send(self, number: str, call: Call, call_id: str) -> SendResult:
        """Upload the file unless Meta has it, and send the message. A failure of Meta or the network raises nothing."""
        attachment = _decode(call.body)
        key = attachment.note.reuse_key if attachment.note else ""
        mime = _NOTE_MIME if attachment.note else _PICTURE_MIME
        media, reused = await self._uploads.media_id(number, partial(self._file, attachment), mime, key)
        if not isinstance(media, str):
            return media
        if not media:
            return Accepted()
        result = await self._graph.send(number, call.account, _message(attachment, media, call_id))
        if isinstance(result, Permanent) and reused:
            self._uploads.forget(number, key)
            return Transient("media-id")
        if not key:
            self._uploads.delete_later(number, media)
        return result

    def _file(self, attachment: WhatsAppAttachment) -> bytes:
        if self._context is None:
            return b""
        if attachment.receipt:
            return self._context.draw_receipt(attachment.receipt)
        return self._context.voice_notes.make(attachment.note) if attachment.note else b""


def _message(attachment: WhatsAppAttachment, media: str, call_id: str) -> bytes:
    node: dict[str, Any] = {"type": "audio", "audio": {"id": media, "voice": True}}
    if attachment.receipt:
        node = {"type": "interactive", "interactive": _picture(attachment.receipt, media)}
    return msgspec.json.encode(
        {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            **attachment.to,
            **node,
            "biz_opaque_callback_data": call_id,
        }
    )


def _picture(receipt: ReceiptPicture, media: str) -> dict[str, Any]:
    button = {"type": "reply", "reply": {"id": receipt.button.token, "title": receipt.button.label}}
    return {
        "type": "button",
        "header": {"type": "image", "image": {"id": media}},
        "body": {"text": receipt.caption},
        "action": {"buttons": [button]},
    }


class Uploads:
    """Uploads files and remembers their media ids in memory. After a restart it uploads a file again.

    A media id tells nothing of the recipient. A voice note that many people hear is uploaded once in the life of a
    media id. A file for one person is deleted after it was sent.
    """

    def __init__(self, graph: GraphApi, settings: WhatsAppSettings) -> None:
        self._graph = graph
        self._settings = settings
        self._known: OrderedDict[tuple[str, str], tuple[str, float]] = OrderedDict()
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._deletions: set[asyncio.Task[None]] = set()

    async def media_id(
        self, number: str, make: Callable[[], bytes], mime: str, key: str
    ) -> tuple[str | SendResult, bool]:
        """Return a file's media id, or the failure of its upload; and whether the id was known before.

        The id is empty if `make` returned an empty file.

        Args:
            number: Meta's id of the number that will send it.
            make: makes the file, in a thread, if it has to be uploaded.
            mime: its type.
            key: a name under which the id is remembered; empty: the file is used once.
        """
        if not key:
            return await self._upload(number, make, mime), False
        name = (number, key)
        lock = self._locks.setdefault(name, asyncio.Lock())  # it is forgotten once nobody holds it
        async with lock:
            if found := self._find(name):
                return found, True
            media = await self._upload(number, make, mime)
            if isinstance(media, str) and media:
                self._remember(name, media)
            return media, False

    def forget(self, number: str, key: str) -> None:
        """Forget the media id of a file, since Meta no longer knows it. The next message uploads the file again."""
        self._known.pop((number, key), None)

    def delete_later(self, number: str, media: str) -> None:
        """Wait until the message of a file that is used once should be delivered, then delete the file."""
        wait = self._settings.single_use_seconds
        self._timers[media] = asyncio.get_running_loop().call_later(wait, self._delete, number, media)

    async def close(self) -> None:
        """Cancel pending deletions, and wait for those under way."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        await asyncio.gather(*self._deletions)

    async def _upload(self, number: str, make: Callable[[], bytes], mime: str) -> str | SendResult:
        data = await asyncio.to_thread(make)
        return await self._graph.upload(number, data, mime) if data else ""

    def _find(self, name: tuple[str, str]) -> str:
        media, until = self._known.get(name, ("", 0.0))
        if time.monotonic() >= until:
            self._known.pop(name, None)
            return ""
        self._known.move_to_end(name)
        return media

    def _remember(self, name: tuple[str, str], media: str) -> None:
        self._known[name] = (media, time.monotonic() + _REUSE_SECONDS)
        while len(self._known) > _NOTES_REMEMBERED:
            self._known.popitem(last=False)

    def _delete(self, number: str, media: str) -> None:
        self._timers.pop(media, None)
        task = asyncio.ensure_future(self._graph.delete(self._graph.media_url(media, number)))
        self._deletions.add(task)
        task.add_done_callback(self._deletions.discard)
