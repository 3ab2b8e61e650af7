"""Permissions on the command line: every command that takes a passphrase, for every desk and every tip.

The commands are those that the plugin registers: this file tries a new command without any change. A command with a new
required parameter fails here until `VALUES` has a value for the parameter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import click
import pytest
from click.testing import CliRunner, Result

from satark.api.routing import Desk
from satark.api.tip import Accused
from satark.identity.receipt_codes import new_number
from satark.services import Services
from satark_desk import plugin
from support.commands import commands_of as desk_commands
from support.tips import seed_file, seed_tip

pytestmark = pytest.mark.slow("every command")

DESKS = ("sp", "dig", "lanka")
VALUES: Mapping[str, str] = {
    "status": "VERIFYING",
    "to_desk": "dig",
    "from_desk": "lanka",
    "instruction": "look into it",
    "reason": "a court asked for it",
    "name": "another-officer",
    "code": "0000-0000",
    "proposal": "1",
    "to": "folder:copies",
    "text": "seen",
    "officer": "sp-1",
    "into": "K999-9999",
    "words": "sharab",
    "kind": "aside",
    "numbers": "K999-9999",
    "language": "en",
    "id_": "0000000000000000",
}
"""Required parameter of a command → the value that the tests give."""
FILES = frozenset({"folder", "pack", "file", "new_passphrase_file", "second_passphrase_file", "target"})
"""Parameters that take a path."""


class Command(NamedTuple):
    """A command that takes a passphrase."""

    words: tuple[str, ...]
    parameters: Mapping[str, click.Parameter]

    @property
    def takes_a_tip(self) -> bool:
        """Whether the command names a tip."""
        return "number" in self.parameters

    def __str__(self) -> str:
        return " ".join(self.words)


class Outcome(NamedTuple):
    """How a command ended."""

    code: int
    output: str


def commands_of(group: click.Group, before: tuple[str, ...] = ()) -> Iterator[Command]:
    """Yield every command of a group that takes a desk and an officer's passphrase."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands_of(command, (*before, name))
        else:
            parameters = {str(parameter.name): parameter for parameter in command.params}
            if {"desk", "passphrase_file"} <= parameters.keys():
                yield Command((*before, name), parameters)


@pytest.fixture
def cli() -> click.Group:
    """The plugin's commands."""
    return desk_commands(plugin)


@pytest.fixture
def tips(services: Services, desk: Callable[[str], Desk]) -> Mapping[str, Mapping[str, str]]:
    """Desk → relation → the number of a tip: own, excluded, other, unknown."""

    def seed(readers: str, excluded: str = "", accused: Accused | None = None) -> str:
        desks = [desk(name) for name in readers.split()]
        seeded = seed_tip(services, desks, accused=accused, excluded=tuple(excluded.split()), evidence=("1",))
        seed_file(services, seeded, "1", b"one", b"clean one")
        return seeded.number

    everybody = seed("sp dig lanka")
    about_station = seed("sp dig", "lanka", Accused(level="station", unit="lanka"))
    about_sp = seed("dig", "sp lanka", Accused(level="district", unit="varanasi"))
    without_station, without_range = seed("sp dig"), seed("sp")
    return {
        "sp": {"own": everybody, "excluded": about_sp, "unknown": new_number()},
        "dig": {"own": everybody, "other": without_range, "unknown": new_number()},
        "lanka": {"own": everybody, "excluded": about_station, "other": without_station, "unknown": new_number()},
    }


@pytest.fixture
def run(
    cli: click.Group, services: Services, tmp_path: Path, passphrases: Callable[[str], Path]
) -> Callable[..., Outcome]:
    """Run a command at a desk, with the passphrase of an officer of this desk or of another."""
    del services

    def invoke(command: Command, at: str, by: str, number: str = "") -> Outcome:
        words = [*command.words]
        for name, parameter in command.parameters.items():
            if not parameter.required and name != "passphrase_file":
                continue
            value = {"desk": at, "number": number, "passphrase_file": str(passphrases(by))}.get(name)
            value = value or VALUES.get(name) or path_for(name, tmp_path, passphrases(by))
            words += [value] if isinstance(parameter, click.Argument) else [parameter.opts[0], value]
        result: Result = CliRunner().invoke(cli, words)
        assert result.exception is None or isinstance(result.exception, SystemExit), (words, result.exception)
        output = result.output.replace(number, "NUMBER") if number else result.output
        return Outcome(result.exit_code, output)

    return invoke


def path_for(name: str, folder: Path, passphrase: Path) -> str:
    """Return a path for a parameter that takes one."""
    assert name in FILES, f"say in VALUES or FILES what {name} can be"
    return str(passphrase if name.endswith("passphrase_file") else folder / f"{name}.out")


@pytest.fixture
def passphrases(passphrase_file: Callable[[str], Path], unlocked: Callable[[str], object]) -> Callable[[str], Path]:
    """Write a file with the passphrase of a desk's first officer, or with a passphrase that nobody has."""
    import inspect  # noqa: PLC0415 - needed here alone

    known: Mapping[str, str] = inspect.getclosurevars(unlocked).globals["PASSPHRASES"]
    return lambda desk: passphrase_file(known.get(desk, "quiet mango tractor 7 violin nobody"))


def test_the_test_finds_commands_to_try(cli: click.Group) -> None:
    found = list(commands_of(cli))
    assert len(found) >= 13
    assert len([command for command in found if command.takes_a_tip]) >= 2


@pytest.mark.full("every command")
def test_every_command_gives_the_same_answer_for_an_excluded_tip_and_an_unknown_one(
    cli: click.Group, run: Callable[..., Outcome], tips: Mapping[str, Mapping[str, str]]
) -> None:
    for command in commands_of(cli):
        for desk in DESKS if command.takes_a_tip else ():
            numbers = {relation: number for relation, number in tips[desk].items() if relation != "own"}
            outcomes = {relation: run(command, desk, desk, number) for relation, number in numbers.items()}
            assert len(set(outcomes.values())) == 1, f"{command} at {desk}: {outcomes}"
            assert outcomes["unknown"].code != 0, f"{command} at {desk}: {outcomes}"


@pytest.mark.full("every command")
def test_no_command_opens_a_desk_with_the_passphrase_of_another_desk(
    cli: click.Group, run: Callable[..., Outcome], tips: Mapping[str, Mapping[str, str]]
) -> None:
    own = tips["sp"]["own"]
    pairs: Sequence[tuple[str, str]] = [("sp", "dig"), ("dig", "lanka"), ("lanka", "sp"), ("sp", "nobody")]
    for command in commands_of(cli):
        outcomes = {(at, by): run(command, at, by, own) for at, by in pairs}
        for (at, by), outcome in outcomes.items():
            assert outcome.code != 0, f"{command} at {at} by {by}: {outcome}"
            assert "clean" not in outcome.output
        told = {re.sub(rf"\b{at}\b", "DESK", outcome.output) for (at, _), outcome in outcomes.items()}
        assert len(told) == 1, f"{command}: {told}"
