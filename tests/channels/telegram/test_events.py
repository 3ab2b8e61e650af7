"""Each kind of message becomes the right inbound event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from satark.api.channel import RawRequest
from satark.api.inbound import Event, Media, Pin, Text, Unsupported
from satark_telegram.channel import TelegramChannel
from satark_testing.telegram.bot_api import Person, Updates
from satark_testing.telegram.citizen import content
from support.telegram_description import Description

FILE = {"file_id": "BQACAgUAAxkBAAIB", "file_unique_id": "AgADqQ", "file_size": 9}
AT = {"latitude": 25.3176, "longitude": 82.9739}
SMALL = {**FILE, "file_id": "small", "width": 90, "height": 60, "file_size": 500}
LARGE = {**FILE, "width": 1280, "height": 853}
Sign = Callable[[Any], RawRequest]


def parsed(channel: TelegramChannel, signed: Sign, update: Any) -> Event | None:
    """Return the one event of an update; None: the update is ignored."""
    batch = channel.parse(signed(update))
    assert len(batch.inbound) + batch.ignored == 1
    return batch.inbound[0].event if batch.inbound else None


def media(event: Event | None) -> tuple[str, str, str, str]:
    assert isinstance(event, Media)
    return event.kind, event.ref.mime, event.ref.id, event.caption


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  नमस्ते 🙏 ", "  नमस्ते 🙏 "),
        ("/start", "start"),
        ("/start poster-17_BHU", "start"),
        ("/start 482719305571", "continue 482719305571"),
        ("/start 4827193055710", "start"),
        ("/start 482719305571 x", "start"),
        ("/help@satark_bot", "help"),
        ("/status 1234 5678 9012 3456", "status 1234 5678 9012 3456"),
        ("/मदद", "मदद"),
        ("/", "/"),
        ("/// see file", "/// see file"),
        ("a/start", "a/start"),
        ("", ""),
    ],
)
def test_text_is_kept_as_typed_and_a_command_becomes_a_word(
    text: str, expected: str, telegram: TelegramChannel, signed: Sign, person: Person
) -> None:
    assert parsed(telegram, signed, Updates().text(person, text)) == Text(expected)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"photo": [SMALL, LARGE]}, ("image", "image/jpeg")),
        ({"photo": [LARGE, SMALL]}, ("image", "image/jpeg")),
        ({"live_photo": {**LARGE, "duration": 2}}, ("video", "video/mp4")),
        (content("video", FILE, "video/quicktime"), ("video", "video/quicktime")),
        ({"animation": LARGE, "document": FILE}, ("video", "video/mp4")),
        ({"video_note": {**FILE, "length": 240, "duration": 3}}, ("video", "video/mp4")),
        (content("voice", FILE, "audio/ogg"), ("voice", "audio/ogg")),
        (content("audio", FILE, "audio/mp4"), ("audio", "audio/mp4")),
        (content("document", FILE, "application/pdf"), ("document", "application/pdf")),
        ({"sticker": {**FILE, "type": "regular", "width": 1, "height": 1}}, ("sticker", "")),
    ],
)
def test_every_kind_of_file_is_accepted_without_its_name(
    body: dict[str, Any], expected: tuple[str, str], telegram: TelegramChannel, signed: Sign, person: Person
) -> None:
    update = Updates().message(person, {**body, "caption": "देखिए", "media_group_id": "13"})
    event = parsed(telegram, signed, update)
    assert media(event) == (*expected, FILE["file_id"], "देखिए")
    assert isinstance(event, Media)
    assert event.ref.size == 9


def test_a_file_too_large_for_a_bot_is_unsupported(telegram: TelegramChannel, signed: Sign, person: Person) -> None:
    large = {**FILE, "file_size": 20 * 1024 * 1024 + 1}
    assert parsed(telegram, signed, Updates().message(person, {"video": large})) == Unsupported("too_large")
    at_limit = {**FILE, "file_size": 20 * 1024 * 1024}
    assert isinstance(parsed(telegram, signed, Updates().message(person, {"video": at_limit})), Media)


@pytest.mark.parametrize(
    ("body", "pin"),
    [
        ({"location": {**AT, "horizontal_accuracy": 12.5, "live_period": 900}}, Pin(25.3176, 82.9739)),
        (
            {"location": AT, "venue": {"location": AT, "title": "Assi Ghat", "address": "Varanasi"}},
            Pin(25.3176, 82.9739, "Assi Ghat", "Varanasi"),
        ),
    ],
)
def test_locations_and_venues_are_pins(
    body: dict[str, Any], pin: Pin, telegram: TelegramChannel, signed: Sign, person: Person
) -> None:
    assert parsed(telegram, signed, Updates().message(person, body)) == pin


def test_every_contact_card_is_dropped(telegram: TelegramChannel, signed: Sign, person: Person) -> None:
    for user in ({}, {"user_id": 5}, {"user_id": person.id}):
        card = {"phone_number": "+919000000001", "first_name": "Raju", "vcard": "TEL:+919000000001", **user}
        assert parsed(telegram, signed, Updates().message(person, {"contact": card})) == Unsupported("contact")


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ({"poll": {"id": "1"}}, "poll"),
        ({"dice": {"emoji": "🎲", "value": 6}}, "dice"),
        ({"rich_message": {"blocks": []}}, "rich_message"),
        ({"story": {"id": 1}}, "story"),
        ({"something_of_tomorrow": {"name": "Sunita"}}, "unknown"),
        ({"location": {"latitude": "25", "longitude": 200}}, "unreadable"),
        ({"text": 5}, "unreadable"),
    ],
)
def test_unsupported_content_is_named(
    body: dict[str, Any], what: str, telegram: TelegramChannel, signed: Sign, person: Person
) -> None:
    assert parsed(telegram, signed, Updates().message(person, body)) == Unsupported(what)


def test_every_field_of_a_message_is_known(
    telegram: TelegramChannel, signed: Sign, person: Person, description: Description
) -> None:
    ignored = {}
    for name, field in description.types["Message"]["fields"].items():
        if name in ("message_id", "from", "chat", "date"):
            continue
        update = Updates().message(person, {name: description.sample(field["types"][0], depth=2)})
        event = parsed(telegram, signed, update)
        assert event != Unsupported("unknown"), name
        ignored[name] = event is None
    assert not [name for name in ("text", "photo", "venue", "contact", "poll", "story", "gift") if ignored[name]]
    assert ignored["pinned_message"]
    assert ignored["caption"]
