"""`satark flow versions` and `restore`: list the questionnaires that a service has served, and restore one."""

from __future__ import annotations

import json
from pathlib import Path

import click
import msgspec

from satark.cli import counted
from satark.dialogue.flow.builder import rebuild_flow
from satark.dialogue.flow.definition import Flow, FlowError
from satark.runtime.commands import open_services, plugins_of
from satark.store.flows import stored_flows

_SHOWN = 12
"""Number of characters of a hash that are shown, enough to identify it."""


@click.command("versions")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def flow_versions(ctx: click.Context, *, as_json: bool) -> None:
    """List the questionnaires that this service has served, by the beginning of their hash.

    `satark flow show FILE` prints the hash of a file.
    """
    for hash_, canonical in _stored(ctx).items():
        document = json.loads(canonical)
        name, steps = document.get("name", ""), len(document["steps"])
        if as_json:
            click.echo(json.dumps({"hash": hash_, "name": name, "steps": steps}, ensure_ascii=False))
        else:
            click.echo(f"{hash_[:_SHOWN]}  {name}  {counted(steps, 'step')}")


@click.command("restore")
@click.argument("version")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_context
def flow_restore(ctx: click.Context, version: str, file: Path) -> None:
    """Write the questionnaire whose hash begins with VERSION into FILE, to go back to it.

    Its structure is stored, not its texts: FILE needs them in `texts` beside it.
    """
    if file.exists():
        raise click.ClickException(f"{file} exists already: choose another file")
    found = [canonical for hash_, canonical in _stored(ctx).items() if hash_.startswith(version)]
    if len(found) != 1:
        said = "no questionnaire" if not found else "more than one questionnaire"
        raise click.ClickException(f"{said} begins with {version!r}: `satark flow versions` lists them")
    restored = _rebuilt(ctx, found[0])
    set_ = {name: value for name, value in json.loads(restored.canonical).items() if value}
    try:
        file.write_bytes(f"# Restored: {restored.hash}\n".encode() + msgspec.yaml.encode(set_))
    except OSError as error:
        raise click.ClickException(f"{file} can't be written ({error.strerror})") from None
    click.echo(f"{file} is {restored.name} as it was served. Next:\n  satark flow check {file}")
    click.echo(f'Then set `flow = "{file}"` and start Satark anew: sessions under way go on as they began.')


def _stored(ctx: click.Context) -> dict[str, bytes]:
    with open_services(ctx) as services:
        return services.read(stored_flows)


def _rebuilt(ctx: click.Context, canonical: bytes) -> Flow:
    plugins = plugins_of(ctx)
    try:
        return rebuild_flow(canonical, plugins.step_types(), plugins.validators())
    except FlowError as error:
        raise click.ClickException(f"it can't be built any more: {error}") from None
