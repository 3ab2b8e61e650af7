"""The Telegram channel keeps the contract of channels."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from satark.channel import Address, Call, RawRequest
from satark.testing.contracts.channel import ChannelCase, check_channel
from satark.testing.telegram.bot_api import Description, Person, Updates
from satark.testing.telegram.citizen import content
from satark.testing.telegram.limits import check_limits
from satark_telegram.channel import TelegramChannel

Sign = Callable[[Any], RawRequest]
FILE = {"file_id": "BQACAgUAAxkBAAIB", "file_unique_id": "AgADqQ", "file_size": 9}


def test_the_telegram_channel_keeps_the_contract(
    telegram: TelegramChannel, signed: Sign, person: Person, description: Description
) -> None:
    updates = Updates()

    def accepts(call: Call) -> None:
        body = json.loads(call.body)
        description.check(call.method, body)
        check_limits(call.method, body)

    card = {"phone_number": "919876543210", "first_name": "Sunita", "user_id": person.id}
    case = ChannelCase(
        channel=telegram,
        to=Address(str(person.id)),
        genuine=[
            signed(update)
            for update in (
                updates.text(person, "Hi"),
                updates.message(person, {**content("document", FILE), "caption": "see"}),
                updates.message(person, {"contact": card}),
                updates.edit(person, 11, {"text": "Hello"}),
                updates.tap(person, "a:b:1", updates.bare(person, {"text": "?"})),
            )
        ],
        identifiers=("8812345678", "Sunita", "Planted", "sunita_planted_vns", "919876543210", "document of mine"),
        accepts=accepts,
        covers_body=False,
    )
    check_channel(case)
