"""`satark plugin new`: the project of a new plugin, that works and is tested from the first minute.

What it is made of lies in `scaffold/`: a folder for each kind, and `both/`.
"""

from __future__ import annotations

import re
from pathlib import Path

import click
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from satark.plugins.loader import installed

_SCAFFOLD = Path(__file__).parent / "scaffold"
_SUFFIX = ".jinja"
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST = 30
"""Most characters of a name: `[[destination]]` takes no longer one."""


@click.group()
def plugin() -> None:
    """Write a plugin of your own."""


@plugin.command()
@click.argument("kind", type=click.Choice(["channel", "sink"]))
@click.argument("name")
@click.option("--folder", type=click.Path(path_type=Path), help="Folder to make.  [default: satark-NAME]")
def new(kind: str, name: str, folder: Path | None) -> None:
    """Make the project of a new plugin that works and is tested.

    A channel brings tips from a medium; a sink takes them to a destination. NAME is what `plugins` in the settings
    will say: small letters, digits and single underscores.
    """
    _check(name)
    project = f"satark-{name.replace('_', '-')}"
    folder = folder or Path(project)
    if folder.exists():
        raise click.ClickException(f"{folder} is there already: choose another with --folder")
    try:
        written = _write(kind, name, project, folder)
    except OSError as error:
        raise click.ClickException(f"{folder} can't be made ({error.strerror})") from None
    _tell(name, folder, written)


def _check(name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        rule = f"small letters, digits and single underscores, a letter first, {_LONGEST} characters at most"
        raise click.ClickException(f"{name!r} can't be a plugin's name: {rule}")
    if name in installed():
        raise click.ClickException(f"a plugin {name!r} is installed already: `satark plugins` lists them")


def _write(kind: str, name: str, project: str, folder: Path) -> list[Path]:
    """Write every file of a project; give their paths within it."""
    words = {
        "kind": kind,
        "name": name,
        "env": name.upper(),
        "title": "".join(part.capitalize() for part in name.split("_")),
        "project": project,
        "package": f"satark_{name}",
    }
    files = {
        Path(*(words.get(part, part) for part in template.relative_to(root).with_suffix("").parts)): template
        for root in (_SCAFFOLD / "both", _SCAFFOLD / kind)
        for template in root.rglob(f"*{_SUFFIX}")
    }
    environment = Environment(  # noqa: S701 - code and Markdown are written, no page
        loader=FileSystemLoader(_SCAFFOLD), undefined=StrictUndefined, keep_trailing_newline=True
    )
    for path, template in files.items():
        text = environment.get_template(template.relative_to(_SCAFFOLD).as_posix()).render(words)
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return sorted(files)


def _tell(name: str, folder: Path, written: list[Path]) -> None:
    for path in written:
        click.echo(folder / path)
    click.echo(f"""
Next:
  cd {folder}
  pip install -e . pytest
  pytest
Then name "{name}" among the plugins in satark.toml, with the section [{name}] that README.md shows;
`satark check` says what is missing.""")
