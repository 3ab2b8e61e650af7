"""The commands that direct a tip."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import Result

from satark.api.routing import Desk
from satark.api.tip import Accused
from satark.services import Services
from satark.store import tables
from support.desk_reading import records
from support.tips import seed_tip

pytestmark = pytest.mark.slow("commands of a whole desk")

Run = Callable[..., Result]
FindDesk = Callable[[str], Desk]


def test_a_tip_is_directed_to_a_station(services: Services, run: Run, desk: FindDesk) -> None:
    seeded = seed_tip(services, [desk("sp")])
    result = run("desk", "direct", "sp", seeded.number, "--to", "lanka", "--instruction", "जाँच करें", by="sp")
    assert result.exit_code == 0, result.output
    (record,) = records(run("desk", "tips", "lanka", "--json", by="lanka"))
    assert record["number"] == seeded.number
    assert "जाँच करें" in record["messages"][0]["text"]


@pytest.mark.parametrize("accused", [Accused(level="station", unit="lanka"), None])
def test_directing_to_an_excluded_desk_gives_the_same_answer_as_to_an_unknown_one(
    accused: Accused | None, services: Services, run: Run, desk: FindDesk
) -> None:
    # Once the routing at submission forbids it, once the tip itself does.
    seeded = seed_tip(services, [desk("sp")], accused=accused, excluded=() if accused else ("lanka",))
    before = services.read_keys(lambda c: c.execute(tables.envelope.select()).all())

    def direct(to: str) -> tuple[int, str, str]:
        result = run("desk", "direct", "sp", seeded.number, "--to", to, "--instruction", "x", by="sp")
        return result.exit_code, result.stdout, result.stderr

    assert direct("lanka") == direct("nowhere")
    assert services.read_keys(lambda c: c.execute(tables.envelope.select()).all()) == before
    assert records(run("desk", "tips", "lanka", "--json", by="lanka")) == []
