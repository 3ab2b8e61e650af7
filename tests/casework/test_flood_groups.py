"""Floods: which tips the queue groups, and which tips it shows one by one."""

from __future__ import annotations

from typing import Any

import pytest

from satark.api.tip import Message
from satark.casework.flood_groups import flood_groups
from satark.services import Services
from support.acts import respond
from support.desks import SeededDesk
from support.tips import SeededTip, seed_message, seed_tip

COPIED = "मेयर साहब ने पार्क की ज़मीन बेच दी है सब लोग शिकायत भेजें नहीं तो बच्चे कहाँ खेलेंगे"
RETOLD = "mayor sahab ne park ki zameen bech di hai, sab log shikayat bheje nahi to bachche kahan khelenge!!"


def send(services: Services, sp: SeededDesk, *texts: str, **fields: Any) -> list[SeededTip]:
    return [seed_tip(services, [sp.desk], answers={"category": "OTHER", "what": text}, **fields) for text in texts]


def groups(sp: SeededDesk) -> list[list[str]]:
    return [
        sorted(one.header.number for one in group.tips)
        for group in flood_groups(sp.casework.cache, sp.casework.may_read)
    ]


def numbers(tips: list[SeededTip]) -> list[str]:
    return sorted(tip.number for tip in tips)


def test_copies_of_one_text_in_either_script_are_one_group(services: Services, sp: SeededDesk) -> None:
    flood = send(services, sp, COPIED, RETOLD, COPIED + " जल्दी", COPIED, RETOLD.upper())
    send(services, sp, "UP65 CD 4411 से शराब आती है", "पार्क में जुआ होता है", "बच्चे खेलते हैं वहाँ शराब बिकती है")
    assert groups(sp) == [numbers(flood)]


def test_tips_that_say_nothing_are_one_group_without_those_that_have_a_file(services: Services, sp: SeededDesk) -> None:
    flood = send(services, sp, "test", "hello", ".", "हैलो")
    send(services, sp, "test", evidence=("1",))
    assert groups(sp) == [numbers(flood)]


@pytest.mark.parametrize(
    "fields",
    [
        {"priority": "urgent"},
        {"received": "2026-11-20T06/PT6H"},
    ],
)
def test_urgent_tips_and_tips_of_another_day_are_not_grouped(
    services: Services, sp: SeededDesk, fields: dict[str, Any]
) -> None:
    send(services, sp, *[COPIED] * 3)
    send(services, sp, COPIED, **fields)
    assert groups(sp) == []


def test_a_short_text_that_many_write_about_different_places_or_vehicles_is_no_flood(
    services: Services, sp: SeededDesk
) -> None:
    for at in range(5):
        place = {"latitude": 25.2 + at / 100, "longitude": 82.9}
        answers = {"category": "GAMBL", "what": "यहाँ जुआ होता है कार्रवाई करें", "place": place}
        seed_tip(services, [sp.desk], answers=answers)
    send(services, sp, *[f"गाड़ी UP65 CD 44{at} बालू लेकर रात को पुल से निकलती है बिना कागज़ के" for at in range(10, 15)])
    assert groups(sp) == []


@pytest.mark.slow("a desk's whole work")
def test_a_finished_tip_leaves_its_group_and_returns_when_it_is_open_again(services: Services, sp: SeededDesk) -> None:
    flood = send(services, sp, *[COPIED] * 5)
    respond(sp.casework, sp.casework.open(flood[0].number), status="SET_ASIDE")
    assert groups(sp) == [numbers(flood[1:])]
    respond(sp.casework, sp.casework.open(flood[1].number), status="ACTED")
    assert groups(sp) == []
    seed_message(services, flood[0], Message(sender="tipster", text="they come again"))
    respond(sp.casework, sp.casework.open(flood[1].number), status="IN_REVIEW")
    assert len(groups(sp)[0]) >= 4
