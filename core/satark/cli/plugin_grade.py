"""`satark plugin grade`: runs a plugin's tests, and writes or checks its `quality.yaml`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import click
import msgspec

from satark_files.decoding import DECODING_ERRORS

if TYPE_CHECKING:
    from satark_testing.contracts.quality import Quality

_FILE: Final = "quality.yaml"
_HEAD: Final = "# Written by `satark plugin grade`; only the reasons under `exempt` are written by hand.\n"


@click.command("grade")
@click.argument("folder", default=Path(), type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--tests", type=click.Path(exists=True, path_type=Path), help="The plugin's tests.  [default: FOLDER/tests]"
)
@click.option("--check", is_flag=True, help="Write nothing; fail if quality.yaml says anything else.")
def plugin_grade(folder: Path, tests: Path | None, *, check: bool) -> None:
    """Grade the plugin in FOLDER by the rules that its tests show to be kept.

    The grade, bronze to platinum, stands in quality.yaml. Give a reason under `exempt` for each rule that means nothing
    for your medium.
    """
    from satark_testing.contracts.quality import grade_of  # noqa: PLC0415 - only this command needs the kit

    (package,) = _packages(folder)
    found = grade_of(_kept(tests or folder / "tests", package), _exempt(folder / _FILE))
    written = _HEAD + msgspec.yaml.encode(_in_lines(found)).decode()
    click.echo(f"{package.name}: {found.grade}, {len(found.kept)} rules kept, {len(found.exempt)} exempt")
    _show_lacking(found.lacking)
    if not check:
        (folder / _FILE).write_text(written, "utf-8")
    elif not (folder / _FILE).is_file() or (folder / _FILE).read_text("utf-8") != written:
        raise click.ClickException(f"{folder / _FILE} says something else: run `satark plugin grade {folder}`")


def _show_lacking(rules: Sequence[str]) -> None:
    from satark_testing.contracts.rules import RULES  # noqa: PLC0415 - as above

    if rules:
        click.echo(f"Not kept or not tried; one that means nothing here needs a reason under `exempt` in {_FILE}:")
    for rule in rules:
        click.echo(f"  {rule} {RULES[rule].grade:8} {RULES[rule].title}")


def _packages(folder: Path) -> list[Path]:
    found = [path.parent for path in folder.glob("*/__init__.py") if path.parent.name != "tests"]
    if len(found) != 1:
        raise click.ClickException(f"{folder} holds {len(found)} packages; a plugin is one")
    return found


def _kept(tests: Path, package: Path) -> tuple[str, ...]:
    """Run the tests and look at the project; return the rules that are kept."""
    from satark_testing.contracts.project import PROJECT_CHECKS  # noqa: PLC0415 - as above
    from satark_testing.contracts.quality import RECORD, read_record  # noqa: PLC0415 - as above

    with TemporaryDirectory() as folder:
        record = Path(folder, "record")
        _run_tests(tests, {RECORD: str(record)})
        kept = [*read_record(record)]
    for rule, check in PROJECT_CHECKS.items():
        try:
            check(package)
        except AssertionError as broken:
            click.echo(str(broken), err=True)
        else:
            kept.append(rule)
    return tuple(kept)


def _run_tests(tests: Path, record: Mapping[str, str]) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests)]
    done = subprocess.run(  # noqa: S603 - the plugin's own tests
        command, env={**os.environ, **record}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        click.echo(done.stdout, err=True)
        raise click.ClickException(f"the tests in {tests} fail")


def _exempt(file: Path) -> Mapping[str, str]:
    """Return the exemptions that are written already.

    Raises:
        click.ClickException: one has no reason, or names no rule.
    """
    from satark_testing.contracts.quality import Quality  # noqa: PLC0415 - as above
    from satark_testing.contracts.rules import RULES  # noqa: PLC0415 - as above

    if not file.is_file():
        return {}
    try:
        exempt = msgspec.yaml.decode(file.read_bytes(), type=Quality).exempt
    except DECODING_ERRORS as error:
        raise click.ClickException(f"{file} can't be read: {error}") from None
    if wrong := [rule for rule, reason in exempt.items() if rule not in RULES or not reason.strip()]:
        raise click.ClickException(f"{file}: the exemption {wrong[0]!r} names no rule or has no reason")
    return exempt


def _in_lines(quality: Quality) -> dict[str, object]:
    """Return what is written: long lists as one line each."""
    return {
        "grade": quality.grade,
        "kept": list(quality.kept),
        "lacking": list(quality.lacking),
        "exempt": dict(sorted(quality.exempt.items())),
    }
