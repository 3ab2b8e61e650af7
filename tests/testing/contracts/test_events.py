"""The kit notices an event's time that its request does not name."""

from __future__ import annotations

import time
from contextlib import nullcontext

import pytest

from satark.api.channel import RawRequest
from satark.api.inbound import Address, Batch, Inbound, Text
from satark_testing.contracts.channel import BrokenRule
from satark_testing.contracts.events import check_events
from support.postcards import PHONE, Postcards, case

AT = 1_750_000_000


@pytest.mark.parametrize(
    ("sent_at", "body", "noticed"),
    [
        (AT, f'{{"t": {AT}}}', False),
        (AT, f'{{"t": "{AT}678"}}', False),
        (AT + 1234, f'{{"created": {AT}, "sent": "by another form"}}', False),
        (AT + 5 * 3600 + 1800, f'{{"t": {AT}}}', True),
        (AT - 3600, f'{{"t": {AT}000}}', True),
        (int(time.time()) + 90_000, "{}", True),
    ],
    ids=["its own", "with milliseconds", "by another form", "of another time zone", "an hour early", "in the future"],
)
def test_a_time_is_the_requests(sent_at: int, body: str, noticed: bool) -> None:  # noqa: FBT001 - a row of the table
    raw = RawRequest(method="POST", path="/postcards", headers={}, body=body.encode())
    inbound = Inbound(
        account="postcards:1", event_key="k", senders=(Address(PHONE),), event=Text("Hi"), sent_at=sent_at
    )
    with pytest.raises(BrokenRule, match=r"^C83 ") if noticed else nullcontext():
        check_events(case(Postcards()), raw, Batch(inbound=[inbound]))
