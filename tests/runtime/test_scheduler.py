"""Scheduled jobs: drafts expire, news is announced, expired rows are deleted."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import OperationalError

from satark.api.inbound import Address, Media, MediaRef
from satark.api.outbound import Blocked, Call, Delivered, Permanent
from satark.api.routing import Desk
from satark.api.sealing import new_identity
from satark.casework import Casework
from satark.dialogue.session import Session
from satark.ingest.sessions import Due, decode_session
from satark.roster.entries import desk_verifier
from satark.routing.desks import add_desk
from satark.runtime import scheduler
from satark.runtime.host import Host
from satark.runtime.scheduler import ScheduledJobs, repeat
from satark.settings.settings import Settings
from satark.store import deliveries, due_times, tables
from satark.store.threads import news_tag
from satark.store.unit_of_work import UnitOfWork
from satark.store.writer import StoreDown
from satark_testing.waiting import limit, until
from support.acts import respond
from support.scripted import ACCOUNT, NEUTRAL, ScriptedChannel, ScriptedSink, Tipster, scripted_host
from support.tipsters import ENGLISH

pytestmark = pytest.mark.slow("a host")

ANSWERS = {pattern: answer for pattern, answer in ENGLISH.items() if isinstance(answer, str)}
RECEIPT = r"\d{4} \d{4} \d{4} \d{4}"


@pytest.fixture(autouse=True)
def rounds_follow_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {"EVERY": 0.05, "ERASE_EVERY": 0.25, "LOOK_EVERY": 0.75, "CLOCK_EVERY": 3}.items():
        monkeypatch.setattr(scheduler, name, seconds)


class Clock:
    """A running host with one desk."""

    def __init__(self, host: Host, channel: ScriptedChannel) -> None:
        self.host, self.channel = host, channel
        assert host.ingest_runtime
        self.tipster = Tipster(host.ingest_runtime, channel)
        self.identity = host.ingest_runtime.identity
        self.jobs = host.ingest_runtime._jobs
        self.identities: dict[str, str] = {}

    def make_desk(self, name: str, level: Any) -> None:
        recipient, self.identities[name] = new_identity()
        desk = Desk(name=name, title=name, level=level, area="", recipient=recipient)
        self.host.services.write_now(lambda unit: add_desk(unit, desk, verifier=desk_verifier(self.identities[name])))

    def respond(self, text: str) -> None:
        """Write to the tipster, as an officer does."""
        desk = Casework(self.host.services, "sp", self.identities["sp"])
        respond(desk, desk.open(desk.summaries()[0].header.number), text=text)

    def count(self, table: str) -> int:
        query = select(func.count()).select_from(getattr(tables, table))
        return self.host.services.read(lambda c: c.execute(query).scalar_one())

    def change(self, table: str, **values: object) -> None:
        statement = update(getattr(tables, table)).values(**values)
        self.host.services.write_now(lambda unit: unit.main.execute(statement))

    def states(self) -> list[str]:
        """The states of the calls in the outbox."""
        return list(self.host.services.read(lambda c: c.execute(select(tables.outbox.c.state)).scalars()))

    @property
    def waiting(self) -> list[int]:
        """The messages of which the tipster is not notified."""
        query = select(tables.message.c.seq).where(~tables.message.c.notified)
        return list(self.host.services.read(lambda c: c.execute(query).scalars()))

    def sent(self, method: str) -> list[bytes]:
        return [call.body for call, _ in self.channel.sent if call.method == method]


@pytest.fixture
async def clock(tmp_path: Path) -> AsyncIterator[Clock]:
    async with running(tmp_path) as made:
        yield made


@asynccontextmanager
async def running(folder: Path, **settings: Any) -> AsyncIterator[Clock]:
    channel = ScriptedChannel()
    host = scripted_host(Settings(data_dir=folder, **settings), channel, [ScriptedSink("desk")])
    async with host.running():
        await until(lambda: channel.opened)
        made = Clock(host, channel)
        made.make_desk("sp", "district")
        made.make_desk("dig", "range")
        yield made


COMPLETE = (
    "Hi",
    "English",
    "Illegal arms",
    "remind",
    "Pistols are sold at the school",
    "Lanka",
    "no",
    "skip",
)


@pytest.fixture
async def stored(tmp_path: Path, databases: Any) -> AsyncIterator[Clock]:
    """A host on each kind of database."""
    async with running(tmp_path, database_url=databases.main, keys_url=databases.keys) as made:
        yield made


def make_due(clock: Clock, **due: int) -> None:
    """Set the Unix times at which the one conversation expires or is asked about."""
    id_ = clock.host.services.read(lambda c: c.execute(select(tables.conversation.c.id)).scalar_one())
    sealed = clock.identity.seal(msgspec.msgpack.encode(Due(**due)), id_ + b"due")
    clock.change("conversation", due=sealed, ends_by=0)


def only_draft(clock: Clock) -> Session:
    """Return the one stored session, and check that an expired one has no address."""
    query = select(tables.conversation.c.id, tables.conversation.c.draft, tables.conversation.c.handle)
    row = clock.host.services.read(lambda c: c.execute(query).one())
    session = decode_session(clock.identity.open_draft(row.id, row.draft))
    assert bool(row.handle) == bool(session.tip)
    return session


async def test_an_expired_draft_is_erased_with_its_files_and_address_and_mentioned_only_next_time(
    stored: Clock,
) -> None:
    clock = stored
    await clock.tipster.say("Hi", "English", "Illegal arms", "Pistols are sold at the school")
    clock.channel.files["m1"] = b"a picture"
    await clock.tipster.hear(Media(MediaRef(account=ACCOUNT, id="m1"), "image"))
    await until(lambda: clock.channel.discarded)
    folder = clock.host.services.data_dir / "evidence"
    assert any(path.is_file() for path in folder.iterdir())
    await until(lambda: clock.count("outbox") == 0)
    heard = len(clock.channel.sent)
    make_due(clock, expires=0)
    await until(lambda: clock.count("file") == 0)
    await until(lambda: not any(path.is_file() for path in folder.iterdir()))
    left = only_draft(clock)
    assert (left.tip, left.answers, left.files, left.identity, left.lapsed) == ("", {}, (), "", True)
    assert len(clock.channel.sent) == heard, "nobody is told unasked"
    assert "NOT sent, and is erased" in await clock.tipster.say("Hi")
    assert "NOT sent, and is erased" not in await clock.tipster.say("English")


async def test_a_sent_tips_files_stay_if_its_row_is_hidden_while_its_conversation_ends(clock: Clock) -> None:
    clock.channel.files["m1"] = b"a picture"
    await clock.tipster.say("Hi", "English", "Illegal arms", "Pistols are sold at the school")
    await clock.tipster.hear(Media(MediaRef(account=ACCOUNT, id="m1"), "image"))
    await clock.tipster.walk_on(ANSWERS, RECEIPT)
    await until(lambda: clock.channel.discarded)
    clock.host.services.write_now(lambda unit: unit.main.execute(delete(tables.tip)))
    make_due(clock, expires=0)
    await until(lambda: clock.count("conversation") == 0)
    assert clock.count("file") == 1


async def test_the_remainder_of_an_erased_draft_expires_too(clock: Clock) -> None:
    await clock.tipster.say("Hi", "English", "Illegal arms", "Pistols are sold at the school")
    make_due(clock, expires=0)
    await until(lambda: not only_draft(clock).tip)
    make_due(clock, expires=0)
    await until(lambda: clock.count("conversation") == 0)
    assert (clock.count("alias"), clock.count("provider_message")) == (0, 0)
    assert "erased" not in await clock.tipster.say("Hi")


async def test_a_complete_draft_is_asked_about_once_and_ends_as_before(stored: Clock) -> None:
    clock = stored
    await clock.tipster.say(*COMPLETE)
    await until(lambda: clock.count("outbox") == 0)
    heard = len(clock.channel.sent)
    make_due(clock, expires=1 << 33, asks=0)
    await until(lambda: len(clock.channel.sent) > heard)
    assert b"Something is not finished here" in clock.channel.bodies[-1]
    assert b"planted" not in clock.channel.bodies[-1]
    assert only_draft(clock).may_remind is False
    assert "NOT sent yet" in await clock.tipster.say("yes")
    assert clock.count("tip") == 0
    assert len([body for body in clock.channel.bodies if b"Something is not finished" in body]) == 1


@pytest.mark.parametrize("said", [COMPLETE[:-2], (*COMPLETE[:3], *COMPLETE[4:])])
async def test_no_reminder_goes_out_for_an_incomplete_draft_or_without_the_senders_consent(
    clock: Clock, said: tuple[str, ...]
) -> None:
    await clock.tipster.say(*said)
    await until(lambda: clock.count("outbox") == 0)
    heard = len(clock.channel.sent)
    make_due(clock, expires=0, asks=0)
    await until(lambda: not only_draft(clock).tip)
    assert len(clock.channel.sent) == heard


async def test_tipsters_who_asked_for_news_get_it_in_neutral_words_and_again_after_they_looked(
    clock: Clock,
) -> None:
    await clock.tipster.walk(ANSWERS, RECEIPT)
    code = re.findall(RECEIPT, clock.tipster.text)[0]
    await clock.tipster.say("2")
    clock.respond("planted question")
    await until(lambda: clock.sent("news"))
    clock.respond("planted again")
    await until(lambda: clock.waiting == [])
    assert len(clock.sent("news")) == 1
    await clock.tipster.say(code)
    clock.respond("planted anew")
    await until(lambda: len(clock.sent("news")) == 2)
    assert not any(b"planted" in body or re.search(rb"arms|tip no", body, re.IGNORECASE) for body in clock.sent("news"))
    assert all(call.fallback == NEUTRAL for call, _ in clock.channel.sent if call.method == "news")


@pytest.mark.parametrize("refusal", [Permanent("131047"), Blocked()], ids=["refused", "blocked"])
async def test_news_that_was_not_sent_delays_no_later_news(clock: Clock, refusal: Any) -> None:
    await clock.tipster.walk(ANSWERS, RECEIPT)
    await clock.tipster.say("2")
    await until(lambda: clock.count("outbox") == 0)
    clock.channel.outcomes.append(refusal)
    clock.respond("planted question")
    await until(lambda: not clock.channel.outcomes)
    dead = [] if isinstance(refusal, Blocked) else ["dead_letter"]
    await until(lambda: clock.states() == dead)
    clock.respond("planted again")
    await until(lambda: len(clock.sent("news")) == 2)


@pytest.fixture(params=[b"", NEUTRAL], ids=["no fallback", "fallback"])
async def notified(clock: Clock, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """A tipster was notified of news, which the provider accepted; the id of the call."""
    notice = clock.channel.notice

    def with_fallback(*given: Any) -> list[Call]:
        return [msgspec.structs.replace(one, fallback=request.param) for one in notice(*given)]

    monkeypatch.setattr(clock.channel, "notice", with_fallback)
    await clock.tipster.walk(ANSWERS, RECEIPT)
    clock.tipster.code = re.findall(RECEIPT, clock.tipster.text)[0]  # type: ignore[attr-defined]
    await clock.tipster.say("2")
    await until(lambda: clock.count("outbox") == 0)
    clock.respond("planted question")
    rows = select(tables.outbox.c.state, func.length(tables.outbox.c.call) > 0)
    await until(lambda: clock.host.services.read(lambda c: c.execute(rows).all()) == [("sent", bool(request.param))])
    return clock.channel.sent[-1][1]


async def report(clock: Clock, call_id: str, result: Any) -> None:
    """Take a provider's later report on a call."""
    assert clock.host.ingest_runtime
    clock.host.ingest_runtime.ingest.replies.report([Delivered(call_id=call_id, result=result)], "script")
    await clock.host.writer.write(lambda _: None)


@pytest.mark.parametrize("looks", [False, True], ids=["writes", "opens the mailbox"])
async def test_news_that_a_later_report_prevented_is_told_once_when_the_tipster_writes_again(
    clock: Clock, notified: str, *, looks: bool
) -> None:
    news = clock.sent("news")
    await report(clock, notified, Permanent("131026"))
    await report(clock, notified, Permanent("131026"))
    await clock.tipster.say(clock.tipster.code if looks else "Hi", "cancel", "Hi", "Hi")  # type: ignore[attr-defined]
    await until(lambda: not {*clock.states()} & {"due"})
    assert clock.sent("say").count(news[0]) == (0 if looks else 1)


async def test_an_attacker_who_writes_rows_makes_no_tipster_get_news_by_writing_themselves(
    clock: Clock, notified: str
) -> None:
    await report(clock, notified, Permanent("131026"))
    assert clock.host.ingest_runtime
    identity, news = clock.host.ingest_runtime.identity, clock.sent("news")
    clock.change("reach", sender=identity.lookup(identity.pseudonym(ACCOUNT, Address("9140112299"))))
    other = Tipster(clock.host.ingest_runtime, clock.channel, "9140112299")
    await other.say("Hi", "cancel", "Hi")
    await until(lambda: not {*clock.states()} & {"due"})
    assert news[0] not in clock.sent("say")


async def test_a_forgotten_tipster_leaves_nothing_that_tells_them_of_news(clock: Clock, notified: str) -> None:
    await clock.tipster.say("Hi", "forget", "erase")
    await until(lambda: clock.count("reach") == 0)
    assert "sent" not in clock.states()
    await report(clock, notified, Permanent("131026"))
    assert clock.count("reach") == 0


async def test_an_altered_address_keeps_nobodys_draft_from_expiring(clock: Clock) -> None:
    await clock.tipster.say(*COMPLETE)
    make_due(clock, expires=0)
    clock.change("conversation", handle=b"?" * 60)
    await until(lambda: clock.count("conversation") == 0)


async def test_no_officer_and_no_writer_of_rows_chooses_when_a_phone_rings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments: list[str] = []

    def next_moment(_keys: Any, of: str, every: int, _before: int) -> int:
        moments.append(f"{of} {every}")
        return 2**40 if is_early else 0

    is_early = True
    async with running(tmp_path, notice_minutes=60) as clock:
        await clock.tipster.walk(ANSWERS, RECEIPT)
        await clock.tipster.say("2")
        monkeypatch.setattr(due_times, "next_moment", next_moment)
        clock.respond("planted question")
        await until(lambda: len(moments) > 2)
        assert clock.sent("news") == []
        is_early = False
        await until(lambda: clock.sent("news"))
        tip = clock.host.services.read(lambda c: c.execute(select(tables.tip.c.id)).scalar_one())
    assert {*moments} == {f"{tip} 3600"}


async def test_an_attacker_who_writes_rows_alerts_no_phone(clock: Clock) -> None:
    await clock.tipster.walk(ANSWERS, RECEIPT)
    code = re.findall(RECEIPT, clock.tipster.text)[0]
    await clock.tipster.say("2")
    services, table = clock.host.services, tables.message
    tip = services.read(lambda c: c.execute(select(tables.tip.c.id)).scalar_one())
    forged = {"tip": tip, "seq": 1, "sealed": b"x", "day": 1, "notified": False, "news": b"n" * 16}
    handle = services.read(lambda c: c.execute(select(tables.reach.c.handle)).scalar_one())
    services.write_now(lambda unit: unit.insert(table, [forged]))
    await until(lambda: not clock.waiting)
    assert clock.sent("news") == []
    assert services.read(lambda c: c.execute(select(tables.reach.c.handle)).scalar_one()) == handle, "nothing is told"
    clock.respond("planted question")
    real = services.read(lambda c: c.execute(select(table).where(table.c.seq == 2)).one())
    news = services.read_keys(lambda keys: news_tag(keys, tip, 2, real.sealed))
    await until(lambda: clock.sent("news"))
    await clock.tipster.say(code)
    services.write_now(lambda unit: unit.main.execute(update(table).values(notified=False, news=news)))
    await until(lambda: not clock.waiting)
    assert len(clock.sent("news")) == 1, "what was told is told again"
    clock.respond("planted again")
    await until(lambda: len(clock.sent("news")) == 2)


async def test_news_reaches_nobody_who_did_not_ask(clock: Clock) -> None:
    await clock.tipster.walk(ANSWERS, RECEIPT)
    clock.respond("planted question")
    query = select(tables.message.c.notified)
    await until(lambda: clock.host.services.read(lambda c: c.execute(query).scalar()))
    assert clock.sent("news") == []


async def test_the_end_of_a_submitted_session_is_not_mentioned(clock: Clock) -> None:
    await clock.tipster.walk(ANSWERS, RECEIPT)
    said = len(clock.tipster.results)
    clock.change("conversation", due=b"", ends_by=0)
    await until(lambda: clock.count("conversation") == 0)
    await until(lambda: clock.count("outbox") == 0)
    assert len(clock.sent("say")) <= said
    assert clock.count("tip") == 1


async def test_a_draft_that_does_not_open_expires_all_the_same(clock: Clock) -> None:
    await clock.tipster.say("Hi", "English")
    clock.change("conversation", draft=b"?" * 60, due=b"", ends_by=0)
    await until(lambda: clock.count("conversation") == 0)


async def test_who_writes_rows_puts_off_the_end_of_no_draft(stored: Clock) -> None:
    clock = stored
    await clock.tipster.say("Hi", "English")
    make_due(clock, expires=0)
    clock.change("conversation", ends_by=2**62)
    clock.jobs.looks_at_all = 0
    await until(lambda: clock.count("conversation") == 0)
    assert clock.jobs.looks_at_all > time.time()


async def test_nobody_is_told_of_news_once_the_address_ended_whatever_its_row_says(clock: Clock) -> None:
    await clock.tipster.walk(ANSWERS, RECEIPT)
    await clock.tipster.say("2")
    (row,) = clock.host.services.read(lambda c: c.execute(select(tables.reach)).all())
    handle = clock.identity.open_handle(row.handle, row.id)
    assert handle
    assert handle.until == row.expires_at > time.time()
    ended = clock.identity.seal_handle(msgspec.structs.replace(handle, until=1), row.id)
    clock.change("reach", handle=ended, expires_at=2**62)
    clock.respond("planted question")
    await until(lambda: not clock.waiting)
    assert clock.sent("news") == []


async def test_expired_rows_are_deleted_some_in_each_transaction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, databases: Any
) -> None:
    monkeypatch.setattr("satark.runtime.scheduler.PURGED_AT_ONCE", 3)
    stores = {"database_url": databases.main, "keys_url": databases.keys}
    async with running(tmp_path, **stores) as clock:
        await clock.tipster.walk(ANSWERS, RECEIPT)
        await clock.tipster.say("2")
        assert (clock.count("reach"), clock.count("seen") > 0) == (1, True)
        clock.change("seen", day=1)
        clock.change("reach", expires_at=1)
        assert clock.count("seen") > 2 * 3
    channel, most = ScriptedChannel(), []
    host = scripted_host(Settings(data_dir=tmp_path, **stores), channel, [ScriptedSink("desk")])
    purge = ScheduledJobs.purge

    def counted(jobs: ScheduledJobs, unit: UnitOfWork) -> bool:
        before = count_in(unit)
        more = purge(jobs, unit)
        most.append(before - count_in(unit))
        return more

    monkeypatch.setattr(ScheduledJobs, "purge", counted)
    async with host.running():
        again = Clock(host, channel)
        await until(lambda: (again.count("seen"), again.count("reach")) == (0, 0))
    assert max(most) == 3


def count_in(unit: UnitOfWork) -> int:
    return unit.main.execute(select(func.count()).select_from(tables.seen)).scalar_one()


async def test_a_tip_is_delivered_though_a_fast_clock_delayed_it(tmp_path: Path, databases: Any) -> None:
    stores = {"database_url": databases.main, "keys_url": databases.keys}
    async with running(tmp_path, **stores) as clock:
        await clock.tipster.walk(ANSWERS, RECEIPT)
        await until(lambda: delivered(clock) == {"done"})
        clock.change("delivery", state="due", due_at=int(time.time()) + 86_400, attempts=0, wait=1)
    host = scripted_host(Settings(data_dir=tmp_path, **stores), ScriptedChannel(), [ScriptedSink("desk")])
    async with host.running():
        await until(lambda: delivered(Clock(host, ScriptedChannel())) == {"done"})


def delivered(clock: Clock) -> set[str]:
    return set(clock.host.services.read(lambda c: c.execute(select(tables.delivery.c.state)).scalars()))


async def test_notices_and_alarms_but_not_tips_are_forgotten_two_weeks_after_they_were_sent(tmp_path: Path) -> None:
    host = scripted_host(Settings(data_dir=tmp_path), ScriptedChannel(), [ScriptedSink("desk")])
    host.services.write_now(plant_old_deliveries)
    async with host.running():
        kept = select(tables.delivery.c.tip, tables.delivery.c.state)
        expected = {("alarm:2", "done"), ("clock:3", "due"), ("0" * 32, "done"), ("1" * 32, "dead_letter")}
        await until(lambda: {tuple(row) for row in host.services.read(lambda c: c.execute(kept).all())} == expected)


def plant_old_deliveries(unit: UnitOfWork) -> None:
    old = unit.now - 15 * 86_400
    rows = [
        ("alarm:0", old, "done"),
        ("clock:1", old, "dead_letter"),
        ("alarm:2", unit.now, "done"),
        ("clock:3", old, "due"),
    ]
    rows += [("0" * 32, old, "done"), ("1" * 32, old, "dead_letter")]
    for tip, due_at, state in rows:
        unit.insert(tables.delivery, [{**deliveries.new_row(unit.keys, tip, "paper:sp", due_at), "state": state}])


BROKEN = [StoreDown("away"), OperationalError("DELETE", None, Exception("the server closed the connection"))]


@pytest.mark.parametrize("error", BROKEN, ids=lambda error: type(error).__name__)
async def test_a_job_that_fails_because_of_the_database_is_due_again(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "EVERY", 0)
    failing, ran = iter((error, error)), asyncio.Event()

    async def job() -> None:
        if found := next(failing, None):
            raise found
        ran.set()

    running = asyncio.create_task(repeat(job, 60))
    async with limit():
        await ran.wait()
    assert not running.done()
    running.cancel()


async def test_a_fault_of_the_program_is_raised() -> None:
    async def job() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await repeat(job, 60)
