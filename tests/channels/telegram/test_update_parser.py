"""Every kind of update becomes the right inbound event, or is counted."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from satark.api.channel import Malformed, RawRequest
from satark.api.inbound import Edited, Event, Media, Pin, Tap, Text, Unsupported
from satark_telegram.channel import TelegramChannel
from satark_testing.telegram.bot_api import Description, Person, Updates
from satark_testing.telegram.citizen import content

FILE = {"file_id": "BQACAgUAAxkBAAIB", "file_unique_id": "AgADqQ", "file_size": 9}
AT = {"latitude": 25.3176, "longitude": 82.9739}
SMALL = {**FILE, "file_id": "small", "width": 90, "height": 60, "file_size": 500}
LARGE = {**FILE, "width": 1280, "height": 853}

Sign = Callable[[Any], RawRequest]


def parsed(channel: TelegramChannel, signed: Sign, update: Any) -> Event | None:
    """Return the one event of an update; None where it is ignored."""
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


def test_an_edit_names_its_original(telegram: TelegramChannel, signed: Sign, person: Person) -> None:
    updates = Updates()
    first = telegram.parse(signed(updates.text(person, "old"))).inbound[0]
    (edit,) = telegram.parse(signed(updates.edit(person, 11, {"text": "new"}))).inbound
    assert edit.event == Edited(first.event_key, "new")
    assert edit.event_key != first.event_key
    assert parsed(telegram, signed, updates.edit(person, 11, {"photo": [LARGE], "caption": "so"})) == Edited(
        first.event_key, "so"
    )


@pytest.mark.parametrize(
    ("date", "sent_at"),
    [
        (1_795_000_000, 1_795_000_000),
        (0, 0),
        (None, None),
        (-1, None),
        (1_795_000_000.5, None),
        (1e300, None),
        (17_950_000_000, None),
        (10**400, None),
        ("1795000000", None),
        ([], None),
    ],
)
def test_a_message_says_when_it_was_sent_if_it_names_a_time(
    date: Any, sent_at: int | None, telegram: TelegramChannel, signed: Sign, person: Person
) -> None:
    update = Updates().message(person, {"text": "Hi", "date": date})
    (inbound,) = telegram.parse(signed(update)).inbound
    assert (inbound.event, inbound.sent_at) == (Text("Hi"), sent_at)
    del update["message"]["date"]
    assert telegram.parse(signed(update)).inbound[0].sent_at is None


def test_an_edit_was_sent_when_its_original_was_and_a_tap_when_its_button_was(
    telegram: TelegramChannel, signed: Sign, person: Person
) -> None:
    updates = Updates()
    edit = updates.edit(person, 11, {"text": "new", "date": 1_795_000_000, "edit_date": 1_795_086_400})
    tap = updates.tap(person, "a:b:1", updates.bare(person, {"text": "?", "date": 1_795_000_001}))
    late = updates.tap(person, "a:b:1", updates.bare(person, {"text": "?", "date": 0}))
    sent_at = [telegram.parse(signed(update)).inbound[0].sent_at for update in (edit, tap, late)]
    assert sent_at == [1_795_000_000, 1_795_000_001, None]


@pytest.mark.parametrize("body", [{"location": AT}, {"photo": [LARGE]}, {"text": 5}])
def test_an_edit_without_text_is_ignored(
    body: dict[str, Any], telegram: TelegramChannel, signed: Sign, person: Person
) -> None:
    assert parsed(telegram, signed, Updates().edit(person, 11, body)) is None


def test_a_tap_gives_its_token_and_a_call_that_answers_it(
    telegram: TelegramChannel, signed: Sign, person: Person
) -> None:
    updates = Updates()
    under = updates.bare(person, {"text": "Where?"})
    (inbound,) = telegram.parse(signed(updates.tap(person, "place:skip:2", under))).inbound
    assert inbound.event == Tap("place:skip:2")
    assert inbound.answer is not None
    answer = json.loads(inbound.answer.body)
    assert (answer["chat_id"], answer["message_id"]) == (person.id, under["message_id"])
    assert answer["callback_query_id"].startswith("4")


def test_a_tap_under_an_inaccessible_message_is_accepted_too(
    telegram: TelegramChannel, signed: Sign, person: Person
) -> None:
    old = {"chat": person.chat(), "message_id": 3, "date": 0}
    (inbound,) = telegram.parse(signed(Updates().tap(person, "place:skip:2", old))).inbound
    assert inbound.event == Tap("place:skip:2")
    assert inbound.answer is not None
    assert set(json.loads(inbound.answer.body)) == {"callback_query_id"}


def test_incomplete_taps_are_ignored(telegram: TelegramChannel, signed: Sign, person: Person) -> None:
    user = person.user()
    for query in (
        {"id": "1", "from": user, "chat_instance": "1", "data": "x", "inline_message_id": "9"},
        {"id": "1", "from": user, "chat_instance": "1", "game_short_name": "g", "message": {"message_id": 1}},
        {"id": "1", "from": user, "message": {"message_id": 1, "chat": person.chat(), "date": 1}},
        {"id": 1},
    ):
        assert parsed(telegram, signed, Updates().update("callback_query", query)) is None


def test_groups_channels_and_other_bots_are_ignored(telegram: TelegramChannel, signed: Sign, person: Person) -> None:
    for kind in ("group", "supergroup", "channel"):
        group = {"id": -1001234, "type": kind, "title": "Planted"}
        assert parsed(telegram, signed, Updates().message(person, {"text": "hi", "chat": group})) is None
        assert parsed(telegram, signed, Updates().message(person, {"text": 5, "chat": group})) is None
    bot = {**person.user(), "is_bot": True}
    assert parsed(telegram, signed, Updates().message(person, {"text": "hi", "from": bot})) is None


def test_a_repeated_update_has_the_same_key_and_every_other_a_different_one(
    telegram: TelegramChannel, signed: Sign, person: Person
) -> None:
    updates = Updates()
    under = updates.bare(person, {"text": "?"})
    several = [
        updates.text(person, "same"),
        updates.text(person, "same"),
        updates.text(Person(id=4), "same"),
        updates.edit(person, 11, {"text": "same"}),
        updates.tap(person, "a:b:1", under),
        updates.tap(person, "a:b:1", under),
    ]
    keys = [telegram.parse(signed(update)).inbound[0].event_key for update in several * 2]
    assert keys[: len(several)] == keys[len(several) :]
    assert len(set(keys)) == len(several)


def test_a_lone_surrogate_is_replaced(telegram: TelegramChannel, signed: Sign, person: Person) -> None:
    body = json.dumps(Updates().text(person, "gun here X")).replace("X", "\\ud83d").encode()
    assert parsed(telegram, signed, body) == Text("gun here ?")


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b"\xff", b'{"update_id":"x"}', b"[" * 100_000])
def test_a_body_that_is_not_an_update_is_malformed(body: bytes, telegram: TelegramChannel, signed: Sign) -> None:
    with pytest.raises(Malformed):
        telegram.parse(signed(body))


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_every_kind_of_update_can_be_parsed(
    depth: int, telegram: TelegramChannel, signed: Sign, description: Description
) -> None:
    fields = description.types["Update"]["fields"]
    kinds = [name for name in fields if name != "update_id"]
    assert len(kinds) == 25
    for kind in kinds:
        update = {"update_id": 1, kind: description.sample(fields[kind]["types"][0], depth=depth)}
        batch = telegram.parse(signed(update))
        accepted = kind in {"message", "edited_message", "callback_query"}
        assert not batch.inbound or accepted, kind
        assert telegram.parse(signed({"update_id": 1, kind: None})).ignored == 1


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


@pytest.mark.parametrize("broken", [b'"text": "\xff"', b'"\xff": 1', b'"dice": "\xff"', b'"caption": "\xed\xa0\x80"'])
def test_a_message_that_is_no_text_is_answered_as_unreadable(
    broken: bytes, telegram: TelegramChannel, signed: Sign
) -> None:
    update = b'{"update_id": 7, "message": {"message_id": 1, "chat": {"id": 8812345678, "type": "private"}, %b}}'
    (inbound,) = telegram.parse(signed(update % broken)).inbound
    assert inbound.event in {Unsupported("unreadable"), Unsupported("dice")}
