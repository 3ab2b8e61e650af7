"""A host with the web form and the desks of a demo, served within a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from satark.casework.errors import NoSuchTip
from satark.runtime.app import build_app
from satark.runtime.host import Host
from satark.settings.settings import Settings
from satark_testing.processes.serving import serve
from satark_testing.waiting import limit
from satark_words.languages import OFFERED

if TYPE_CHECKING:
    from satark.casework import Casework
    from satark.casework.opened_tip import OpenTip


class FormService(NamedTuple):
    """The running service."""

    url: str
    host: Host
    folder: Path
    desks: Mapping[str, Casework]

    async def tip(self, number: str, desk: str = "sp") -> OpenTip:
        """Open a tip at a desk once it has arrived with all its files.

        Raises:
            TimeoutError: the tip does not arrive.
        """
        async with limit():
            while True:
                with suppress(NoSuchTip):
                    opened = await asyncio.to_thread(self.desks[desk].open, number)
                    if not opened.pending:
                        return opened
                await asyncio.sleep(0.1)

    async def numbers(self, desk: str = "sp") -> set[str]:
        """The numbers of all tips that a desk has now."""
        return {line.header.number for line in await asyncio.to_thread(self.desks[desk].summaries)}


@asynccontextmanager
async def form_service(
    folder: Path, section: Mapping[str, object], languages: Sequence[str] = OFFERED
) -> AsyncIterator[FormService]:
    """Serve the web form. `section` holds the form's settings; by default they come from the environment."""
    plugins, stand_ins = ("web_form", "desk"), {"web_form": section}
    host = Host(Settings(data_dir=folder, plugins=plugins, stand_ins=stand_ins, languages=tuple(languages)))
    prepared = await asyncio.to_thread(host.plugins.demo, host.settings, host.services, folder)
    desks = {one.casework.desk: one.casework for one in prepared if one.casework}
    async with serve(build_app(host)) as url:
        yield FormService(url, host, folder, desks)
