"""Voice notes and the receipt's picture: uploaded to Meta, and sent by their media id.

Source: Meta, WhatsApp Business Platform, "Media > Upload media" (an id is valid for 30 days), "Audio messages" (voice
notes are Ogg files with Opus, one channel) and "Interactive messages" (an image as the header of reply buttons).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

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
from satark_whatsapp.addresses import recipient
from satark_whatsapp.graph_api import GraphApi
from satark_whatsapp.settings import WhatsAppSettings
from satark_whatsapp.uploads import Uploads

ATTACHMENT = "attachment"
"""The method of a call that uploads a file, unless Meta has it, and sends a message with it."""
_NOTE_MIME: Final = "audio/ogg; codecs=opus"
_PICTURE_MIME: Final = "image/png"


class Attachment(msgspec.Struct, frozen=True):
    """The body of such a call: whom it goes to, and what is made when it is sent. It holds no media id yet."""

    to: Mapping[str, str]
    note: VoiceNote | None = None
    receipt: ReceiptPicture | None = None


_decode = msgspec.json.Decoder(Attachment).decode


def attachments(prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
    """Make the calls that follow a prompt's text: the receipt's picture, and the voice note."""
    if prompt.receipt is None and prompt.spoken is None:
        return ()
    address = recipient(to)
    made = [Attachment(address, receipt=prompt.receipt)] if prompt.receipt else []
    made += [Attachment(address, note=prompt.spoken)] if prompt.spoken else []
    return [Call(account=account, method=ATTACHMENT, body=msgspec.json.encode(one)) for one in made]


class AttachmentSender:
    """Sends attachments.

    Args:
        graph: the client of the Graph API.
        settings: the channel's.
        context: makes voice notes and receipts' pictures; None: nothing is sent.
    """

    def __init__(self, graph: GraphApi, settings: WhatsAppSettings, context: ChannelContext | None) -> None:
        self._graph = graph
        self._context = context
        self._uploads = Uploads(graph, settings)

    async def close(self) -> None:
        """Forget what is to be deleted later: Meta deletes it by itself after 30 days."""
        await self._uploads.close()

    async def send(self, number: str, call: Call, call_id: str) -> SendResult:
        """Upload the file unless Meta has it, and send the message. Never raises for what Meta or the network does."""
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

    def _file(self, attachment: Attachment) -> bytes:
        if self._context is None:
            return b""
        if attachment.receipt:
            return self._context.draw_receipt(attachment.receipt)
        return self._context.voice_notes.make(attachment.note) if attachment.note else b""


def _message(attachment: Attachment, media: str, call_id: str) -> bytes:
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
