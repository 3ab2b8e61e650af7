"""Render a prompt as a message, an inline keyboard and attachments.

Source of the limits: Telegram, Bot API 10.1, `sendMessage` (text: 4096 characters), `InlineKeyboardButton`
(`callback_data`: 64 bytes) and `deleteMessages` (1-100 messages of the last 48 hours). Lengths are counted in UTF-16
units, as Telegram counts entities, since that is never less than the number of characters. A label has no official
limit; 64 units fit on two lines of a small phone.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from satark.api import Address, Call, Capabilities, Prompt, ReceiptPicture, VoiceNote

SEND_MESSAGE: Final = "sendMessage"
"""The method of a call that sends a message."""
DELETE_MESSAGES: Final = "deleteMessages"
"""The method of a call that deletes messages."""

ATTACHMENT: Final = "attachment"
"""The method of a call that sends a voice note or the receipt's picture."""

CAPABILITIES: Final = Capabilities(
    kind="chat", text=4096, body=4096, buttons=100, button_label=64, token=64, unit="utf16"
)

_DELETIONS_PER_CALL: Final = 100
_ACTIONS_PER_ROW: Final = 4
"""Telegram shows up to eight buttons in a row; with more than four, a phone truncates their labels."""


class TelegramAttachment(msgspec.Struct, frozen=True):
    """The body of a call `attachment`: the chat, and the texts that `send` draws or reads out."""

    chat_id: str
    note: VoiceNote | None = None
    receipt: ReceiptPicture | None = None


decode_attachment = msgspec.json.Decoder(TelegramAttachment).decode


def render(prompt: Prompt, account: str, to: Address) -> list[Call]:
    body: dict[str, Any] = {
        "chat_id": to.reveal(),
        "text": prompt.text,
        "protect_content": True,
        "link_preview_options": {"is_disabled": True},
    }
    keyboard = _keyboard(prompt)
    if keyboard:
        body["reply_markup"] = {"inline_keyboard": keyboard}
    return [Call(account=account, method=SEND_MESSAGE, body=msgspec.json.encode(body))]


def attachments(prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
    """Make the calls that follow a prompt's text, in order."""
    made = [TelegramAttachment(to.reveal(), receipt=prompt.receipt)] if prompt.receipt else []
    made += [TelegramAttachment(to.reveal(), note=prompt.spoken)] if prompt.spoken else []
    return [Call(account=account, method=ATTACHMENT, body=msgspec.json.encode(one)) for one in made]


def erase(message_ids: Sequence[str], account: str, to: Address) -> list[Call]:
    """Make the calls that delete messages, a hundred per call. Telegram skips messages that are gone or too old."""
    ids = sorted(int(id_) for id_ in message_ids)
    batches = [ids[at : at + _DELETIONS_PER_CALL] for at in range(0, len(ids), _DELETIONS_PER_CALL)]
    bodies = [msgspec.json.encode({"chat_id": to.reveal(), "message_ids": batch}) for batch in batches]
    return [Call(account=account, method=DELETE_MESSAGES, body=body) for body in bodies]


def _keyboard(prompt: Prompt) -> list[list[dict[str, str]]]:
    """Return one choice per row, so that long Hindi labels fit, and the actions side by side below them."""
    choices, actions = (
        [{"text": one.label, "callback_data": one.token} for one in some] for some in (prompt.choices, prompt.actions)
    )
    rows = [actions[at : at + _ACTIONS_PER_ROW] for at in range(0, len(actions), _ACTIONS_PER_ROW)]
    return [*([choice] for choice in choices), *rows]
