"""Each sabotage of the table can be applied to the code as it is now, and makes its test fail."""

from __future__ import annotations

import pytest

from support.sabotage import ROOT, Sabotage, Workshop, all_sabotages

SABOTAGES = all_sabotages()


def test_every_sabotage_changes_one_place_and_names_a_test() -> None:
    for sabotage in SABOTAGES:
        compile(sabotage.change((ROOT / sabotage.file).read_text()), sabotage.file, "exec")
        file, _, test = sabotage.test.partition("::")
        assert f"def {test}" in (ROOT / file).read_text(), sabotage.name


def test_a_sabotage_that_no_longer_fits_the_code_is_reported() -> None:
    with pytest.raises(ValueError, match="occurs 2 times"):
        Sabotage("x", "file", "a", "b", "test").change("aa")


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("sabotaged"))


@pytest.mark.full("sabotages")
@pytest.mark.parametrize("sabotage", SABOTAGES, ids=lambda one: one.name)
def test_a_sabotage_is_noticed(sabotage: Sabotage, workshop: Workshop) -> None:
    assert workshop.is_noticed(sabotage)


@pytest.mark.full("sabotages")
def test_no_test_fails_without_a_sabotage(workshop: Workshop) -> None:
    assert workshop.passes({one.test for one in SABOTAGES})
