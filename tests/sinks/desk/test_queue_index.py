"""The order of a queue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from httpx2 import Client

from satark.api.routing import Desk
from satark.api.tip import Message
from satark.casework import Casework, TipCache, sealed_index, tip_cache
from satark.casework.sealed_index import SealedIndex
from satark.services import Services
from satark_desk import queue_index, read_state
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officer_queue import OfficerQueue
from satark_desk.queue_index import QueueIndex
from satark_desk.queue_rows import Filter, Row
from satark_desk.settings import DeskSettings
from satark_desk.web.opened_desk import queue_rules
from satark_desk.web.page_text import PageText
from support.acts import respond
from support.desk_reading import listed
from support.tips import erase, seed_message, seed_tip

Browser = Callable[..., Client]
FindDesk = Callable[[str], Desk]
Cases = Callable[[str], Casework]


def test_urgent_tips_without_an_act_come_first_then_due_tips_and_finished_tips_have_their_own_section(
    services: Services, browser: Browser, desk: FindDesk, casework: Cases
) -> None:
    sp = [desk("sp")]
    new = seed_tip(services, sp, received="2026-11-24T06/PT6H")
    old = seed_tip(services, sp, received="2026-11-20T06/PT6H")
    urgent = seed_tip(services, sp, received="2026-11-19T06/PT6H", priority="urgent")
    high = seed_tip(services, sp, received="2026-11-18T06/PT6H", priority="high")
    finished = seed_tip(services, sp, received="2026-11-17T06/PT6H", priority="urgent")
    respond(casework("sp"), casework("sp").open(finished.number), status="ACTED")
    client = browser("sp")
    page = client.get("/desk/").text
    assert listed(page) == [tip.number for tip in (urgent, high, old, new)]
    assert listed(client.get("/desk/?mark=urgent").text) == [urgent.number, high.number]
    assert listed(client.get("/desk/?section=done").text) == [finished.number]
    for section, count in (
        ("", "<b>4</b> All work"),
        ("section=now", "<b>4</b> Act now"),
        ("section=done", "<b>1</b> Done"),
    ):
        assert f'<a href="/desk/?{section}"' in page
        assert count in page


def test_tips_are_ordered_by_due_time_and_then_by_the_latest_message(
    services: Services, browser: Browser, desk: FindDesk
) -> None:
    sp = [desk("sp")]
    old = seed_tip(services, sp, received="2026-11-20T06/PT6H")
    other = seed_tip(services, sp, received="2026-11-20T06/PT6H")
    new = seed_tip(services, sp, received="2026-11-23T06/PT6H")
    life = seed_tip(services, sp, received="2026-11-01T06/PT6H", priority="urgent")
    client = browser("sp")
    assert set(listed(client.get("/desk/").text)[1:3]) == {old.number, other.number}
    seed_message(services, old, Message(sender="tipster", text="और भी", band="2026-11-24T06/PT6H"))
    assert listed(client.get("/desk/").text) == [life.number, old.number, other.number, new.number]
    assert "<title>(1) " in client.get("/desk/").text


@pytest.mark.slow("a queue of many tips")
def test_a_second_opening_recomputes_only_the_places_that_time_or_other_rules_changed(
    services: Services, desk: FindDesk, unlocked: Callable[[str], UnlockedDesk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tip_cache, "_WORTH_SAVING", 1)
    sp, now, built = desk("sp"), [1_796_040_000.0], list[str]()  # 30 November 2026
    monkeypatch.setattr("satark_desk.queue_index.time.time", lambda: now[0])

    def first_of_place(row: Row) -> tuple[int, int, int, int, int]:
        built.append(row.summary.id)
        return real(row)

    real = queue_index.first_of_place
    monkeypatch.setattr(queue_index, "first_of_place", first_of_place)
    old = seed_tip(services, [sp], received="2026-11-24T06/PT6H")
    new = seed_tip(services, [sp], received="2026-11-30T00/PT6H")

    def opened(overdue_days: int = 3) -> tuple[set[str], set[str]]:
        """Return which places were worked out, and which tips are overdue."""
        built.clear()
        settings = DeskSettings(overdue_days=overdue_days)
        text = PageText("en", services.geography, settings.utc_offset_hours, services.questionnaire)
        index = QueueIndex(
            services, TipCache(services, "sp", unlocked("sp").identity), "sp", queue_rules(settings, text)
        )
        index.refresh()
        return set(built), set(index.having(("mark", "overdue")))

    assert opened() == ({old.id, new.id}, {old.id})
    assert opened() == (set(), {old.id})
    now[0] += 10 * 86_400
    assert opened() == ({new.id}, {old.id, new.id})
    assert opened() == (set(), {old.id, new.id})
    assert opened(overdue_days=30)[0] == {old.id, new.id}


@pytest.mark.slow("a queue of many tips")
def test_a_second_opening_opens_only_the_read_states_that_changed(
    services: Services, desk: FindDesk, unlocked: Callable[[str], UnlockedDesk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tip_cache, "_WORTH_SAVING", 1)
    first, other = (seed_tip(services, [desk("sp")]) for _ in range(2))
    services.write_now(lambda unit: read_state.add_unread(unit, [first.id, other.id]))
    opened, real = list[str](), read_state._opened

    def open_row(row: Any, tip: Any) -> list[read_state.Seen]:
        opened.append(row.tip)
        return real(row, tip)

    monkeypatch.setattr(read_state, "_opened", open_row)

    def queue() -> OfficerQueue:
        opened.clear()
        cache = TipCache(services, "sp", unlocked("sp").identity)
        cache.refresh()
        index = QueueIndex(services, cache, "sp", queue_rules(DeskSettings(), text))
        found = OfficerQueue(services, index, "one")
        found.refresh()
        return found

    text = PageText("en", services.geography, 5.5, services.questionnaire)
    assert (queue()._unseen, set(opened)) == ({first.id, other.id}, {first.id, other.id})
    assert (queue()._unseen, opened) == ({first.id, other.id}, [])
    tip = Casework(services, "sp", unlocked("sp").identity).open(first.number)
    services.write_now(lambda unit: read_state.mark_read(unit, "sp", "one", tip))
    assert (queue()._unseen, opened) == ({other.id}, [first.id])
    assert (queue()._unseen, opened) == ({other.id}, [])


@pytest.mark.slow("a queue of many tips")
def test_counts_and_groups_match_the_rows_after_tips_came_changed_and_went(
    services: Services, desk: FindDesk, unlocked: Callable[[str], UnlockedDesk]
) -> None:
    settings, sp, work = DeskSettings(), unlocked("sp"), unlocked("sp").casework(services)
    text = PageText("en", services.geography, settings.utc_offset_hours, services.questionnaire)
    cache = TipCache(services, "sp", sp.identity)
    index = QueueIndex(services, cache, "sp", queue_rules(settings, text))
    tips = [
        seed_tip(services, [sp.desk], category=category, received=f"2026-11-{day:02}T06/PT6H")
        for category, day in (("ARMS", 1), ("ARMS", 2), ("INTOX", 2), ("INTOX", 3))
    ]
    for step in range(3):
        index.refresh()
        listed = {tip: cache.listed(tip).summary for tip in index.tips}
        some = {tip.id for tip in tips[:3]} & listed.keys()
        for among in (some, set(listed)):
            counted = index.count(among)
            assert counted["category"] == Counter(listed[tip].header.category for tip in among)
            assert counted["status"] == Counter(listed[tip].status for tip in among)
            assert index.count_by_band(among) == Counter(listed[tip].header.received for tip in among)
            verifying = {tip for tip in among if listed[tip].status == "VERIFYING"}
            facet = ("status", "VERIFYING")
            assert index.count(among, facet)["category"] == Counter(listed[tip].header.category for tip in verifying)
            assert index.count_by_band(among, facet) == Counter(listed[tip].header.received for tip in verifying)
        assert index.count(None) == index.count(index.tips)
        assert index.count_by_band(None) == index.count_by_band(index.tips)
        assert index.in_bands(lambda band: "-02T" in band) == {
            tip for tip, one in listed.items() if "-02T" in one.header.received
        }
        if step == 0:
            respond(work, work.open(tips[0].number), status="VERIFYING")
        else:
            services.write_now(lambda unit: erase(unit, tips[1].id))


def test_a_page_reads_each_row_of_the_index_once_whatever_the_row_shows(
    services: Services, desk: FindDesk, unlocked: Callable[[str], UnlockedDesk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tip_cache, "_WORTH_SAVING", 1)
    monkeypatch.setattr(sealed_index, "_TIPS", 1)
    monkeypatch.setattr(sealed_index, "_MOST_HELD", 1)
    for _ in range(4):
        seed_tip(services, [desk("sp")])
    TipCache(services, "sp", unlocked("sp").identity).refresh()
    casework = Casework(services, "sp", unlocked("sp").identity)
    text = PageText("en", services.geography, 5.5, services.questionnaire)
    queue = OfficerQueue(services, QueueIndex(services, casework.cache, "sp", queue_rules(DeskSettings(), text)), "one")
    queue.refresh()
    found, read, real = casework.find("शराब"), list[bytes](), SealedIndex._read
    casework.cache._index._held.clear()
    monkeypatch.setattr(SealedIndex, "_read", lambda self, name, kind: read.append(name) or real(self, name, kind))  # type: ignore[func-returns-value,redundant-expr]
    rows = queue.page(Filter(q="शराब"), found)
    assert [bool(row.gist.words and row.snippet) for row in rows] == [True] * 4
    assert len(read) == len(set(read)) == 4
