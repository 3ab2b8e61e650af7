"""Thirty days of notifications, with tips and without: the same subject, size and time; and the settings."""

from __future__ import annotations

import asyncio
import email
from datetime import UTC, datetime
from email.policy import default
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from satark.api.sink import Delivery, DeliveryResult, Done
from satark.delivery.worker import load_deliveries
from satark.store import deliveries
from satark_email.sink import due_notifications, time_of
from satark_testing.waiting import until
from support.peers.mail import MailPeer, mail_server

DAYS = 30
POLLS = (12_607, 12_900, 45_033)
"""Seconds after midnight (UTC) at which the process checks for due notifications."""
FIRST = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())


class Recorder:
    """Records every mail in place of an SMTP client; a real server would only take longer."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def send(self, mail: bytes, _destination: Any, _delivery: Delivery) -> DeliveryResult:
        self.mails.append(mail)
        return Done()


def queue_and_claim(unit: Any, sink: Any, office: Any) -> list[Delivery]:
    sink.queue_due_notifications(unit)
    claimed = load_deliveries(unit, deliveries.claim(unit, "email:notification", 9), office.services)
    deliveries.mark_done(unit, [id_ for id_, _ in claimed])
    return [delivery for _, delivery in claimed]


async def month(office: Any, monkeypatch: pytest.MonkeyPatch, *, tips: bool) -> list[Any]:
    """Simulate thirty days, with a check at each time of `POLLS`; return the visible parts of each mail."""
    now = SimpleNamespace(value=FIRST)
    monkeypatch.setattr("satark.store.unit_of_work.time", SimpleNamespace(time=lambda: now.value))
    sent_at, recorder = [], Recorder()
    async with office.sink(office.settings(25)) as sink:
        monkeypatch.setattr(sink, "_smtp", recorder)
        for day, poll in ((day, poll) for day in range(DAYS) for poll in POLLS):
            now.value = FIRST + day * 86400 + poll
            if tips and day % 5 == 0:
                office.seed_tip(office.cell)
            for delivery in office.services.write_now(lambda unit: queue_and_claim(unit, sink, office)):
                assert await sink.deliver(delivery) == Done()
                sent_at.append(now.value)
    return [_visible(at, mail) for at, mail in zip(sent_at, recorder.mails, strict=True)]


def _visible(at: int, content: bytes) -> Any:
    parsed = email.message_from_bytes(content, policy=default)
    body = parsed.get_content()
    return at, len(content), parsed["Subject"], parsed["Date"], tuple(parsed.keys()), body


@pytest.mark.slow("several servers")
async def test_notifications_are_the_same_on_days_with_and_without_tips(
    office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_tips = await month(office, monkeypatch, tips=False)
    office.services.write_now(lambda unit: unit.main.exec_driver_sql("DELETE FROM delivery"))
    with_tips = await month(office, monkeypatch, tips=True)
    assert with_tips == without_tips
    assert len(without_tips) == 2 * DAYS
    assert len({size for _, size, *_ in without_tips}) == 1
    assert len({(subject, names, body) for _, _, subject, _, names, body in without_tips}) == 1
    times = {parsedate_to_datetime(date).strftime("%H:%M:%S %z") for _, _, _, date, *_ in without_tips}
    assert times == {"09:00:00 +0530", "18:00:00 +0530"}


async def test_an_urgent_tip_sends_the_same_notification_at_once_if_a_rule_says_so(office: Any, peer: MailPeer) -> None:
    async with mail_server(peer, office.certificate), office.sink(office.settings(peer.port)) as sink:
        office.seed_tip(office.notification, priority="urgent")
        notification_id = next(due_notifications(FIRST + 3 * 3600 + 1800, ["09:00"], "+05:30"))
        office.services.write_now(lambda unit: deliveries.add(unit, notification_id, "email:notification"))
        for delivery in office.claim("email:notification"):
            assert await sink.deliver(delivery) == Done()
    urgent, plain = (_visible(0, mail.content) for mail in peer.received)
    assert (urgent[1], urgent[2], urgent[4:]) == (plain[1], plain[2], plain[4:])


@pytest.mark.parametrize(
    ("now", "found"),
    [("08:59:59", 0), ("09:00:00", 1), ("09:59:59", 1), ("10:00:00", 0), ("00:10:00", 1), ("23:59:59", 0)],
)
def test_a_notification_is_due_at_its_time_and_for_an_hour_after_it(now: str, found: int) -> None:
    moment = datetime.fromisoformat(f"2026-11-24T{now}+05:30").timestamp()
    assert len(list(due_notifications(int(moment), ["09:00", "00:05"], "+05:30"))) == found


def test_a_notification_due_just_before_midnight_is_still_sent_after_it() -> None:
    moment = int(datetime.fromisoformat("2026-11-24T00:10:00+05:30").timestamp())
    (notification_id,) = due_notifications(moment, ["23:50"], "+05:30")
    assert time_of(notification_id) == moment - 1200


async def test_the_log_says_when_notifications_are_sent(office: Any) -> None:
    async with office.sink(office.settings(25)) as sink:
        with capture_logs() as lines:
            listening = asyncio.create_task(sink.listen())
            await until(lambda: lines)
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
    assert lines[0]["event"] == "notifications are sent at 09:00, 18:00 (+05:30), with tips or without"
