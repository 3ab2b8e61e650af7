"""The calls that send what follows a prompt's text: the receipt's picture, and the voice note."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from satark.api import Address, Call, Prompt, ReceiptPicture, VoiceNote

ATTACHMENT: Final = "attachment"
"""The method of such a call."""


class Attachment(msgspec.Struct, frozen=True):
    """The body of such a call: where it goes, and what is made when it is sent."""

    chat_id: str
    note: VoiceNote | None = None
    receipt: ReceiptPicture | None = None


decode_attachment = msgspec.json.Decoder(Attachment).decode


def attachments(prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
    """Make the calls that follow a prompt's text, in order."""
    made = [Attachment(to.reveal(), receipt=prompt.receipt)] if prompt.receipt else []
    made += [Attachment(to.reveal(), note=prompt.spoken)] if prompt.spoken else []
    return [Call(account=account, method=ATTACHMENT, body=msgspec.json.encode(one)) for one in made]
