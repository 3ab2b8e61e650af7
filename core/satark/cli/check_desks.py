"""The part of `satark check` that examines the areas of the desks."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from satark.api.routing import LEVELS, Destination, DestinationRule
from satark.api.settings import SettingProblem
from satark.api.sink import Sink
from satark.delivery.destination_keys import key_problems
from satark.roster.entries import PROBE_DESK, RECOVERY
from satark.roster.state import RosterState
from satark.routing.desks import areas_of
from satark.settings.core import Core
from satark_words.geography.geography import Geography
from satark_words.geography.units import ELSEWHERE


def area_problems(desks: Iterable[tuple[str, str, str]], geography: Geography) -> list[SettingProblem]:
    """Find desks whose area the geography lacks, so that no tip of their area would reach them.

    `desks`: name, level and area of each desk.
    """
    return [
        SettingProblem(
            f"desk {name}: area",
            "SATARK_GEOGRAPHY",
            f"the geography has no {level} {area!r}, so this desk gets no tips of it",
            "correct the geography's file (docs/geography.md), or add a desk with another --area",
        )
        for name, level, area in desks
        if area and area not in areas_of(level, geography)
    ]


def desk_warnings(state: RosterState, *, is_office: bool) -> list[str]:
    """Return a warning for each desk with one officer or one head, and at a host if no desk is above the districts'.

    And one that names whose passphrase, and one that names which desks' keys somebody else may know.
    """
    names = sorted(state.desks.keys() - {PROBE_DESK})
    warnings = [warning for name in names if (warning := _warning(name, state))]
    officers = [(name, one) for name in names for one in state.desks[name].officers.values() if one.name != RECOVERY]
    if known := ", ".join(f"{one.name} ({name})" for name, one in officers if one.temporary):
        warnings.append(f"somebody else knows these officers' passphrases: {known}; each signs in on the web once")
    warnings += known_keys(state)
    if names and not is_office and max(state.desks[name].rank for name in names) <= LEVELS.index("district"):
        warnings.append("nobody gets a complaint about an SP's office; run: satark desk add dig --level range --help")
    return warnings


def known_keys(state: RosterState) -> list[str]:
    """Return a warning that names the desks whose key somebody else may know; none if there is no such desk."""
    desks = ", ".join(sorted(state.known_keys))
    says = f"somebody else may know the keys of desks: {desks}; each changes when a head of it next signs in"
    new = ", ".join(sorted(state.new_desks))
    return ([says] if desks else []) + ([f"until then the desks above have the tips of: {new}"] if new else [])


def _warning(name: str, state: RosterState) -> str:
    listed = state.desks[name]
    readers = [one.name for one in listed.officers.values() if one.role != "auditor"]
    if len(readers) == 1:
        return (
            f"desk {name} has one officer: if {readers[0]} loses the passphrase, all its tips are lost; "
            f"run: satark officer add {name} --help"
        )
    if len(readers) > 1 and len(listed.heads) == 1:
        return f"desk {name} has one head: if {listed.heads[0]} loses the passphrase, no officer can get a new key"
    return ""


def settings_problems(core: Core, geography: Geography) -> list[SettingProblem]:
    """Find districts and stations that the geography lacks, and destinations without a desk or a recipient."""
    missing = "is missing: a destination without a recipient of its own gets the tips of a desk"
    problems = [_problem(rule, "desk", missing) for rule in core.destination if not rule.desk and not rule.recipient]
    return problems + [problem for rule in core.destination for problem in _unknown_places(rule, geography)]


def desk_problems(core: Core, desks: Collection[str]) -> list[SettingProblem]:
    """Find destinations whose desk does not exist, so that they would never get a tip."""
    return [
        _problem(
            rule, "desk", f"there is no desk {rule.desk!r}, so this destination gets no tips", "run: satark desk list"
        )
        for rule in core.destination
        if rule.desk and rule.desk not in desks
    ]


def sink_problems(core: Core, sinks: Sequence[Sink]) -> list[SettingProblem]:
    """Find destinations whose sink this machine does not load, or whose key it lacks."""
    named = {sink.name for sink in sinks}
    problems = [
        SettingProblem.of("alarm_to", f"no loaded plugin serves {to}", _NOT_LOADED)
        for to in core.alarm_to
        if Destination(to).sink not in named
    ]
    problems += [
        _problem(rule, "to", f"no loaded plugin serves {rule.sink!r}", _NOT_LOADED)
        for rule in core.destination
        if rule.sink not in named
    ]
    return problems + key_problems(core.destination, sinks)


_NOT_LOADED = (
    "name the plugin in `plugins` and set its section; on a machine without the worker role: satark check --role web"
)


def _unknown_places(rule: DestinationRule, geography: Geography) -> Iterator[SettingProblem]:
    for kind, known in (("district", geography.district), ("station", geography.station)):
        for field in (f"{kind}s", f"exclude_{kind}s"):
            for code in getattr(rule, field):
                if known(code) is None and (kind, code) != ("district", ELSEWHERE):
                    yield _problem(rule, field, f"the geography has no {kind} {code!r}")


def _problem(rule: DestinationRule, field: str, message: str, hint: str = "") -> SettingProblem:
    return SettingProblem(f"destination {rule.to}: {field}", "SATARK_DESTINATION", message, hint)
