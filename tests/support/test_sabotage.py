"""Each sabotage of the table applies to the present code, and makes its test fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.sabotage import ROOT, Sabotage, Workshop, all_sabotages

SABOTAGES = all_sabotages()
TESTED = [one for one in SABOTAGES if one.test]


@pytest.mark.slow("reads all of the code")
def test_every_sabotage_changes_one_place_and_names_a_test() -> None:
    for sabotage in SABOTAGES:
        changed = sabotage.change((ROOT / sabotage.file).read_text())
        if sabotage.file.endswith(".py"):
            compile(changed, sabotage.file, "exec")
        assert bool(sabotage.test) != bool(sabotage.finds), sabotage.name
        if sabotage.test:
            file, _, test = sabotage.test.partition("::")
            assert f"def {test}" in (ROOT / file).read_text(), sabotage.name


def test_a_sabotage_that_no_longer_fits_the_code_is_reported() -> None:
    with pytest.raises(ValueError, match="occurs 2 times"):
        Sabotage("x", "file", "b", old="a").change("aa")


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("sabotaged"))


@pytest.mark.full("sabotages")
@pytest.mark.parametrize("sabotage", TESTED, ids=lambda one: one.name)
def test_a_sabotage_is_noticed(sabotage: Sabotage, workshop: Workshop) -> None:
    assert workshop.is_noticed(sabotage)


@pytest.mark.full("sabotages")
def test_no_test_fails_without_a_sabotage(workshop: Workshop) -> None:
    assert workshop.passes({one.test for one in TESTED})


@pytest.mark.full("sabotages")
@pytest.mark.needs("rabbitmq")
def test_the_worlds_of_the_canary_notice_every_leak(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path / "copy")
    assert workshop.missed_by_canary(one for one in SABOTAGES if one.finds) == []
