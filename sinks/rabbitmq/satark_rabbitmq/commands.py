"""The command `satark rabbitmq`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import click

from satark.carrier import NotCarried
from satark.commands import open_services, settings_of
from satark.office import desks_via
from satark_rabbitmq.plugin import configured
from satark_rabbitmq.settings import NAME, RabbitMQSettings
from satark_rabbitmq.sink import copied

if TYPE_CHECKING:
    from satark_rabbitmq.line import BrokerConnection

T = TypeVar("T")


@click.group("rabbitmq")
def rabbitmq_group() -> None:
    """The broker that carries tips to offices of their own."""


@rabbitmq_group.command()
@click.pass_context
def declare(ctx: click.Context) -> None:
    """Declare the queues of all offices and of the copies. Again after every `satark desk register`."""
    with open_services(ctx) as services:
        section = settings_of(ctx).section(NAME, RabbitMQSettings) or RabbitMQSettings()
        desks, copies = services.read(lambda c: (desks_via(c, NAME), copied(c, section.copies)))
    for queue in _on_line(ctx, lambda line: line.declare(desks, copies)):
        click.echo(queue)


@rabbitmq_group.command()
@click.argument("queue")
@click.pass_context
def revive(ctx: click.Context, queue: str) -> None:
    """Put the dead letters of QUEUE back into it, when what they died of is mended."""
    click.echo(f"{_on_line(ctx, lambda line: line.revive(queue))} put back into {queue}")


def _on_line(ctx: click.Context, work: Callable[[BrokerConnection], Awaitable[T]]) -> T:
    carrier, url = configured(settings_of(ctx))
    if not url:
        raise click.ClickException("no broker is configured: set SATARK_RABBITMQ__URL")

    async def run() -> T:
        async with carrier.line(url) as line:
            return await work(line)

    try:
        return asyncio.run(run())
    except NotCarried as error:
        raise click.ClickException(f"the broker: {error}") from None
