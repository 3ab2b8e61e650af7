"""Channel values: requests never show their content, accounts name their channel, and one bad item harms no other."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from satark.api.channel import RawRequest, channel_of
from satark.api.inbound import Address, Batch, Inbound, Malformed, Text, parse_each
from satark.api.outbound import Accepted, Call, Delivered


def test_a_requests_repr_shows_only_its_path() -> None:
    raw = RawRequest(method="POST", path="/sms/webhook", query="From=1", headers={"from": "1"}, body=b"From=1")
    assert repr(raw) == "RawRequest(POST /sms/webhook)"


def test_an_account_names_its_channel() -> None:
    assert channel_of("whatsapp:1065:40") == "whatsapp"


def parsed(item: str) -> Batch:
    failures: dict[str, Exception] = {
        "malformed": Malformed("no message"),
        "undecodable": UnicodeDecodeError("utf-8", b"secret", 0, 1, "secret"),
        "broken": ValueError("Invalid IPv6 URL of Sunita"),
    }
    if item in failures:
        raise failures[item]
    inbound = Inbound(account="beacon:1", event_key=item, senders=(Address("1"),), event=Text(item))
    call = Call(account="beacon:1", method="x", body=b"")
    return Batch(
        inbound=[inbound],
        delivered=[Delivered(call_id=item, result=Accepted())],
        chores=[call],
        alarms=[item],
        ignored=1,
    )


@pytest.mark.parametrize(("item", "counts"), [("malformed", (3, 0)), ("undecodable", (3, 0)), ("broken", (2, 1))])
def test_an_unreadable_item_costs_no_other_item(item: str, counts: tuple[int, int]) -> None:
    with capture_logs() as logs:
        batch = parse_each(["a", item, "b"], parsed)
    assert [inbound.event_key for inbound in batch.inbound] == ["a", "b"]
    assert [report.call_id for report in batch.delivered] == list(batch.alarms) == ["a", "b"]
    assert (len(batch.chores), batch.ignored, batch.unread) == (2, *counts)
    assert len(logs) == batch.unread
    assert "Sunita" not in str(logs)


def test_the_only_item_may_be_unreadable_and_a_batch_may_be_empty() -> None:
    assert parse_each(["malformed"], parsed) == Batch(ignored=1)
    assert list(parse_each([], parsed).inbound) == []
