"""`satark geography`: checks a geography, and makes one from public lists."""

from collections.abc import Sequence
from pathlib import Path

import click

from satark.cli import counted
from satark.cli.flow import MEDIA
from satark.cli.public_lists import ListedDistrict, read_districts, read_stations, read_villages, write_districts
from satark.dialogue.flow.checks import check_flow
from satark.dialogue.flow.loader import default_flow, load_flow
from satark_files import atomic_files
from satark_words.geography.geography import Geography, GeographyError
from satark_words.reader import Reader

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def geography() -> None:
    """Check the districts and stations that are covered, or make them of public lists.

    docs/geography.md explains the file, and how to add a district.
    """


@geography.command()
@click.argument("file", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--places", type=_FILE, help="Names of places, one a line: say which share of them is found.")
def check(file: Path | None, places: Path | None = None) -> None:
    """Report every problem of FILE, a file or a folder of files, with its line.

    Without FILE, it is the geography that comes with Satark. The setting `geography` names yours.
    """
    try:
        found = Geography.load(file) if file else Geography.sample()
    except GeographyError as error:
        raise _failure(error) from None
    source = default_flow()
    if problems := check_flow(load_flow(source), source.catalogues, MEDIA, found):
        raise click.ClickException("\n".join(f"{problem}" for problem in problems))
    for district in found.districts:
        stations = district.stations
        unplaced = sum(one.position is None for one in stations)
        outposts = sum(len(one.outposts) for one in stations)
        notes = [counted(outposts, "outpost"), *([f"{unplaced} without coordinates"] if unplaced else [])]
        if not district.border and district.centre is None:
            notes.append("no border: a pin far from its stations is in no district")
        click.echo(f"{district.code}: {counted(len(stations), 'station')} ({', '.join(notes)})")
    click.echo("The geography has no problems.")
    if places:
        _say_coverage(found, places.read_text("utf-8").split("\n"))


def _say_coverage(geography: Geography, lines: Sequence[str]) -> None:
    """Say for how many names the district and the station are found, as a tipster's words would be read."""
    reader = Reader.shared(geography)
    found = {name: geography.resolve(reader.names(name)) for line in lines if (name := line.strip())}
    districts, stations = (sum(bool(one[at]) for one in found.values()) for at in (0, 1))
    click.echo(f"{counted(len(found), 'place')}: the district of {districts} is found, the station of {stations}.")
    if missing := [name for name, one in found.items() if not one.district]:
        click.echo(f"not found: {', '.join(missing)}")


@geography.command("import")
@click.option("--districts", required=True, type=_FILE, help="Table of districts from lgdirectory.gov.in (CSV).")
@click.option("--stations", type=_FILE, help="Table of police stations (CSV); docs/geography.md has its columns.")
@click.option("--villages", type=_FILE, help="Table of villages from lgdirectory.gov.in (CSV).")
@click.option("--only", multiple=True, required=True, help="A district to import: its name, LGD or census code.")
@click.option("--range", "range_", required=True, help="Code of the DIG's range that the districts belong to.")
@click.option("--language", default="hi", show_default=True, help="Language of the table's local names.")
@click.option("--to", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for the files.")
def import_(
    *,
    districts: Path,
    stations: Path | None,
    villages: Path | None,
    only: Sequence[str],
    range_: str,
    language: str,
    to: Path,
) -> None:
    """Write a file for each district that is named, and check all files in the folder.

    Existing files are left as they are.
    """
    try:
        chosen = _chosen(read_districts(districts.read_text("utf-8"), str(districts), language), only)
        table = read_stations(stations.read_text("utf-8"), str(stations)) if stations else []
        names = read_villages(villages.read_text("utf-8"), str(villages)) if villages else {}
        files = dict(write_districts(chosen, range_, table, str(stations), names))
    except GeographyError as error:
        raise _failure(error) from None
    except UnicodeDecodeError:
        raise click.ClickException("a table is not in UTF-8: save it as CSV UTF-8") from None
    to.mkdir(parents=True, exist_ok=True)
    for code, text in files.items():
        _write(to / f"{code}.yaml", text)
    check.callback(to)  # type: ignore[misc] # click sets it


def _chosen(listed: Sequence[ListedDistrict], only: Sequence[str]) -> list[ListedDistrict]:
    found: list[ListedDistrict] = []
    for name in only:
        called = [one for one in listed if one.is_called(name)]
        if len(called) != 1:
            which = ", ".join(f"{one.lgd} ({one.names['en']}, {one.state})" for one in called)
            hint = f"give one of the LGD codes {which}" if called else "look its name up in the table"
            raise click.ClickException(f"{counted(len(called), 'district')} of the table: {name!r}; {hint}")
        found += called
    return found


def _write(path: Path, text: str) -> None:
    if path.exists():
        click.echo(f"{path} is there already and stays as it is")
        return
    atomic_files.replace(path, [text.encode()])
    click.echo(f"wrote {path}")


def _failure(error: GeographyError) -> click.ClickException:
    return click.ClickException(
        f"{error}\n{counted(len(error.problems), 'problem')}; docs/geography.md explains the file"
    )
