"""Sessions expire when they are idle, and after their maximum age."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from httpx2 import Client
from sqlalchemy import event

from satark.api import sealing
from satark.api.routing import Desk
from satark.casework import tip_reader
from satark.casework.search import Query
from satark.routing import authors
from satark.services import DeskContext, Services
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.queue_rows import RowBuilder
from satark_desk.settings import DeskSettings
from satark_desk.web import opened_desk
from satark_desk.web.session_store import PendingSignIns, Sessions
from support.tips import seed_tip


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_an_idle_session_expires(context: DeskContext, unlocked: Callable[[str], UnlockedDesk]) -> None:
    clock = Clock()
    sessions = Sessions(context, DeskSettings(idle_minutes=10, session_hours=1), clock)
    token = sessions.begin(unlocked("sp"))
    clock.now += 9 * 60
    assert sessions.find(token) is not None
    clock.now += 9 * 60
    # A page that refreshes itself does not count as activity.
    assert sessions.find(token, used=False) is not None
    assert sessions.in_use()
    clock.now += 2 * 60
    assert sessions.find(token) is None
    assert not sessions.in_use()


def test_a_session_in_use_expires_at_its_maximum_age(
    context: DeskContext, unlocked: Callable[[str], UnlockedDesk]
) -> None:
    clock = Clock()
    sessions = Sessions(context, DeskSettings(idle_minutes=10, session_hours=1), clock)
    token = sessions.begin(unlocked("sp"))
    for _ in range(8):
        clock.now += 8 * 60
        found = sessions.find(token)
    assert found is None
    assert sessions.find("") is None
    assert repr(Sessions(context, DeskSettings()).begin(unlocked("sp"))).count("'") == 2


Open = Callable[[str], UnlockedDesk]


def test_pending_sign_ins_expire_and_are_limited_in_number(unlocked: Open) -> None:
    now = [0.0]
    pending, sp = PendingSignIns(lambda: now[0]), unlocked("sp")
    token = pending.begin(sp, "key")
    assert pending.find(token) is not None
    now[0] = 301.0
    assert pending.find(token) is None
    tokens = [pending.begin(sp, "key") for _ in range(600)]
    assert pending.find(tokens[0]) is None
    assert pending.find(tokens[-1]) is not None
    assert "SECRET" not in repr(pending.find(tokens[-1]))


Browser = Callable[..., Client]
FindDesk = Callable[[str], Desk]
Unlock = Callable[[str], UnlockedDesk]


@contextmanager
def work_of_the_database(services: Services) -> Iterator[list[int]]:
    """Count the steps of SQLite's virtual machine. Their number grows with the rows that SQLite reads."""
    steps = [0]

    def count() -> int:
        steps[0] += 1
        return 0

    def watch(connection: Any, *_: Any) -> None:
        connection.set_progress_handler(count, 10)

    for engine in (services.main, services.keys):
        event.listen(engine, "checkout", watch)
    try:
        yield steps
    finally:
        for engine in (services.main, services.keys):
            event.remove(engine, "checkout", watch)


def work_of_pages(services: Services, client: Client, number: str, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return for each page the database's steps, the number of opened tips, and the number of built rows."""
    looked_at = [0]

    def counted(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            looked_at[0] += 1
            return original(*arguments, **named)

        return call

    found = []
    with monkeypatch.context() as patch:
        patch.setattr(authors, "open_as", counted(sealing.open_as))
        patch.setattr(tip_reader, "open_envelope", counted(sealing.open_envelope))
        patch.setattr(RowBuilder, "row", counted(RowBuilder.row))
        for address in ("", "?mark=open&category=liquor", "?q=शराब", f"tips/{number}"):
            client.get(f"/desk/{address}")  # what is seen for the first time is written down once
            looked_at[0] = 0
            with work_of_the_database(services) as steps:
                client.get(f"/desk/{address}")
            found += [steps[0], looked_at[0]]
    return found


@pytest.mark.slow("many tips")
def test_the_work_for_a_page_does_not_grow_with_the_tips_of_the_desk(
    services: Services, browser: Browser, desk: FindDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = seed_tip(services, [desk("sp")], priority="urgent")
    for _ in range(9):
        seed_tip(services, [desk("sp")])
    client = browser("sp")
    few = work_of_pages(services, client, first.number, monkeypatch)
    for _ in range(40):
        seed_tip(services, [desk("sp")])
    client.get("/desk/?q=शराब")
    many = work_of_pages(services, client, first.number, monkeypatch)
    assert max(few) > 0
    assert all(after <= 1.5 * before + 20 for before, after in zip(few, many, strict=True)), (few, many)


@pytest.mark.slow("keys of several officers")
def test_officers_of_a_desk_share_its_opened_tips_until_their_last_session_ends(
    context: DeskContext, services: Services, desk: FindDesk, unlocked: Unlock
) -> None:
    seed_tip(services, [desk("sp")])
    sessions = Sessions(context, DeskSettings())
    one, two = sessions.begin(unlocked("sp")), sessions.begin(unlocked("sp"))
    session, other = sessions.find(one), sessions.find(two)
    assert session is not None
    assert other is not None
    assert session.casework.cache is other.casework.cache
    assert session.opened.cache.opened.wait(30)
    session.queue.refresh()
    cache, index = session.casework.cache, weakref.ref(session.queue)
    session.casework.find("शराब")
    assert cache.tips
    del session, other
    for thread in threading.enumerate():
        if thread.name == opened_desk.THREAD:
            thread.join(30)
    gc.disable()  # nothing waits for a collection
    try:
        sessions.end(one)
        assert cache.tips
        sessions.end(two)
        assert not cache.tips
        assert not cache.texts.find(Query.of(""), lambda _tip: True)
        assert index() is None
    finally:
        gc.enable()


def test_an_expired_session_drops_its_opened_tips_without_another_request(
    context: DeskContext, unlocked: Unlock, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting: list[Callable[[], None]] = []

    class Waiting:
        daemon = False

        def __init__(self, _seconds: float, call: Callable[[], None]) -> None:
            waiting.append(call)

        def start(self) -> None:
            """Leave it to the test to call."""

    now = [1000.0]
    monkeypatch.setattr("satark_desk.web.session_store.threading.Timer", Waiting)
    sessions = Sessions(context, DeskSettings(idle_minutes=10), lambda: now[0])
    token = sessions.begin(unlocked("sp"))
    opened = sessions.find(token).opened  # type: ignore[union-attr]
    assert opened.holders == 1
    now[0] += 11 * 60
    waiting[-1]()
    assert opened.holders == 0
