"""`satark flow new`: a small questionnaire of one's own, with its texts in English and Hindi, that works as it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import click

_SCAFFOLD: Final = Path(__file__).parent / "scaffold" / "flow"
_SUFFIX: Final = ".template"
_is_name = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*").fullmatch


@click.command("new")
@click.argument("name")
@click.option("--folder", type=click.Path(path_type=Path), help="Folder to create.  [default: NAME]")
def flow_new(name: str, folder: Path | None) -> None:
    """Create a folder with the questionnaire NAME and its texts, to be changed."""
    if not _is_name(name):
        raise click.ClickException(
            f"{name!r} can't be the name of a questionnaire: use lowercase letters, digits and _"
        )
    folder = folder or Path(name)
    if folder.exists():
        raise click.ClickException(f"{folder} exists already: choose another folder with --folder")
    try:
        for template in sorted(_SCAFFOLD.rglob(f"*{_SUFFIX}")):
            path = folder / template.relative_to(_SCAFFOLD).with_suffix("")
            path = path.with_stem(name) if path.stem == "flow" else path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(template.read_text(encoding="utf-8").replace("NAME", name), encoding="utf-8")
            click.echo(path)
    except OSError as error:
        raise click.ClickException(f"{folder} can't be created ({error.strerror})") from None
    click.echo(f"""
Next:
  satark flow check {folder / name}.yaml
  satark flow preview {folder / name}.yaml
Then set `flow = "{(folder / name).resolve()}.yaml"` in satark.toml.""")
