"""A virtual citizen walks through the questions to a receipt, or says where they got lost."""

from __future__ import annotations

import pytest

from satark_testing.whatsapp.citizen import Citizen, LostError, receipt_in
from support.whatsapp_bot import running


async def test_a_silent_bot_is_noticed() -> None:
    async with running() as (peer, _, hook):
        citizen = Citizen(peer, hook, wa_id="919876543210", patience=0.01)
        with pytest.raises(LostError, match="nothing was heard"):
            _ = citizen.last
        with pytest.raises(LostError, match="no answer after"):
            await citizen.hear()


async def test_a_question_that_the_script_does_not_know_is_named() -> None:
    async with running() as (peer, _, hook), Citizen(peer, hook, wa_id="919876543210") as citizen:
        with pytest.raises(LostError, match="Which language"):
            await citizen.walk({"Somewhere": "else"})


async def test_a_walk_that_leads_nowhere_ends() -> None:
    async with running() as (peer, _, hook), Citizen(peer, hook, wa_id="919876543210") as citizen:
        with pytest.raises(LostError, match="no receipt after 2"):
            await citizen.walk({".": "again"}, most=2)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("सूचना कोड: 1234 5678 9012 3456 रखिए", "1234567890123456"),
        ("१२३४ ५६७८ ९०१२ ३४५६", "1234567890123456"),
        ("1234-5678-9012-3456", "1234567890123456"),
        ("1234 5678 9012", ""),
        ("91234 5678 9012 34567", ""),
    ],
)
def test_a_receipt_is_found_in_any_script(text: str, code: str) -> None:
    assert receipt_in(text) == code
