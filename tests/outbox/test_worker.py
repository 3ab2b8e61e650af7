"""Replies: sent at once, in order, not twice if that can be avoided, and never lost silently."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from satark.api.outbound import (
    Accepted,
    Blocked,
    Call,
    Delivered,
    Misconfigured,
    Permanent,
    SendResult,
    Throttled,
    Transient,
    WindowClosed,
)
from satark.identity.edge_key import Handle, Identity
from satark.outbox import worker as worker_module
from satark.outbox.outbox import message
from satark.outbox.worker import ReplyWorker
from satark.settings.core import Core
from satark.store import outbox, tables
from satark.store.outbox import OutboxMessage
from satark.store.writer import Writer
from satark.telemetry.metrics import Metrics
from satark_testing.waiting import until
from support.later import render_a_band_later
from support.scripted import ACCOUNT, ScriptedChannel, database_down
from support.store import fresh_services

ASHA, BINA = (name.ljust(32) for name in (b"asha", b"bina"))


class Post:
    """A reply worker with a store of its own."""

    def __init__(self, folder: Path, **core: Any) -> None:
        self.services = fresh_services(folder)
        self.channel = ScriptedChannel()
        self.identity = Identity(b"k" * 32)
        self.metrics = Metrics()
        self.writer = Writer(self.services.main, self.services.keys)
        self.sender = self.another(**core)
        self.running: list[asyncio.Task[None]] = []

    def another(self, channel: ScriptedChannel | None = None, **core: Any) -> ReplyWorker:
        """Make the reply worker of one more process."""
        return ReplyWorker(
            channels={ACCOUNT: channel or self.channel},
            writer=self.writer,
            identity=self.identity,
            metrics=self.metrics,
            settings=Core(**{"settle_seconds": 0.05, **core}),
        )

    def run(self) -> None:
        self.running.append(asyncio.create_task(self.sender.run()))

    async def stop(self) -> None:
        for task in self.running:
            task.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)
        await self.writer.stop()
        self.services.close()

    async def reply(self, *items: OutboxMessage) -> None:
        """Commit replies of one turn and post them, as ingest does."""
        await self.writer.write(lambda unit: outbox.add(unit, items, self.identity))
        self.sender.post(items)

    async def due_now(self) -> None:
        """Make every waiting reply due, and let the worker find it."""
        every = tables.outbox.update().where(tables.outbox.c.state == "due").values(due_at=int(time.time()))
        await self.writer.write(lambda unit: unit.main.execute(every))
        await self.sender._recover()

    async def rows(self) -> Sequence[Any]:
        query = select(tables.outbox).order_by(tables.outbox.c.position)
        found: Sequence[Any] = await self.writer.write(lambda unit: unit.main.execute(query).all())
        return found

    async def settled(self, sent: int) -> Sequence[Any]:
        """Wait until so many calls were made and their results are written; return the outbox."""
        await until(lambda: len(self.channel.sent) >= sent)
        await asyncio.sleep(0.01)
        return await self.rows()


def call(body: str = "hello", fallback: bytes = b"", account: str = ACCOUNT) -> Call:
    return Call(account=account, method="say", body=body.encode(), fallback=fallback)


def item(body: str, conversation: bytes = ASHA, *, must_arrive: bool = False, **more: Any) -> OutboxMessage:
    debounce = more.pop("debounce", False)
    return message(conversation, call(body, **more), must_arrive=must_arrive, debounce=debounce)


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    made = Post(tmp_path, send_attempts=3)
    made.writer.start()
    yield made
    await made.stop()


async def test_an_accepted_reply_is_forgotten(post: Post) -> None:
    post.run()
    await post.reply(item("one"))
    assert await post.settled(1) == []
    assert post.channel.bodies == [b"one"]


async def test_the_replies_of_a_turn_stay_in_order(post: Post) -> None:
    post.run()
    await post.reply(*(item(str(n), must_arrive=n % 2 == 0) for n in range(20)))
    await post.settled(20)
    assert post.channel.bodies == [str(n).encode() for n in range(20)]


async def test_a_superseded_reply_is_dropped_unless_it_must_arrive(post: Post) -> None:
    await post.reply(item("receipt", must_arrive=True), item("old question"))
    await post.reply(item("new question"))
    assert len(await post.rows()) == 2
    post.run()
    assert await post.settled(2) == []
    assert post.channel.bodies == [b"receipt", b"new question"]


async def test_an_album_is_answered_once(post: Post) -> None:
    post.run()
    replies = [item(f"got {n}", debounce=True) for n in range(5)]
    await post.writer.write(lambda unit: outbox.add(unit, replies, post.identity))
    for reply in replies:
        post.sender.post([reply])
        await asyncio.sleep(0)
    await post.settled(1)
    assert post.channel.bodies == [b"got 4"]


async def test_replies_that_were_posted_before_the_worker_ran_are_sent(post: Post) -> None:
    await post.reply(item("early"))
    post.run()
    assert await post.settled(1) == []


async def test_a_throttled_conversation_delays_nobody_else(post: Post) -> None:
    post.run()
    post.channel.outcomes += [Throttled(30)]
    await post.reply(item("asha"))
    await post.settled(1)
    await post.reply(item("bina", BINA))
    rows = await post.settled(2)
    assert post.channel.bodies == [b"asha", b"bina"]
    assert [(row.conversation, row.reason) for row in rows] == [(ASHA, "throttled")]


async def test_a_slow_conversation_delays_nobody_else(post: Post) -> None:
    gate = asyncio.Event()

    class Slow(ScriptedChannel):
        async def send(self, call: Call, call_id: str) -> SendResult:
            if call.body == b"asha":
                await gate.wait()
            return await super().send(call, call_id)

    post.channel = slow = Slow()
    post.sender = post.another(slow)
    post.run()
    await post.reply(item("asha"))
    await post.reply(item("bina", BINA))
    await until(lambda: slow.bodies == [b"bina"])
    gate.set()
    await until(lambda: slow.bodies == [b"bina", b"asha"])


async def test_a_provider_that_does_not_answer_holds_up_no_other_account(post: Post) -> None:
    hanging, other = asyncio.Event(), ScriptedChannel()

    class Hanging(ScriptedChannel):
        async def send(self, call: Call, call_id: str) -> SendResult:
            await hanging.wait()
            return await super().send(call, call_id)

    post.sender = post.another(Hanging(), senders=2)
    post.sender._channels = {**post.sender._channels, "script:2": other}
    post.run()
    await post.reply(*(item("waits", bytes([n]) * 32) for n in range(5)))
    await post.reply(message(BINA, call("goes", account="script:2"), must_arrive=True))
    await until(lambda: other.bodies == [b"goes"])
    hanging.set()


async def test_a_provider_that_answers_slowly_gets_more_calls_at_once(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr("satark.outbox.worker.time.monotonic", lambda: clock[0])
    together, inside = asyncio.Event(), 0

    class Slow(ScriptedChannel):
        async def send(self, call: Call, call_id: str) -> SendResult:
            nonlocal inside
            inside += 1
            if inside == 20:
                together.set()
            if len(self.sent) < 100:  # these tell that a call takes a quarter of a second
                inside -= 1
                clock[0] += 0.25
            else:
                await together.wait()
            return await super().send(call, call_id)

    slow = Slow()
    post.sender = post.another(slow, senders=1, most_senders=20)
    post.run()
    await post.reply(*(item(str(n), bytes([n]) * 32, must_arrive=True) for n in range(150)))
    await until(lambda: len(slow.sent) == 150)


async def test_replies_beyond_the_memory_limit_wait_in_the_database(post: Post) -> None:
    post.sender = post.another(replies_in_memory=2)
    items = [item(str(n), bytes([n]).ljust(32, b"c"), must_arrive=True) for n in range(5)]
    await post.reply(items[0], items[1])
    await post.reply(*items[2:])
    assert len(post.sender._held) == 2
    assert len(await post.rows()) == 5
    post.run()
    await post.settled(2)
    await post.due_now()
    await until(lambda: len(post.channel.sent) == 4)
    await post.due_now()
    assert await post.settled(5) == []


async def test_a_reply_that_does_not_fit_into_memory_still_supersedes_the_one_before_it(post: Post) -> None:
    post.sender = post.another(replies_in_memory=1)
    await post.reply(item("old"))
    await post.reply(item("new, of two"), item("second, of two"))
    assert not post.sender._held
    post.run()
    await post.due_now()
    await until(lambda: post.channel.bodies[:1] == [b"new, of two"])


async def test_an_account_wide_throttle_pauses_the_whole_account(post: Post) -> None:
    post.run()
    post.channel.outcomes += [Throttled(30, "account")]
    await post.reply(item("asha"))
    await post.settled(1)
    await post.reply(item("bina", BINA))
    await until(lambda: not post.sender._held)
    rows = await post.rows()
    assert len(post.channel.sent) == 1
    assert {row.reason for row in rows} == {"throttled"}


async def test_waiting_for_the_account_does_not_count_as_an_attempt(post: Post) -> None:
    post.run()
    post.channel.outcomes += [Misconfigured("190")] * 6
    await post.reply(item("receipt", must_arrive=True))
    for n in range(6):
        await post.settled(n + 1)
        await post.due_now()
    assert await post.settled(7) == []


@pytest.mark.parametrize("outcome", [Transient("500"), OSError("planted"), Throttled(0)])
async def test_a_reply_is_given_up_after_so_many_attempts(post: Post, outcome: Any) -> None:
    post.run()
    post.channel.outcomes += [outcome] * 9
    await post.reply(item("asha"))
    for n in range(3):
        rows = await post.settled(n + 1)
        await post.due_now()
    rows = await post.settled(3)
    assert len(post.channel.sent) == 3
    assert [(row.state, row.call) for row in rows] == [("dead_letter", b"")]
    assert "planted" not in rows[0].reason


@pytest.mark.slow("several attempts")
async def test_a_reply_is_sent_once_an_attempt_succeeds(post: Post) -> None:
    post.run()
    post.channel.outcomes += [Transient("500"), ConnectionResetError()]
    await post.reply(item("asha"))
    for n in range(2):
        await post.settled(n + 1)
        await post.due_now()
    assert await post.settled(3) == []


async def test_every_attempt_bears_the_same_call_id(post: Post) -> None:
    post.run()
    post.channel.outcomes += [Transient("500")]
    one = item("asha")
    await post.reply(one)
    await post.settled(1)
    await post.due_now()
    await post.settled(2)
    assert [call_id for _, call_id in post.channel.sent] == [one.id.hex()] * 2


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Permanent("131009"), "dead_letter"),
        (Blocked(), None),
        (Misconfigured("190"), "due"),
        (WindowClosed(), "dead_letter"),
    ],
)
async def test_the_reasons_why_a_reply_can_not_be_sent_are_told_apart(
    post: Post, outcome: Any, state: str | None
) -> None:
    post.run()
    post.channel.outcomes += [outcome]
    await post.reply(item("asha"))
    rows = await post.settled(1)
    assert [row.state for row in rows] == ([state] if state else [])
    if state == "dead_letter":
        assert rows[0].call == b""


async def test_a_closed_window_takes_the_fallback(post: Post) -> None:
    post.run()
    post.channel.outcomes += [WindowClosed()]
    await post.reply(item("news", fallback=b"neutral"))
    await post.settled(1)
    await post.due_now()
    assert await post.settled(2) == []
    assert post.channel.bodies == [b"news", b"neutral"]


async def test_a_later_report_of_a_closed_window_takes_the_fallback(post: Post) -> None:
    post.run()
    one = item("news", fallback=b"neutral")
    await post.reply(one)
    assert [row.state for row in await post.settled(1)] == ["sent"]
    post.sender.report([Delivered(call_id=one.id.hex(), result=WindowClosed())], "script")
    await post.rows()
    await post.due_now()
    assert await post.settled(2) == []
    assert post.channel.bodies == [b"news", b"neutral"]


async def test_news_that_a_report_calls_undelivered_delays_no_later_news(post: Post) -> None:
    link = b"t" * 16
    told = post.identity.seal_handle(Handle(ACCOUNT, "a", notified=True), link)
    row = {"id": link, "sender": b"s" * 32, "handle": told, "expires_at": 2**40}
    await post.writer.write(lambda unit: unit.insert(tables.reach, [row]))
    post.run()
    one = item("news", outbox.news_queue(link), fallback=b"neutral")
    await post.reply(one)
    await post.settled(1)
    post.sender.report([Delivered(call_id=one.id.hex(), result=Permanent("131026"))], "script")
    query = select(tables.reach.c.handle)

    def is_free() -> bool:
        handle = post.identity.open_handle(post.services.read(lambda c: c.execute(query).scalar_one()), link)
        return handle is not None and not handle.notified

    await until(is_free)


async def test_a_call_is_deleted_once_a_report_says_that_it_arrived(post: Post) -> None:
    post.run()
    one = item("news", fallback=b"neutral")
    await post.reply(one)
    assert len(await post.settled(1)) == 1
    post.sender.report([Delivered(call_id=one.id.hex(), result=Permanent("1"))], "script")
    assert len(await post.rows()) == 1
    post.sender.report([Delivered(call_id=one.id.hex(), result=Accepted())], "script")
    assert await post.rows() == []


@pytest.mark.parametrize("call_id", ["", "zz", "0" * 32, "0" * 31, "0" * 34])
async def test_a_report_on_a_call_that_is_not_ours_changes_nothing(post: Post, call_id: str) -> None:
    await post.reply(item("asha"))
    post.sender.report([Delivered(call_id=call_id, result=WindowClosed())], "script")
    assert [row.state for row in await post.rows()] == ["due"]


async def test_replies_of_an_account_that_is_no_longer_configured_stay_in_the_outbox(post: Post) -> None:
    post.run()
    await post.reply(item("asha", account="script:2"))
    await until(lambda: not post.sender._held)
    assert [(row.state, row.reason) for row in await post.rows()] == [("due", "no such account")]


async def test_the_claim_on_a_reply_that_waits_here_is_renewed(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "RENEW_AFTER", -1.0)
    await post.reply(item("asha"))
    await post.writer.write(lambda unit: unit.main.execute(update(tables.outbox).values(due_at=5)))
    post.sender._renew()
    assert (await post.rows())[0].due_at > 5
    await post.sender._recover()
    assert len(post.sender._queues[ASHA]) == 1


async def test_a_crash_leaves_rows_that_are_sent_after_the_lease(post: Post) -> None:
    lost = [item("one"), item("two"), item("three", BINA)]
    await post.writer.write(lambda unit: outbox.add(unit, lost, post.identity))
    post.run()
    await post.sender._recover()
    assert len(await post.rows()) == 3, "another process may be sending them"
    await post.due_now()
    assert await post.settled(3) == []
    assert [body for body in post.channel.bodies if body != b"three"] == [b"one", b"two"]


async def test_a_row_that_does_not_open_becomes_a_dead_letter_and_stops_no_other(post: Post) -> None:
    await post.writer.write(lambda unit: outbox.add(unit, [item("spoilt"), item("bina", BINA)], post.identity))
    spoil = update(tables.outbox).where(tables.outbox.c.conversation == ASHA).values(call=b"?" * 40)
    await post.writer.write(lambda unit: unit.main.execute(spoil))
    post.run()
    await post.due_now()
    assert [(row.state, row.reason) for row in await post.settled(1)] == [("dead_letter", "broken seal")]


async def test_a_worker_that_fails_leaves_no_reply_claimed_for_ever(post: Post) -> None:
    gate = asyncio.Event()

    class Hanging(ScriptedChannel):
        async def send(self, call: Call, call_id: str) -> SendResult:
            await gate.wait()
            return await super().send(call, call_id)

    post.channel = Hanging()
    post.sender = post.another(post.channel)
    post.run()
    await post.reply(item("asha"), item("asha again", must_arrive=True))
    await asyncio.sleep(0.01)
    post.running.pop().cancel()
    await asyncio.sleep(0.01)
    gate.set()
    post.run()
    await post.due_now()
    assert await post.settled(2) == []


async def test_a_reply_that_is_posted_while_nothing_runs_waits_for_the_next_start(post: Post) -> None:
    post.run()
    await asyncio.sleep(0.01)
    post.running.pop().cancel()
    await asyncio.sleep(0.01)
    await post.reply(item("between"))
    post.run()
    assert await post.settled(1) == []


async def test_the_worker_tries_again_while_the_database_is_down(post: Post) -> None:
    await post.writer.write(lambda unit: outbox.add(unit, [item("asha")], post.identity))
    with database_down(post.services):
        await post.sender._recover()
    post.run()
    await post.due_now()
    assert await post.settled(1) == []


async def test_a_read_mark_is_sent_once_for_each_conversation(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "READ_MARK_SECONDS", 0.02)
    for n in range(5):
        post.sender.show_read(ASHA, call(f"seen {n}"), None)
    post.sender.show_read(BINA, call("bina", account="script:2"), None)
    post.run()
    await until(lambda: post.channel.sent)
    assert post.channel.sent == [(call("seen 4"), "")]


async def test_an_answer_under_way_is_shown_as_typing(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "READ_MARK_SECONDS", 0.01)
    post.sender.show_read(BINA, None, None)
    post.sender.show_read(ASHA, call("seen"), call("typing"))
    await post.reply(item("got it", debounce=True))
    post.run()
    await post.settled(2)
    assert post.channel.bodies == [b"typing", b"got it"]


async def test_each_call_for_which_a_phone_waits_is_made_at_once(post: Post) -> None:
    post.run()
    await asyncio.sleep(0)
    post.channel.outcomes += [Throttled(60), OSError("planted")]
    await post.reply(item("waits", debounce=False))
    await until(lambda: post.channel.sent)
    for n in range(3):
        post.sender.answer(call(f"tap {n}"))
    post.sender.answer(call("nobody's", account="script:2"))
    await until(lambda: len(post.channel.sent) == 4)
    assert post.channel.bodies == [b"waits", b"tap 0", b"tap 1", b"tap 2"]


async def test_a_read_mark_that_fails_stops_nothing(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "READ_MARK_SECONDS", 0.01)
    post.channel.outcomes += [OSError("planted")]
    post.run()
    post.sender.show_read(ASHA, call("seen"), None)
    await until(lambda: post.channel.sent)
    await post.reply(item("asha"))
    assert await post.settled(2) == []


@pytest.mark.parametrize("result", [Accepted(), Transient("500"), Permanent("131009")])
async def test_sends_are_counted_by_code(post: Post, result: SendResult) -> None:
    post.run()
    post.channel.outcomes += [result]
    await post.reply(item("asha"))
    await post.settled(1)
    code = getattr(result, "code", "accepted")
    shown = render_a_band_later(post.metrics)
    assert f'satark_sends_total{{channel="script",result="{code}"}} 1.0'.encode() in shown
