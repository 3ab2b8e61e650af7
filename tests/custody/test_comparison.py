"""The comparison of the stores names what one has and another lacks."""

from __future__ import annotations

from sqlalchemy import delete, update

from satark.custody.comparison import NAMED, Difference, compare_stores
from satark.services import Services
from satark.store import evidence_files
from satark.store.sealed_files import original_path
from satark.store.tables import anchor, envelope
from support.tips import SeededTip


def test_stores_of_one_moment_have_no_difference(services: Services, tips: tuple[SeededTip, SeededTip]) -> None:
    assert compare_stores(services) == []


def test_a_tip_without_a_key_is_named_by_its_number(services: Services, tips: tuple[SeededTip, SeededTip]) -> None:
    services.write_now(lambda unit: unit.keys.execute(delete(envelope).where(envelope.c.tip == tips[0].id)))
    (found,) = compare_stores(services)
    assert "no desk can open" in found.text
    assert found.names == (tips[0].number,)


def test_a_file_that_the_folder_lacks_is_named(services: Services, tips: tuple[SeededTip, SeededTip]) -> None:
    name = evidence_files.name(tips[1].id, "1")
    original_path(services.evidence_dir, name).unlink()
    (found,) = compare_stores(services)
    assert (found.count, found.names) == (1, (name,))


def test_an_older_database_is_named_with_how_much_it_lacks(
    services: Services, tips: tuple[SeededTip, SeededTip]
) -> None:
    services.write_now(lambda unit: unit.keys.execute(update(anchor).values(position=anchor.c.position + 5)))
    services.write_now(lambda unit: unit.keys.execute(update(anchor).values(link=b"x" * 32, before=b"y" * 32)))
    (found,) = compare_stores(services)
    assert str(found) == "the main database is older than the key store, by entries of the custody log: 5"
    services.write_now(lambda unit: unit.keys.execute(delete(anchor)))
    assert "the key store is older" in compare_stores(services)[0].text


def test_a_long_list_is_cut_off() -> None:
    names = tuple(str(at) for at in range(NAMED))
    assert str(Difference("lost", NAMED + 1, names)).endswith("9, …)")
