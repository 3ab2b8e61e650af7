"""What can be wrong with the `[[forward]]` tables, found before a tip meets it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from satark.delivery.reader import key_problems
from satark.settings import SettingProblem

if TYPE_CHECKING:
    from satark.destination import DestinationRule
    from satark.geography.geography import Geography
    from satark.settings import Core
    from satark.sink import Sink


def settings_problems(core: Core, geography: Geography) -> list[SettingProblem]:
    """Find what the settings alone show: districts and stations that there are not."""
    return [problem for forward in core.forward for problem in _unknown_places(forward, geography)]


def desk_problems(core: Core, desks: Collection[str]) -> list[SettingProblem]:
    """Find forwards of desks that there are not: nothing would ever go there."""
    return [
        _problem(forward, "desk", f"there is no desk {forward.desk!r}, so that nothing goes there", "satark desk list")
        for forward in core.forward
        if forward.desk and forward.desk not in desks
    ]


def sink_problems(core: Core, sinks: Sequence[Sink]) -> list[SettingProblem]:
    """Find what hinders this machine's sinks: one that is not loaded, and keys that readers lack."""
    named = {sink.name for sink in sinks}
    problems = [
        SettingProblem("alarm_to", "SATARK_ALARM_TO", f"no loaded plugin serves {to}", _NOT_LOADED)
        for to in core.alarm_to
        if to.partition(":")[0] not in named
    ]
    problems += [
        _problem(forward, "desk", "is missing: without a key of its own it carries a desk's tips")
        for forward in core.forward
        if not forward.desk and not forward.recipient
    ]
    problems += [
        _problem(forward, "to", f"no loaded plugin serves {forward.sink!r}", _NOT_LOADED)
        for forward in core.forward
        if forward.sink not in named
    ]
    return problems + key_problems(core.forward, sinks)


_NOT_LOADED = (
    "name the plugin in `plugins` and set its section; on a machine that runs no worker: satark check --role web"
)


def _unknown_places(forward: DestinationRule, geography: Geography) -> Iterator[SettingProblem]:
    for field in ("districts", "exclude_districts"):
        for code in getattr(forward, field):
            if geography.district(code) is None:
                yield _problem(forward, field, f"there is no district {code!r} in the geography")
    for field in ("stations", "exclude_stations"):
        for code in getattr(forward, field):
            if geography.station(code) is None:
                yield _problem(forward, field, f"there is no station {code!r} in the geography")


def _problem(forward: DestinationRule, field: str, message: str, hint: str = "") -> SettingProblem:
    return SettingProblem(f"forward {forward.to}: {field}", "SATARK_FORWARD", message, hint)
