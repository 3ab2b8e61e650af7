"""The sealed column of desks' statements about a tip's keys."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from sqlalchemy import select, update

from satark.routing.tip_keys import TipKeyAltered, changes_in
from satark.services import Services
from satark.store import changed_keys
from satark.store.tables import tip
from satark.store.unit_of_work import UnitOfWork
from support.desks import SeededDesk
from support.tips import seed_tip


@pytest.fixture
def sp(services: Services) -> SeededDesk:
    return SeededDesk(services, "sp")


def columns(services: Services) -> dict[str, bytes]:
    return {row.id: row.key_changes for row in services.read(lambda c: c.execute(select(tip)).all())}


def test_all_rows_have_one_size_whatever_they_store(services: Services, sp: SeededDesk) -> None:
    first, other = (seed_tip(services, [sp.desk]).id for _ in range(2))
    for size in (5, 5000, 10, 20_000):
        told = b"x" * size
        services.write_now(lambda unit, told=told: changed_keys.store(unit, first, told))  # type: ignore[misc]
        new = services.write_now(lambda unit: changed_keys.first(unit, "new"))
        assert len({len(new), *map(len, columns(services).values())}) == 1
        assert told not in columns(services)[first]

        def read(unit: UnitOfWork) -> list[bytes | None]:
            return [changed_keys.read(unit, one) for one in (first, other, "unknown")]

        assert services.write_now(read) == [told, b"", None]


def test_before_any_tip_has_a_new_key_all_rows_are_empty(services: Services, sp: SeededDesk) -> None:
    seed_tip(services, [sp.desk])
    assert services.write_now(lambda unit: changed_keys.first(unit, "new")) == b""
    services.write_now(changed_keys.seal_again)
    assert set(columns(services).values()) == {b""}


def test_a_row_that_was_not_sealed_under_the_name_key_can_not_be_decoded(services: Services, sp: SeededDesk) -> None:
    older, other = (seed_tip(services, [sp.desk]).id for _ in range(2))
    forged = msgspec.msgpack.encode([])
    services.write_now(lambda unit: unit.main.execute(update(tip).where(tip.c.id == older).values(key_changes=forged)))
    for _ in range(2):
        read = services.write_now(lambda unit: changed_keys.read(unit, older)) or b""
        with pytest.raises(TipKeyAltered):
            changes_in(read)
        services.write_now(lambda unit: changed_keys.store(unit, other, b"new"))


def test_all_rows_get_room_in_advance_in_several_transactions_and_a_crash_loses_none(
    services: Services, sp: SeededDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changed_keys, "AT_ONCE", 4)
    monkeypatch.setattr(changed_keys, "_LAST", 2)
    tips = sorted(seed_tip(services, [sp.desk]).id for _ in range(10))
    services.write_now(lambda unit: changed_keys.store(unit, tips[3], b"x"))
    at_once, again = list[int](), changed_keys.seal_again

    def crash(unit: UnitOfWork, of: Sequence[str] | None = None, size: int = 0) -> Sequence[str]:
        at_once.append(len(of or ()))
        if len(at_once) == 2:
            raise OSError("planted")
        return again(unit, of, size)

    longer = lambda unit: changed_keys.store(unit, tips[6], b"y" * 5000)  # noqa: E731
    with monkeypatch.context() as patch:
        patch.setattr(changed_keys, "seal_again", crash)
        with pytest.raises(OSError, match="planted"):
            services.write_now(longer)
    sizes = [len(columns(services)[one]) for one in tips]
    assert sizes == [sizes[0]] * 4 + [sizes[-1]] * 6, "by their ids, whatever they say"
    new = services.write_now(lambda unit: changed_keys.first(unit, "new"))
    assert len(new) == sizes[0] > sizes[-1]
    services.write_now(lambda unit: changed_keys.store(unit, tips[5], b"z"))
    assert [len(columns(services)[one]) for one in tips] == sizes, "a short change gives none away"
    services.write_now(longer)
    assert {len(one) for one in columns(services).values()} == {sizes[0]}
    assert at_once == [4, 4]


def test_the_first_tip_of_all_may_come_with_changes(services: Services, sp: SeededDesk) -> None:
    tip_id = seed_tip(services, [sp.desk]).id
    row = services.read(lambda c: c.execute(select(tip)).mappings().one())

    def come(unit: UnitOfWork) -> None:
        unit.main.execute(tip.delete())
        unit.insert(tip, [{**row, "key_changes": changed_keys.first(unit, tip_id)}])
        changed_keys.store(unit, tip_id, b"x" * 5000)

    services.write_now(come)
    assert services.write_now(lambda unit: changed_keys.read(unit, tip_id)) == b"x" * 5000
