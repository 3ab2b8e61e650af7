"""One worker: a courier with the sinks of the settings, until it is killed. `python -m satark_torture.worker`."""

from __future__ import annotations

import asyncio
import logging

import structlog

from satark import assembly
from satark.delivery import Courier
from satark.observability import Metrics
from satark.settings import Settings
from satark.store.writer import Writer


async def work() -> None:
    """Deliver until the process ends."""
    settings = Settings()
    plugins = assembly.load_plugins(settings)
    forwards = assembly.load_forwards(settings, plugins)
    services = assembly.load_services(settings, assembly.load_geography(settings), forwards)
    writer = Writer(services.main, services.keys)
    writer.start()
    services.writer = writer
    courier = Courier(
        sinks=assembly.load_sinks(settings, plugins, services),
        writer=writer,
        services=services,
        metrics=Metrics(),
        settings=settings.core,
        happened=lambda _: None,
    )
    await courier.open()
    await courier.run()


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    asyncio.run(work())
