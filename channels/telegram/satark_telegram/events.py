"""The types of Telegram's updates, and the conversion of one message of a private chat into an inbound event.

Fields that are not listed here, such as names and contact cards, are never decoded.

Source: Telegram, Bot API 10.3, types `Update`, `Message`, `CallbackQuery` and those in their fields.
"""

import re
from collections.abc import Iterable
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Raw, Struct, field

from satark.api import HANDOFF_DIGITS, Event, Media, MediaKind, MediaRef, Pin, Text, Unsupported

NOTHING = Raw(b"")


class TelegramChat(Struct):
    """`Chat`. The id of a private chat is the user's id."""

    id: int
    type: str


class User(Struct):
    """`User`."""

    is_bot: bool = False


class TelegramFile(Struct):
    """The common fields of `PhotoSize`, `Video`, `Document` and so on; `width` and `height` of pictures."""

    file_id: Annotated[str, Meta(min_length=1)]
    file_unique_id: str = ""
    file_size: int = 0
    mime_type: str = ""
    width: int = 0
    height: int = 0


class Location(Struct):
    """`Location`, in degrees."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]


class Venue(Struct):
    """`Venue`: a place that the sender picked from a list."""

    location: Location
    title: str = ""
    address: str = ""


class TelegramMessage(Struct, kw_only=True):
    """`Message`: the fields with content."""

    message_id: int
    chat: TelegramChat
    sender: User | None = field(default=None, name="from")
    text: str | None = None
    caption: str = ""
    photo: list[TelegramFile] | None = None
    live_photo: TelegramFile | None = None
    video: TelegramFile | None = None
    animation: TelegramFile | None = None
    video_note: TelegramFile | None = None
    voice: TelegramFile | None = None
    audio: TelegramFile | None = None
    document: TelegramFile | None = None
    sticker: TelegramFile | None = None
    location: Location | None = None
    venue: Venue | None = None


class TelegramMessageHeader(Struct):
    """The fields of a message without which its sender cannot be answered."""

    message_id: int
    chat: TelegramChat


class TappedMessage(Struct):
    """`MaybeInaccessibleMessage`: the message with the tapped button. `date` is 0 if the message is inaccessible."""

    message_id: int
    chat: TelegramChat
    date: int = 0


class CallbackQuery(Struct):
    """`CallbackQuery`: a tapped button. Games have no `data`; an inline message has no `message`."""

    id: str
    message: TappedMessage | None = None
    data: str = ""


class Update(Struct):
    """`Update`: the three kinds that occur in a private chat with a tipster."""

    update_id: int
    message: Raw = NOTHING
    edited_message: Raw = NOTHING
    callback_query: Raw = NOTHING


decode_update = msgspec.json.Decoder(Update).decode
decode_message = msgspec.json.Decoder(TelegramMessage).decode
decode_header = msgspec.json.Decoder(TelegramMessageHeader).decode
decode_callback_query = msgspec.json.Decoder(CallbackQuery).decode
decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode

UNSUPPORTED: Final = (
    "contact", "paid_media", "story", "checklist", "dice", "game", "poll", "invoice", "giveaway", "gift",
    "unique_gift", "rich_message", "passport_data", "web_app_data", "users_shared", "chat_shared",
)  # fmt: skip
"""Fields of `Message` whose content Satark can't accept.

Contact cards are among them: Telegram gives no number by which the sender's own card could be recognized.
"""

TOO_LARGE: Final = "too_large"
UNREADABLE: Final = "unreadable"
UNKNOWN: Final = "unknown"

_WITHOUT_CONTENT: Final = frozenset({
    "message_id", "message_thread_id", "direct_messages_topic", "from", "sender_chat", "sender_boost_count",
    "sender_business_bot", "sender_tag", "date", "guest_query_id", "business_connection_id", "chat", "forward_origin",
    "is_topic_message", "is_automatic_forward", "reply_to_message", "external_reply", "quote", "reply_to_story",
    "reply_to_checklist_task_id", "reply_to_poll_option_id", "via_bot", "guest_bot_caller_user",
    "guest_bot_caller_chat", "edit_date", "has_protected_content", "is_from_offline", "is_paid_post", "media_group_id",
    "author_signature", "paid_star_count", "entities", "link_preview_options", "suggested_post_info", "effect_id",
    "caption", "caption_entities", "show_caption_above_media", "has_media_spoiler", "reply_markup",
    "new_chat_members", "left_chat_member", "chat_owner_left", "chat_owner_changed", "new_chat_title",
    "new_chat_photo", "delete_chat_photo", "group_chat_created", "supergroup_chat_created", "channel_chat_created",
    "message_auto_delete_timer_changed", "migrate_to_chat_id", "migrate_from_chat_id", "pinned_message",
    "successful_payment", "refunded_payment", "gift_upgrade_sent", "connected_website", "write_access_allowed",
    "proximity_alert_triggered", "boost_added", "chat_background_set", "checklist_tasks_done", "checklist_tasks_added",
    "direct_message_price_changed", "forum_topic_created", "forum_topic_edited", "forum_topic_closed",
    "forum_topic_reopened", "general_forum_topic_hidden", "general_forum_topic_unhidden", "giveaway_created",
    "giveaway_winners", "giveaway_completed", "managed_bot_created", "paid_message_price_changed",
    "poll_option_added", "poll_option_deleted", "suggested_post_approved", "suggested_post_approval_failed",
    "suggested_post_declined", "suggested_post_paid", "suggested_post_refunded", "video_chat_scheduled",
    "video_chat_started", "video_chat_ended", "video_chat_participants_invited", "receiver_user",
    "ephemeral_message_id", "community_chat_added", "community_chat_removed",
})  # fmt: skip
"""Fields without content: properties of the message, and service messages of the chat."""

_COMMAND: Final = re.compile(r"/(\w{1,64})(?:@\w{1,64})?(\s.*)?", re.DOTALL)
_is_handoff_code = re.compile(rf"\s[0-9]{{{HANDOFF_DIGITS}}}").fullmatch


def event_of(message: TelegramMessage, account: str, max_file_bytes: int) -> Event | None:
    """Convert a message. None: the message has none of the fields that are decoded.

    Larger files than `max_file_bytes` become `Unsupported`.
    """
    if message.text is not None:
        return Text(_without_slash(message.text))
    if message.venue or message.location:
        return _pin(message.venue, message.location)
    return _media(message, account, max_file_bytes)


def unsupported_event(fields: Iterable[str]) -> Unsupported | None:
    """Name the unsupported content of a message, given the names of its fields. None: the message has no content."""
    content = set(fields) - _WITHOUT_CONTENT
    if not content:
        return None
    return Unsupported(next((name for name in UNSUPPORTED if name in content), UNKNOWN))


def _without_slash(text: str) -> str:
    """Turn a command into a word: `/status 1234` becomes "status 1234".

    The parameter of `/start` comes from a link and is dropped, unless it is a handoff code (`t.me/BOT?start=CODE`): it
    continues a draft of another channel.
    """
    found = _COMMAND.fullmatch(text)
    if found is None:
        return text
    if found[1] == "start":
        return f"continue{found[2]}" if _is_handoff_code(found[2] or "") else found[1]
    return found[1] + (found[2] or "")


def _pin(venue: Venue | None, location: Location | None) -> Event | None:
    at = venue.location if venue else location
    return Pin(at.latitude, at.longitude, venue.title if venue else "", venue.address if venue else "") if at else None


def _media(message: TelegramMessage, account: str, max_file_bytes: int) -> Event | None:
    found = _file(message)
    if found is None:
        return None
    file, kind, mime = found
    if file.file_size > max_file_bytes:
        return Unsupported(TOO_LARGE)
    size, content = max(file.file_size, 0), file.file_unique_id
    ref = MediaRef(account=account, id=file.file_id, mime=file.mime_type or mime, content=content, size=size)
    return Media(ref, kind, message.caption)


def _file(message: TelegramMessage) -> tuple[TelegramFile, MediaKind, str] | None:
    """Return the message's file, its kind, and the MIME type to assume if Telegram names none.

    Telegram sends a photo in several sizes. For old clients it sends an animation as a document too.
    """
    if message.photo:
        return max(message.photo, key=lambda size: (size.width * size.height, size.file_size)), "image", "image/jpeg"
    kinds: tuple[tuple[TelegramFile | None, MediaKind, str], ...] = (
        (message.live_photo, "video", "video/mp4"),
        (message.video, "video", "video/mp4"),
        (message.animation, "video", "video/mp4"),
        (message.video_note, "video", "video/mp4"),
        (message.voice, "voice", "audio/ogg"),
        (message.audio, "audio", "audio/mpeg"),
        (message.document, "document", ""),
        (message.sticker, "sticker", ""),
    )
    return next(((file, kind, mime) for file, kind, mime in kinds if file is not None), None)
