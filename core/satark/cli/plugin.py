"""`satark plugin`: creates a project with a working, tested plugin.

The templates are in `scaffold/`: a folder for each kind of plugin, and `both/`.
"""

import keyword
import re
from pathlib import Path

import click
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from satark.cli.command_table import CommandTable
from satark.plugins.loader import installed
from satark.settings.core import Core
from satark.settings.settings import Settings

_SCAFFOLD = Path(__file__).parent / "scaffold"
_SUFFIX = ".jinja"
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_KINDS = {
    "channel": "channel",
    "sink": "sink",
    "provider": "provider",
    "call-provider": "provider of calls",
    "screen": "screen",
    "scrubber": "scrubber",
    "step": "step type",
}
"""Kind of plugin that can be created → its name in messages."""
_CONFIGURED = frozenset({"channel", "sink", "provider", "call-provider"})
"""The kinds of plugins that have settings."""
_RESERVED = _KINDS.keys() | {"core", "none", "plugin", "satark", "test", "testing", "tests"}
"""Names that Python, pytest or Satark use for something else. The names of the core's settings are reserved too."""
_NAME_LENGTH = 30
"""Most characters of a plugin's name, which is the limit in `[[destination]]`."""


@click.group(commands=CommandTable(["rules"]))
def plugin() -> None:
    """Create a plugin, and show the rules that it must keep."""


@plugin.command()
@click.argument("kind", type=click.Choice(list(_KINDS)))
@click.argument("name")
@click.option("--folder", type=click.Path(path_type=Path), help="Folder to create.  [default: satark-NAME]")
def new(kind: str, name: str, folder: Path | None) -> None:
    """Create a project with a new plugin that works and has tests.

    A channel receives tips from a medium; a sink delivers them to a destination; a provider carries text messages, a
    call-provider phone calls; a screen gives a tip a priority or a flag; a scrubber cleans files of a type; a step is a
    new type of question. NAME is the plugin's name in the setting `plugins`: lowercase letters, digits and single
    underscores.
    """
    _check(name)
    folder = folder or Path(project_of(name))
    if folder.exists():
        raise click.ClickException(f"{folder} exists already: choose another folder with --folder")
    written = write_project(kind, name, folder)
    _print_next_steps(kind, name, folder, written)


def _check(name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > _NAME_LENGTH:
        rule = (
            f"use lowercase letters, digits and single underscores, a letter first, at most {_NAME_LENGTH} characters"
        )
        raise click.ClickException(f"{name!r} can't be the name of a plugin: {rule}")
    if keyword.iskeyword(name) or keyword.issoftkeyword(name) or name in _RESERVED or name in Core.model_fields:
        reason = "it has a meaning of its own; choose the name of the medium or destination"
        raise click.ClickException(f"{name!r} can't be the name of a plugin: {reason}")
    if name in installed():
        raise click.ClickException(f"a plugin {name!r} is installed already: `satark plugins` lists all")


def project_of(name: str) -> str:
    return f"satark-{name.replace('_', '-')}"


def write_project(kind: str, name: str, folder: Path) -> list[Path]:
    """Write every file of a project, and return their paths inside the project.

    Raises:
        OSError: a file can't be written.
    """
    variables = {
        "kind": _KINDS[kind],
        "name": name,
        "env": name.upper(),
        "title": "".join(part.capitalize() for part in name.split("_")),
        "project": project_of(name),
        "package": f"satark_{name}",
    }
    files = {
        Path(*(variables.get(part, part) for part in template.relative_to(root).with_suffix("").parts)): template
        for root in (_SCAFFOLD / "both", _SCAFFOLD / kind)
        for template in root.rglob(f"*{_SUFFIX}")
    }
    environment = Environment(  # noqa: S701 - it renders code and Markdown, no HTML
        loader=FileSystemLoader(_SCAFFOLD), undefined=StrictUndefined, keep_trailing_newline=True
    )
    for path, template in files.items():
        text = environment.get_template(template.relative_to(_SCAFFOLD).as_posix()).render(variables)
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return sorted(files)


def _print_next_steps(kind: str, name: str, folder: Path, written: list[Path]) -> None:
    section = f", with the section [{name}] as README.md shows it" if kind in _CONFIGURED else ""
    for path in written:
        click.echo(folder / path)
    click.echo(f"""
Next:
  cd {folder}
  pip install -e . pytest
  pytest
Then add "{name}" to `plugins` in satark.toml{section};
`satark check` reports what is missing.""")


@click.command()
def plugins() -> None:
    """List the installed plugins, and which are loaded.

    The setting `plugins` names those that are loaded.
    """
    loaded = set(Settings().core.plugins)
    for name in installed():
        click.echo(f"{name:<20} {'loaded' if name in loaded else 'installed, not loaded'}")
    for name in sorted(loaded - set(installed())):
        click.echo(f"{name:<20} named in the setting `plugins`, but not installed", err=True)
