"""Sealed index: a cache of values that a desk verified. Who alters, withholds or reverts it hides nothing."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, Select, delete, select, update

from satark.api import sealing
from satark.api.sealing import new_identity, recipient_of, size_class
from satark.api.tip import CaseStep, Message
from satark.casework import sealed_index, tip_cache, tip_reader
from satark.casework.cached_tip import ListedTip
from satark.casework.casework import Casework
from satark.casework.clocks import Clocks
from satark.casework.desk_act import ActRefused, DeskAct
from satark.casework.desk_acts import DeskActs
from satark.casework.key_change import change_key
from satark.casework.sealed_index import SealedIndex
from satark.casework.search import Query
from satark.casework.tip_cache import TipCache
from satark.roster.entries import Entry as RosterEntry
from satark.roster.entries import KeyChange
from satark.services import Services
from satark.store import bulk, envelopes, tables, tip_changes
from satark.store.unit_of_work import UnitOfWork
from support.acts import respond
from support.desks import SeededDesk
from support.tips import SeededTip, erase, post_as, seed_file, seed_message, seed_tip

VERIFYING = Message(sender="desk", desk="sp", status="VERIFYING", text="we look into it")
Rows = list[dict[str, object]]


@pytest.fixture(autouse=True)
def _every_change_is_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tip_cache, "_WORTH_SAVING", 1)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tips whose envelopes were opened."""
    opened = list[str]()

    def open_envelope(sealed: bytes, identity: str, *, tip: str, desk: str) -> object:
        opened.append(tip)
        return sealing.open_envelope(sealed, identity, tip=tip, desk=desk)

    monkeypatch.setattr(tip_reader, "open_envelope", open_envelope)
    return opened


@pytest.fixture
def open_again(services: Services, sp: SeededDesk) -> Callable[[], TipCache]:
    """Open the desk as another process does."""

    def open_again() -> TipCache:
        cache = TipCache(services, "sp", sp.identity)
        cache.refresh()
        return cache

    return open_again


Open = Callable[[], TipCache]


def stored(services: Services) -> Rows:
    return [dict(row) for row in services.read(lambda c: c.execute(select(tables.tip_index)).mappings().all())]


def put_back(services: Services, rows: Rows) -> None:
    def write(unit: UnitOfWork) -> None:
        unit.main.execute(delete(tables.tip_index))
        unit.insert(tables.tip_index, rows)

    services.write_now(write)


def statuses(cache: TipCache) -> dict[str, str]:
    return {tip: cache.listed(tip).summary.status for tip in cache.tips}


def listed(cache: TipCache) -> dict[str, ListedTip]:
    return {tip: cache.listed(tip) for tip in cache.tips}


@pytest.mark.slow("an index of many tips")
def test_a_second_opening_lists_the_same_and_reads_no_tip(
    services: Services, sp: SeededDesk, dig: SeededDesk, open_again: Open, read: list[str]
) -> None:
    for number in range(5):
        seeded = seed_tip(services, [sp.desk, dig.desk], category=("ARMS", "INTOX")[number % 2])
        seed_message(services, seeded, Message(sender="tipster", text="तमंचा"))
    first, opened = open_again(), len(read)
    assert opened == 5
    second = open_again()
    assert len(read) == opened
    assert listed(second) == listed(first)
    first.open_documents()
    second.open_documents()
    ids = list(second.tips)
    assert [second.related.find(tip) for tip in ids] == [first.related.find(tip) for tip in ids]


@pytest.mark.slow("an index of many tips")
def test_only_new_or_changed_tips_are_read(
    services: Services, sp: SeededDesk, open_again: Open, read: list[str]
) -> None:
    changed, renewed, _ = (seed_tip(services, [sp.desk]) for _ in range(3))
    sealed = envelopes.seal(sp.casework.open(renewed.number).envelope, sp.desk.recipient)
    open_again()
    added = seed_tip(services, [sp.desk])
    seed_message(services, changed, Message(sender="tipster", text="more"))
    services.write_now(lambda unit: envelopes.store(unit, renewed.id, "sp", sealed))
    read.clear()
    assert len(open_again().tips) == 4
    assert set(read) == {changed.id, renewed.id, added.id}
    read.clear()
    open_again()
    assert read == []


def test_what_an_opening_read_is_in_the_index_once_it_ends(
    services: Services, sp: SeededDesk, open_again: Open, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tip_cache, "_WORTH_SAVING", 200)
    for _ in range(3):
        seed_tip(services, [sp.desk])
    TipCache(services, "sp", sp.identity).open_all()
    read.clear()
    assert len(open_again().tips) == 3
    assert read == []


def test_an_opening_reads_a_short_row_of_each_envelope_and_message_and_nothing_behind_a_sealed_value(
    services: Services, sp: SeededDesk, dig: SeededDesk, open_again: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(20):
        seed_message(services, seed_tip(services, [sp.desk, dig.desk]), Message(sender="tipster", text="more"))
    open_again()
    read = list[tuple[str, int, int]]()

    def stream(connection: Connection, query: Select[Any]) -> Iterator[tuple[Any, ...]]:
        rows = list(real(connection, query))
        values = [one for row in rows for one in row if isinstance(one, str | bytes)]
        read.append((str(query), len(rows), max(map(len, values), default=0)))
        return iter(rows)

    real = bulk.stream
    monkeypatch.setattr(bulk, "stream", stream)
    assert len(open_again().tips) == 20
    assert sum("tip_index" not in query for query, *_ in read) == 4, "envelopes, tips, messages, files"
    for query, rows, longest in read:
        if "tip_index" not in query:
            # SQLite reads all of a long value before any later column, and to cut a part out of it.
            assert not any(one in query for one in (".sealed", ".record", "substr(", ".day"))
            assert rows <= 20 * 5
            assert longest <= envelopes.DRAWN


def test_after_more_changes_than_are_stored_a_second_opening_still_reads_only_changed_tips(
    services: Services, sp: SeededDesk, open_again: Open, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tip_changes, "KEPT", 1)
    changed, _ = (seed_tip(services, [sp.desk]) for _ in range(2))
    open_again()
    seed_message(services, changed, Message(sender="tipster", text="more"))
    read.clear()
    assert len(open_again().tips) == 2
    assert read == [changed.id]


@pytest.mark.slow("an index of many tips")
def test_an_older_index_hides_no_message_even_if_the_order_of_changes_is_deleted(
    services: Services, sp: SeededDesk, open_again: Open
) -> None:
    seeded = seed_tip(services, [sp.desk])
    open_again()
    older = stored(services)
    post_as(sp.casework, seeded, VERIFYING)
    assert statuses(open_again()) == {seeded.id: "VERIFYING"}
    put_back(services, older)
    services.write_now(lambda unit: unit.main.execute(delete(tables.tip_change)))
    other = seed_tip(services, [sp.desk])
    services.write_now(lambda unit: unit.main.execute(update(tables.tip_change).values(position=1 << 40)))
    assert statuses(open_again()) == {seeded.id: "VERIFYING", other.id: "RECEIVED"}


@pytest.mark.parametrize("told", [True, False])
def test_a_file_that_came_later_is_found_by_its_caption_even_if_the_order_of_changes_is_altered(
    services: Services, sp: SeededDesk, open_again: Open, *, told: bool
) -> None:
    seeded = seed_tip(services, [sp.desk], evidence=("1",))
    open_again()
    seed_file(services, seeded, "1", b"original", b"clean", caption="पुल के नीचे")
    if not told:
        other = update(tables.tip_change).where(tables.tip_change.c.tip == seeded.id).values(tip="0" * 32)
        services.write_now(lambda unit: unit.main.execute(other))
    for cache in (open_again(), open_again()):
        cache.open_texts()
        assert cache.texts.find(Query.of("पुल"), lambda _: True).keys() == {seeded.id}


def test_a_withheld_message_is_withheld_from_the_list_too(services: Services, sp: SeededDesk, open_again: Open) -> None:
    seeded = seed_tip(services, [sp.desk])
    post_as(sp.casework, seeded, VERIFYING)
    assert statuses(open_again()) == {seeded.id: "VERIFYING"}
    services.write_now(lambda unit: unit.main.execute(delete(tables.message)))
    assert statuses(open_again()) == {seeded.id: "RECEIVED"}


@pytest.mark.parametrize("junk", [(2,), (2, 3), (-1, 2)])
@pytest.mark.parametrize("said", ["danger", "recused"])
def test_an_older_index_hides_no_true_rows_after_forged_ones_were_in_their_place(
    services: Services, sp: SeededDesk, open_again: Open, said: str, junk: tuple[int, ...]
) -> None:
    seeded, table = seed_tip(services, [sp.desk]), tables.message
    seed_message(services, seeded, Message(sender="tipster", text="one"))
    made = [{"tip": seeded.id, "seq": one, "sealed": b"junk", "day": 1, "notified": True} for one in junk]
    services.write_now(lambda unit: unit.insert(table, made))
    open_again()
    older = stored(services)
    services.write_now(lambda unit: unit.main.execute(delete(table).where(table.c.seq != 1)))
    if said == "danger":
        seed_message(services, seeded, Message(sender="tipster", text="he comes tonight", flags=("danger:life",)))
    else:
        step = CaseStep(kind="recused", to="Asha")
        post_as(sp.casework, seeded, Message(sender="desk", desk="sp", internal=True, case=step))
    again = [one for one in made if one["seq"] != 2]
    services.write_now(lambda unit: unit.insert(table, again))
    put_back(services, older)
    another = update(tables.tip_change).where(tables.tip_change.c.tip == seeded.id).values(tip="0" * 32)
    services.write_now(lambda unit: unit.main.execute(another))
    assert open_again().listed(seeded.id).summary.newest == 2


def test_a_forged_message_beside_the_true_ones_cover_hides_nothing_once_the_true_one_is_back(
    services: Services, sp: SeededDesk, open_again: Open
) -> None:
    seeded, row = seed_tip(services, [sp.desk]), update(tables.message)
    post_as(sp.casework, seeded, VERIFYING)
    true = services.read(lambda c: c.execute(select(tables.message.c.sealed)).scalar_one())
    services.write_now(lambda unit: unit.main.execute(row.values(sealed=b"junk")))
    assert statuses(open_again()) == {seeded.id: "RECEIVED"}
    services.write_now(lambda unit: unit.main.execute(row.values(sealed=true)))
    assert statuses(open_again()) == {seeded.id: "VERIFYING"}


def test_an_envelope_damaged_anywhere_is_counted_once_the_tips_are_searched(
    services: Services, sp: SeededDesk, open_again: Open
) -> None:
    seeded = seed_tip(services, [sp.desk])
    open_again()
    sealed = services.read_keys(lambda c: envelopes.find(c, seeded.id, "sp")) or b""
    damaged = sealed[:-1] + bytes([sealed[-1] ^ 1])
    services.write_now(lambda unit: envelopes.store(unit, seeded.id, "sp", damaged))
    cache = open_again()
    cache.open_texts()
    assert (list(cache.tips), cache.unreadable) == ([], 1)


def test_a_forged_header_removes_no_urgent_mark_and_is_counted(
    services: Services, sp: SeededDesk, dig: SeededDesk, open_again: Open
) -> None:
    seeded = seed_tip(services, [sp.desk, dig.desk], priority="urgent", flags=("danger:life",), arrived=1_795_500_000)
    own = dig.casework.open(seeded.number).envelope
    fake = replace(own, desk="sp", header=replace(own.header, priority="normal", flags=()))
    services.write_now(lambda unit: envelopes.store(unit, seeded.id, "sp", envelopes.seal(fake, sp.desk.recipient)))
    cache = open_again()
    for _ in range(2):
        cache.refresh()
        assert cache.listed(seeded.id).summary.header.priority == "urgent"
        assert cache.unreadable == 1
    assert open_again().listed(seeded.id).summary.header.priority == "urgent"


def test_a_change_whose_row_was_deleted_is_on_the_tips_page_at_once_and_in_the_lists_soon(
    services: Services, sp: SeededDesk, open_again: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeded, cache = seed_tip(services, [sp.desk]), open_again()
    work = Casework(services, "sp", sp.identity, cache=cache)
    for number in (1, 2):
        seed_message(services, seeded, Message(sender="tipster", text="he comes tonight"))
        hidden = seed_tip(services, [sp.desk])
        services.write_now(lambda unit: unit.main.execute(delete(tables.tip_change)))
        if number == 1:
            assert len(work.open(seeded.id).thread) == 1
        else:
            cache._read_all_at = 0
            cache.refresh()
            assert cache.listed(seeded.id).summary.newest == 2
            assert hidden.id in cache.tips


@pytest.mark.slow("an index of many tips")
def test_an_altered_or_foreign_index_is_rebuilt(
    services: Services, sp: SeededDesk, dig: SeededDesk, open_again: Open, read: list[str]
) -> None:
    seeded = seed_tip(services, [sp.desk, dig.desk])
    TipCache(services, "dig", dig.identity).refresh()
    foreign = {row["part"] == bytes(16): row["sealed"] for row in stored(services)}
    open_again()
    for is_head in (True, False):
        for sealed in (b"", b"\0" * 100, foreign[is_head]):
            which = (tables.tip_index.c.part == bytes(16)) == is_head
            change = update(tables.tip_index).where(which).values(sealed=sealed)
            services.write_now(lambda unit, change=change: unit.main.execute(change))  # type: ignore[misc]
            read.clear()
            assert statuses(open_again()) == {seeded.id: "RECEIVED"}
            assert read == [seeded.id]


def test_an_erased_tip_is_in_no_list_and_its_entry_is_deleted(
    services: Services, sp: SeededDesk, open_again: Open
) -> None:
    erased, kept = seed_tip(services, [sp.desk]), seed_tip(services, [sp.desk])
    open_again()
    covers = services.read_keys(lambda c: envelopes.tips_of(c, "sp"))
    assert SealedIndex(services, "sp", sp.identity).load(covers)[1].keys() == {erased.id, kept.id}

    services.write_now(lambda unit: erase(unit, erased.id))
    assert list(open_again().tips) == [kept.id]
    assert SealedIndex(services, "sp", sp.identity).load(covers)[1].keys() == {kept.id}, "whoever has an old key store"


def test_only_the_desks_key_opens_the_index_and_its_rows_reveal_neither_words_nor_numbers_nor_sizes(
    services: Services, sp: SeededDesk, dig: SeededDesk, open_again: Open
) -> None:
    seeded = seed_tip(services, [sp.desk])
    cache = open_again()
    rows = [bytes(row["sealed"]) for row in stored(services)]  # type: ignore[call-overload]
    assert len(rows) == 3
    for sealed in rows:
        assert size_class(len(sealed) - 28, 1 << 16, 8) == len(sealed) - 28
        for secret in (seeded.number, seeded.id, "INTOX", cache.listed(seeded.id).envelope.identity):
            assert secret.encode() not in sealed
    covers = services.read_keys(lambda c: envelopes.tips_of(c, "sp"))
    assert SealedIndex(services, "sp", dig.identity).load(covers) == ((), {})


@pytest.mark.slow("an index of many tips")
def test_the_newest_row_is_filled_up_and_outdated_entries_are_dropped_when_they_are_many(
    services: Services, sp: SeededDesk, open_again: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("satark.casework.sealed_index._TIPS", 3)
    tips = [seed_tip(services, [sp.desk]) for _ in range(5)]
    cache = open_again()
    assert sorted(map(len, cache._index._parts.values())) == [2, 3]
    for tip in tips * 3:
        seed_message(services, tip, Message(sender="tipster", text="more"))
        cache.refresh()
        sizes = [len(one) for one in cache._index._parts.values()]
        assert sum(sizes) <= 2 * len(tips) + 3
        assert listed(open_again()) == listed(cache)


def test_writing_every_entry_anew_reads_each_row_once(
    services: Services, sp: SeededDesk, open_again: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("satark.casework.sealed_index._TIPS", 3)
    monkeypatch.setattr("satark.casework.sealed_index._MOST_HELD", 1)
    tips = list[str]()
    for _ in range(12):
        tips.append(seed_tip(services, [sp.desk]).id)
        open_again()  # so that rows are in the order of arrival
    cache, read = open_again(), list[bytes]()
    real = SealedIndex._read
    monkeypatch.setattr(SealedIndex, "_read", lambda self, name, kind: read.append(name) or real(self, name, kind))  # type: ignore[func-returns-value,redundant-expr]
    cache._index.save(cache._roster, cache.tips, tips)
    assert len(read) == len(set(read)) == 4


class Life:
    """Tips of a desk, which change at random."""

    def __init__(self, services: Services, sp: SeededDesk, seed: int) -> None:
        self.services, self.identity = services, sp.identity
        self.chance = random.Random(seed)
        self.tips: dict[str, SeededTip] = {}
        self.erased: set[str] = set()
        self.kept: list[Rows] = []
        """Every state of the index, as backups would keep it."""

    @property
    def work(self) -> Casework:
        return Casework(self.services, "sp", self.identity, officer="sp-1")

    def opened(self) -> TipCache:
        """Open the desk as another process does."""
        cache = TipCache(self.services, "sp", self.identity)
        cache.refresh()
        cache.open_documents()
        cache.refresh()
        self.kept.append(stored(self.services))
        return cache

    def go_on(self) -> None:
        """Make one random change."""
        names = ["arrive", "arrive", *(["write", "act", "erase", "renew", "merge"] if len(self.tips) > 1 else [])]
        getattr(self, self.chance.choice(names))()

    def some(self) -> SeededTip:
        return self.chance.choice(list(self.tips.values()))

    def arrive(self) -> None:
        (desk,) = (one for one in self.services.desks() if one.name == "sp")
        seeded = seed_tip(self.services, [desk], category=self.chance.choice(("ARMS", "INTOX")))
        self.tips[seeded.id] = seeded

    def write(self) -> None:
        seed_message(self.services, self.some(), Message(sender="tipster", text=f"पुल {self.chance.random()}"))

    def act(self) -> None:
        respond(self.work, self.work.open(self.some().number), status=self.chance.choice(("VERIFYING", "ACTED")))

    def erase(self) -> None:
        tip = self.some().id
        self.services.write_now(lambda unit: erase(unit, tip))
        del self.tips[tip]
        self.erased.add(tip)

    def renew(self) -> None:
        tip = self.some()
        sealed = envelopes.seal(self.work.open(tip.number).envelope, recipient_of(self.identity))
        self.services.write_now(lambda unit: envelopes.store(unit, tip.id, "sp", sealed))

    def merge(self) -> None:
        merged, leading = self.chance.sample(list(self.tips.values()), 2)
        with suppress(ActRefused):
            act = DeskAct(name="merge", to=leading.number, text="the same")
            DeskActs(self.services, self.work, Clocks()).perform(self.work.open(merged.number), act)

    def change_key(self) -> None:
        _, new = new_identity()
        entry = RosterEntry(body=KeyChange.of("sp", self.identity, new))
        self.services.write_now(lambda unit: change_key(unit, self.services, entry, self.identity, new))
        self.identity = new


@pytest.mark.slow("a life of tips")
@pytest.mark.parametrize("seed", range(4))
def test_after_any_change_the_index_equals_a_list_of_all_opened_tips(
    services: Services, sp: SeededDesk, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("satark.casework.sealed_index._TIPS", 4)
    life = Life(services, sp, seed)
    for step in range(40):
        life.go_on()
        if step == 25:
            life.change_key()
        if life.chance.random() < 0.4:
            from_index = life.opened()
            with monkeypatch.context() as patched:
                patched.setattr(SealedIndex, "load", lambda *_: ((), {}))
                anew = TipCache(services, "sp", life.identity)
                anew.refresh()
            assert listed(from_index) == listed(anew)
            assert from_index.tips.keys() == life.tips.keys()
            ids = list(life.tips)
            assert [from_index._clues(tip) for tip in ids] == [anew._clues(tip) for tip in ids]
    assert life.erased
    covers = services.read_keys(lambda c: envelopes.tips_of(c, "sp"))
    for rows in life.kept:
        put_back(services, rows)
        for identity in (sp.identity, life.identity):
            index = SealedIndex(services, "sp", identity)
            found = index.load(covers)[1]
            assert found.keys() <= life.tips.keys()
            for name, tips in index._parts.items():
                if not life.erased.isdisjoint(tips):
                    row = index._read(name, sealed_index.IndexRow)
                    assert row is not None
                    at = {covers.get(tip, b"") for tip in tips}
                    assert all(sealed_index.open_box(index._key_of(tips, one), row.together) is None for one in at)
                    assert name in index._apart
