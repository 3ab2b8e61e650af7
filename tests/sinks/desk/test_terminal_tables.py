"""Tables for the terminal."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import Result

from satark.api.routing import Desk
from satark.services import Services
from support.desk_reading import records
from support.tips import seed_tip

pytestmark = pytest.mark.slow("commands of a whole desk")

Run = Callable[..., Result]
FindDesk = Callable[[str], Desk]


def test_the_table_of_tips_has_the_newest_first(services: Services, run: Run, desk: FindDesk) -> None:
    older = seed_tip(services, [desk("sp")], received="2026-11-20T06/PT6H")
    newer = seed_tip(services, [desk("sp")], received="2026-11-24T12/PT6H")
    output = run("desk", "tips", "sp", by="sp").stdout
    assert output.index(newer.number) < output.index(older.number)
    assert "2026-11-24" in output
    assert "T12" not in output


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_what_a_tipster_typed_never_controls_the_terminal(
    services: Services, run: Run, desk: FindDesk, options: tuple[str, ...]
) -> None:
    seed_tip(services, [desk("sp")], answers={"what": "\x9b2J\u202eevil\x1b]0;x\x07"})
    printed = run("desk", "tips", "sp", *options, by="sp").stdout
    assert not set(printed) & {"\x9b", "\u202e", "\x1b", "\x07"}
    if options:
        assert "evil" in printed
        assert records(run("desk", "tips", "sp", *options, by="sp"))[0]["answers"]["what"].startswith("\x9b2J\u202e")
