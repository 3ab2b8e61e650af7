"""The plugin `rabbitmq`: carries sealed tips to remote offices, and their answers back, over an untrusted broker."""

from collections.abc import Sequence

import click

from satark.api import (
    Carrier,
    CoveredRule,
    Destination,
    DestinationRule,
    Prepared,
    Settings,
    Sink,
    WorkerContext,
    hookimpl,
)
from satark_rabbitmq.commands import configured
from satark_rabbitmq.settings import NAME, RabbitMQSettings


@hookimpl
def satark_carriers(settings: Settings) -> Sequence[Carrier]:
    """Hand over the carrier for `amqp` and `amqps`."""
    return [configured(settings)[0]]


@hookimpl
def satark_destinations(settings: Settings) -> Sequence[DestinationRule]:
    """Hand over a destination for the copies of each desk in `copies`.

    For a desk in a remote office, the same destination is the route to the office.
    """
    section = _section(settings)
    if section is None:
        return []
    return [CoveredRule(to=Destination.of(NAME, desk), desk=desk) for desk in section.copies]


@hookimpl
def satark_demo(settings: Settings) -> Sequence[Prepared]:
    """Say which queues the demo publishes to, if a broker is configured."""
    section = _section(settings)
    if section is None:
        return []
    queues = ", ".join(f"{section.prefix}{desk}" for desk in section.copies) or "none"
    return [Prepared(line=f"broker: a sealed copy of each tip goes to the queue of its desk: {queues}")]


@hookimpl
def satark_sinks(settings: Settings, context: WorkerContext) -> Sequence[Sink]:
    """Hand over the sink `rabbitmq`, if a broker is configured."""
    section = _section(settings)
    if section is None:
        return []
    carrier, url = configured(settings)
    carrier.check(url)
    from satark_rabbitmq.sink import RabbitMQSink  # noqa: PLC0415 - aio-pika is an extra

    copies = tuple(section.copies)
    return [RabbitMQSink(context, carrier, url, context.office_link(settings.link_key_file, copies), copies)]


@hookimpl
def satark_commands(cli: click.Group) -> None:
    from satark_rabbitmq.commands import rabbitmq_group  # noqa: PLC0415 - servers never need the commands

    cli.add_command(rabbitmq_group)


def _section(settings: Settings) -> RabbitMQSettings | None:
    section = settings.section(NAME, RabbitMQSettings)
    return section if section is not None and section.url.get_secret_value() else None
