"""Every kind of update becomes the right inbound event, or is counted."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from satark.api.channel import RawRequest
from satark.api.inbound import Edited, Event, Malformed, Tap, Text, Unsupported
from satark_telegram.channel import TelegramChannel
from satark_testing.telegram.bot_api import Person, Updates
from support.telegram_description import Description

FILE = {"file_id": "BQACAgUAAxkBAAIB", "file_unique_id": "AgADqQ", "file_size": 9}
AT = {"latitude": 25.3176, "longitude": 82.9739}
LARGE = {**FILE, "width": 1280, "height": 853}

Sign = Callable[[Any], RawRequest]


def parsed(channel: TelegramChannel, signed: Sign, update: Any) -> Event | None:
    """Return the one event of an update; None: the update is ignored."""
    batch = channel.parse(signed(update))
    assert len(batch.inbound) + batch.ignored == 1
    return batch.inbound[0].event if batch.inbound else None


def test_an_edit_names_its_original(telegram: TelegramChannel, signed: Sign, person: Person) -> None:
    updates = Updates()
    first = telegram.parse(signed(updates.text(person, "old"))).inbound[0]
    (edit,) = telegram.parse(signed(updates.edit(person, 11, {"text": "new"}))).inbound
    assert edit.event == Edited(first.message_key, "new")
    assert edit.event_key != first.event_key
    assert parsed(telegram, signed, updates.edit(person, 11, {"photo": [LARGE], "caption": "so"})) == Edited(
        first.message_key, "so"
    )


def test_the_stored_key_of_an_event_is_not_derived_from_its_sender(telegram: TelegramChannel, signed: Sign) -> None:
    made = [telegram.parse(signed(Updates().text(Person(id=number), "Hi"))).inbound[0] for number in (4, 5)]
    assert made[0].event_key == made[1].event_key, (
        "the first message of anybody: whoever knows the edge key could try ids"
    )
    assert made[0].message_key != made[1].message_key


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
def test_a_message_has_its_sending_time_if_it_names_one(
    date: Any, sent_at: int | None, telegram: TelegramChannel, signed: Sign, person: Person
) -> None:
    update = Updates().message(person, {"text": "Hi", "date": date})
    (inbound,) = telegram.parse(signed(update)).inbound
    assert (inbound.event, inbound.sent_at) == (Text("Hi"), sent_at)
    del update["message"]["date"]
    assert telegram.parse(signed(update)).inbound[0].sent_at is None


def test_an_edit_has_the_time_of_its_original_and_a_tap_none(
    telegram: TelegramChannel, signed: Sign, person: Person
) -> None:
    updates = Updates()
    edit = updates.edit(person, 11, {"text": "new", "date": 1_795_000_000, "edit_date": 1_795_086_400})
    tap = updates.tap(person, "a:b:1", updates.bare(person, {"text": "?", "date": 1_795_000_001}))
    sent_at = [telegram.parse(signed(update)).inbound[0].sent_at for update in (edit, tap)]
    assert sent_at == [1_795_000_000, None], "the message with the button may be months old"


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


def test_a_repeated_update_has_the_same_key_and_every_other_another_key(
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


@pytest.mark.slow("every kind of update")
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_every_kind_of_update_can_be_parsed(
    depth: int, telegram: TelegramChannel, signed: Sign, description: Description
) -> None:
    fields = description.types["Update"]["fields"]
    kinds = [name for name in fields if name != "update_id"]
    assert len(kinds) == 26
    for kind in kinds:
        update = {"update_id": 1, kind: description.sample(fields[kind]["types"][0], depth=depth)}
        batch = telegram.parse(signed(update))
        accepted = kind in {"message", "edited_message", "callback_query"}
        assert not batch.inbound or accepted, kind
        assert telegram.parse(signed({"update_id": 1, kind: None})).ignored == 1


@pytest.mark.parametrize("broken", [b'"text": "\xff"', b'"\xff": 1', b'"dice": "\xff"', b'"caption": "\xed\xa0\x80"'])
def test_a_message_that_is_no_text_is_answered_as_unreadable(
    broken: bytes, telegram: TelegramChannel, signed: Sign
) -> None:
    update = b'{"update_id": 7, "message": {"message_id": 1, "chat": {"id": 8812345678, "type": "private"}, %b}}'
    (inbound,) = telegram.parse(signed(update % broken)).inbound
    assert inbound.event in {Unsupported("unreadable"), Unsupported("dice")}
