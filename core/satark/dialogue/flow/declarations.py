"""What the steps of a flow declare: what their answers mean (`means`), and whom a tip accuses (`accuses`).

Routing keeps a tip away from the office that it accuses. It can do so only where the flow declares which answers
accuse whom, or declares that none does (`accuses: nobody`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, get_args

from satark.api.flow import Accuses, Meaning, Promises, Step

NOBODY: Final = "nobody"
PROMISES: Final[tuple[Promises, ...]] = get_args(Promises)
_UNITS: Final = frozenset(get_args(Accuses))
_UNDECLARED: Final = (
    "the flow does not say whom in the police a tip is about, so a complaint could reach the accused office: "
    "give the step that asks it `accuses: {option: unit}`, or the flow `accuses: nobody` if no tip is about the police"
)


def read_accuses(
    data: Mapping[str, Any], report: Callable[[str], None]
) -> tuple[Mapping[str, Accuses], Literal["", "station", "outpost"]]:
    """Read what a step declares under `accuses`: units by option, or which unit its answer names."""
    declared = data.get("accuses")
    match declared:
        case None:
            return {}, ""
        case "station":
            return {}, "station"
        case "outpost":
            return {}, "outpost"
        case Mapping() if declared and set(declared.values()) <= _UNITS:
            return declared, ""
    units = ", ".join(sorted(_UNITS))
    report(f"`accuses` is `station`, `outpost`, or gives each option one of {units}")
    return {}, ""


def read_promises(data: Mapping[str, Any], report: Callable[[str], None]) -> Promises | Literal[""]:
    """Read what a step declares under `promises`: the highest unit that a tip accuses when this step's text is said."""
    declared = data.get("promises", "")
    found = next((unit for unit in PROMISES if unit == declared and data.get("type") == "say"), None)
    if found is None and declared != "":
        report(f"`promises` belongs to a `say` step and is one of {', '.join(PROMISES)}")
    return found or ""


def accusation_problems(steps: Sequence[Step], accuses: str) -> Iterator[tuple[str, str]]:
    """List which accusations a flow fails to declare, as pairs of step and problem."""
    accusing = [step for step in steps if step.accuses]
    if accuses == NOBODY:
        yield from ((step.id, "`accuses` contradicts the flow's `accuses: nobody`") for step in accusing)
    elif not accusing:
        yield "", _UNDECLARED
    for step in accusing:
        yield from _of_options(step)
    yield from _of_names(steps, accusing)


def _of_options(step: Step) -> Iterator[tuple[str, str]]:
    codes: Callable[[Step], Sequence[str]] | None = getattr(step.type, "codes", None)
    source: str = getattr(step.settings, "source", "")
    if codes is None or source or step.type.name == "choices":
        yield step.id, "`accuses` with options needs a choice of one of its own options"
        return
    options = set(codes(step))
    for code in sorted(options - step.accuses.keys()):
        yield step.id, f"`accuses` does not say whom the option {code!r} accuses"
    for code in sorted(step.accuses.keys() - options):
        yield step.id, f"`accuses` names {code!r}, which is not an option"


def _of_names(steps: Sequence[Step], accusing: Sequence[Step]) -> Iterator[tuple[str, str]]:
    needs_name = [step for step in accusing if "named" in step.accuses.values()]
    if needs_name and not any(step.names == "station" for step in steps):
        yield needs_name[0].id, "an option accuses the `named` station, but no step names it (`accuses: station`)"
    for step in steps:
        if step.names == "station" and getattr(step.settings, "source", "") != "stations":
            yield step.id, "`accuses: station` needs a choice from the stations"


MEANINGS: Final[tuple[Meaning, ...]] = get_args(Meaning)


class _Rule(NamedTuple):
    """What a meaning requires of its step, and the consequence if no step has the meaning."""

    type: str = ""
    by_type: bool = False
    """Whether the first step of that type has the meaning even if no step declares it."""
    options: tuple[str, ...] = ()
    lacking: str = ""


_RULES: Final[Mapping[Meaning, _Rule]] = {
    "category": _Rule("choice", lacking="tips have no category, so no destination, term or figure can go by it"),
    "place": _Rule("place", by_type=True, lacking="tips have no place, so they go to the desks of every district"),
    "evidence": _Rule("media", by_type=True, lacking="no step asks for files, which are taken at any time"),
    "police": _Rule(options=("yes", "no")),
    "now": _Rule(options=("yes", "no")),
    "when": _Rule(options=("now", "past", "coming")),
    "own_voice": _Rule(options=("own", "other"), lacking="every recording counts as the tipster's own voice"),
    "film_sound": _Rule(options=("remove", "keep"), lacking="every film is passed on without its sound"),
}


def read_means(data: Mapping[str, Any], report: Callable[[str], None]) -> Meaning | Literal[""]:
    """Read what a step declares under `means`."""
    declared = data.get("means", "")
    found = next((meaning for meaning in MEANINGS if meaning == declared), None)
    if found is None and declared != "":
        report(f"`means` is one of {', '.join(MEANINGS)}")
    return found or ""


def steps_by_meaning(steps: Iterable[Step]) -> dict[str, str]:
    """Return meaning → id of the step that has it: declared, or by its type."""
    steps = list(steps)
    found: dict[str, str] = {step.means: step.id for step in steps if step.means}
    for step in steps:
        for meaning in _by_type(step):
            found.setdefault(meaning, step.id)
    return found


def meaning_problems(steps: Sequence[Step]) -> Iterator[tuple[str, str]]:
    """List what is wrong with the declared meanings, as pairs of step and problem."""
    declared: dict[str, str] = {}
    for step in steps:
        if step.means:
            yield from _of_step(step, step.means, declared.setdefault(step.means, step.id))
        elif step.id in MEANINGS and step.id not in _by_type(step):
            yield step.id, f"an id alone means nothing: declare `means: {step.id}`, or choose another id"
    places = [step.id for step in steps if "place" in _by_type(step)]
    if len(places) > 1 and "place" not in declared:
        yield places[1], "there is more than one place: declare `means: place` at the tip's"


def undeclared(steps: Sequence[Step]) -> list[str]:
    """List the meanings that no step of a flow has, each with the consequence."""
    found = steps_by_meaning(steps)
    lacking = ((meaning, rule.lacking) for meaning, rule in _RULES.items() if meaning not in found and rule.lacking)
    return [f"no step has `means: {meaning}`: {instead}" for meaning, instead in lacking]


def _of_step(step: Step, meaning: Meaning, first: str) -> Iterator[tuple[str, str]]:
    rule = _RULES[meaning]
    if first != step.id:
        yield step.id, f"`means: {meaning}` stands at the step {first!r} already"
    if rule.type and rule.type != step.type.name:
        yield step.id, f"`means: {meaning}` needs a step of the type {rule.type}"
        return
    codes: Callable[[Step], Sequence[str]] | None = getattr(step.type, "codes", None)
    for code in sorted(set(rule.options) - set(codes(step) if codes else ())):
        yield step.id, f"`means: {meaning}` needs the option {code!r}"


def _by_type(step: Step) -> tuple[Meaning, ...]:
    return tuple(meaning for meaning, rule in _RULES.items() if rule.by_type and rule.type == step.type.name)
