"""`satark deploy`: prints the files that run Satark on a server, for the current settings. Templates: `deployment/`."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import click
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from satark.runtime.command_host import settings_of
from satark.settings.settings import Settings

_TEMPLATES: Final = Path(__file__).parent / "deployment"
_SUFFIX: Final = ".jinja"
_UNIT: Final = "satark.service"
_ROLES: Final[dict[str, dict[str, str]]] = {
    "web": {"description": "the channels", "port": "8000", "metrics": "9464"},
    "worker": {"description": "replies, evidence and deliveries", "port": "8001", "metrics": "9465"},
    "desk": {"description": "the officers' pages", "port": "8002", "metrics": "9466"},
}
_OTHERS: Final = {path.name.removesuffix(_SUFFIX) for path in _TEMPLATES.glob(f"*{_SUFFIX}")} - {_UNIT}
NAMES: Final = tuple(sorted(_OTHERS | {f"satark-{role}.service" for role in _ROLES}))
"""Names of the files that can be printed."""


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1, type=click.Choice(NAMES))
@click.option("--into", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Write them into a folder.")
@click.option("--user", default="satark", show_default=True, help="The system user that runs Satark.")
@click.option("--desk-host", default="desk.example.org", show_default=True, help="Name of the officers' server.")
@click.option("--credential", default="", help="The edge key as `systemd-creds encrypt` wrote it, for the units.")
@click.option(
    "--backups", default="/var/backups/satark", show_default=True, help="Where backups go: a folder, or s3://…"
)
@click.option("--drill", default="", help="Passphrase file of the desk `probe`: each backup is followed by a drill.")
@click.pass_context
def deploy(ctx: click.Context, /, names: tuple[str, ...], into: Path | None, **options: str) -> None:
    """Print the files NAME of a deployment, for the settings in force; without NAME, list the names.

    systemd units, a timer for backups, nginx and Caddy, an onion service, Prometheus with alerts, a Grafana dashboard,
    logrotate, compose.
    Each begins with its place, but the dashboard, which Grafana imports. None of them logs anything of a citizen.
    """
    if not names:
        click.echo("\n".join(NAMES))
        return
    values = {**values_of(settings_of(ctx)), **options}
    for name in names:
        if into is None:
            click.echo(render(name, values), nl=False)
        else:
            (into / name).write_text(render(name, values), encoding="utf-8")


def values_of(settings: Settings) -> dict[str, str]:
    """Return the values of the settings and of this machine that the files contain."""
    return {
        "host": urlsplit(settings.core.public_url).hostname or "tips.example.org",
        "data_dir": str(settings.core.data_dir.resolve()),
        "config": str(settings.path.resolve() if settings.path else Path("/etc/satark/satark.toml")),
        "satark": shutil.which("satark") or "/opt/satark/bin/satark",
    }


def render(name: str, values: Mapping[str, str]) -> str:
    """Return the text of a file, with its variables replaced by these values."""
    role = name.removeprefix("satark-").removesuffix(".service")
    template, of_role = (_UNIT, {"role": role, **_ROLES[role]}) if role in _ROLES else (name, {})
    environment = Environment(  # noqa: S701 - it renders configuration, no HTML
        loader=FileSystemLoader(_TEMPLATES), undefined=StrictUndefined, keep_trailing_newline=True
    )
    return environment.get_template(f"{template}{_SUFFIX}").render({**values, **of_role})
