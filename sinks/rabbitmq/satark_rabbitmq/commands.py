"""The command `satark rabbitmq`."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from satark.api import CarrierError, SettingProblem, Settings, SettingsError, command_host
from satark_rabbitmq.connection import BrokerConnection, RabbitMQ
from satark_rabbitmq.settings import NAME, RabbitMQSettings
from satark_rabbitmq.sink import copied_desks, remote_desks

T = TypeVar("T")


@click.group("rabbitmq")
def rabbitmq_group() -> None:
    """The broker that carries tips to remote offices."""


@rabbitmq_group.command()
@click.pass_context
def declare(ctx: click.Context) -> None:
    """Declare the queues of all offices and of the copies. Run it again after every `satark desk register`."""
    host = command_host(ctx)
    with host.open_services() as services:
        section = host.settings.section(NAME, RabbitMQSettings) or RabbitMQSettings()
        desks = services.desks()
        queues = remote_desks(desks), copied_desks(desks, section.copies)
    for queue in _connected(ctx, lambda connection: connection.declare(*queues)):
        click.echo(queue)


@rabbitmq_group.command()
@click.argument("queue")
@click.pass_context
def requeue(ctx: click.Context, queue: str) -> None:
    """Move the dead letters of QUEUE back into it, after the cause is fixed."""
    count = _connected(ctx, lambda connection: connection.requeue_dead_letters(queue))
    click.echo(f"{count} {'message' if count == 1 else 'messages'} moved back into {queue}")


def _connected(ctx: click.Context, work: Callable[[BrokerConnection], Awaitable[T]]) -> T:
    carrier, url = configured(command_host(ctx).settings)
    if not url:
        raise click.ClickException("no broker is configured: set SATARK_RABBITMQ__URL")

    async def run() -> T:
        async with carrier.connect(url) as connection:
            return await work(connection)

    try:
        return asyncio.run(run())
    except CarrierError as error:
        raise click.ClickException(f"broker: {error}") from None


def configured(settings: Settings) -> tuple[RabbitMQ, str]:
    """Return the carrier and the broker's URL; the URL is empty if no broker is configured.

    Raises:
        SettingsError: a setting is wrong, or the extra `rabbitmq` is not installed.
    """
    section = settings.section("rabbitmq", RabbitMQSettings) or RabbitMQSettings()
    try:
        from satark_rabbitmq.connection import RabbitMQ  # noqa: PLC0415 - aio-pika is an extra
    except ModuleNotFoundError:
        message = "needs the extra: pip install 'satark[rabbitmq]'"
        raise SettingsError([SettingProblem.of("rabbitmq.url", message)]) from None
    return RabbitMQ(section), section.url.get_secret_value()
