"""Sessions expire when they are idle, and after their maximum age."""

from __future__ import annotations

from collections.abc import Callable

from satark.services import DeskContext
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.settings import DeskSettings
from satark_desk.web.session_store import PendingSignIns, Sessions


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
