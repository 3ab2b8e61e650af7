"""`satark probe`: sends a synthetic tip along the whole path to its own desk. A timer runs it every few minutes."""

import asyncio

import click

from satark.cli.check_machine import peer_problems
from satark.runtime import compose
from satark.runtime.command_host import open_services, plugins_of, settings_of
from satark.runtime.synthetic_tip import ProbeFailed, send_synthetic_tip
from satark.store.writer import StoreDown


@click.command("probe")
@click.option("--seconds", default=60.0, show_default=True, help="How long the worker may take to deliver it.")
@click.pass_context
def probe_command(ctx: click.Context, seconds: float) -> None:
    """Send a synthetic tip through the path that every tip takes, and erase it; exit with 1 if it is lost.

    It says where the tip was lost. It needs a desk of its own, which gets nothing else: `satark desk add probe --level
    outpost`. Providers are asked for the state of token and number, but no message goes through them. So now and then
    send a message from a phone of your own on each channel.
    """
    with open_services(ctx) as services:
        channels = compose.load_channels(settings_of(ctx), plugins_of(ctx))
        try:
            found = asyncio.run(send_synthetic_tip(settings_of(ctx), plugins_of(ctx), services, seconds))
        except (ProbeFailed, StoreDown) as error:
            raise click.ClickException(f"the synthetic tip was lost: {error}") from None
    for problem in (problems := peer_problems(channels)):
        click.echo(f"the provider's half: {problem.setting}: {problem.message}", err=True)
    click.echo(f"acknowledged after {found.acknowledged:.1f} s, delivered after {found.delivered:.1f} s, and erased")
    if problems:
        raise click.exceptions.Exit(1)
