"""A virtual citizen answers the questions up to a receipt, or raises an error that names the misunderstood answer."""

from __future__ import annotations

import pytest

from satark_testing.whatsapp.citizen import Citizen, LostError, receipt_in
from support.whatsapp_bot import running

pytestmark = pytest.mark.slow("a provider's server")


async def test_a_bot_that_does_not_answer_raises_an_error() -> None:
    async with running() as (peer, _, hook):
        citizen = Citizen(peer, hook, wa_id="919876543210", patience=0.01)
        with pytest.raises(LostError, match="nothing was heard"):
            _ = citizen.last
        with pytest.raises(LostError, match="no answer after"):
            await citizen.hear()


async def test_an_unknown_question_is_named_in_the_error() -> None:
    async with running() as (peer, _, hook), Citizen(peer, hook, wa_id="919876543210") as citizen:
        with pytest.raises(LostError, match="Which language"):
            await citizen.walk({"Somewhere": "else"})


async def test_a_walk_without_a_receipt_ends_with_an_error() -> None:
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
def test_a_receipt_code_is_found_in_digits_of_any_script(text: str, code: str) -> None:
    assert receipt_in(text) == code
