"""Tells the operators of each fault and of its end, and that a process works. It needs no database."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from typing import Final

import aiohttp
import msgspec

from satark.api.egress import egress_connector
from satark.api.observability import log
from satark.api.routing import Destination
from satark.api.sink import Delivery, Done, Sink
from satark.settings.core import Core, Role
from satark.telemetry.faults import Fault, Faults
from satark_files import atomic_files
from satark_files.decoding import DECODING_ERRORS

ALARMS_EVERY = 5.0
"""Seconds between two looks for what the operators were not told yet."""
HEARTBEAT_EVERY = 30.0
"""Seconds between two heartbeats."""
ALARM_TIMEOUT = 60.0
"""Seconds that one alarm, or one heartbeat, may take to be delivered."""
SETTLED = 150.0
"""Seconds from the start after which a process has looked for every fault of which an earlier process told."""
_BY_WORKER: Final = ("backup", "certificate", "losses", "queues", "roster", "waits")
"""Groups of faults that every process finds alike. Others than workers report rows that wait for a worker."""
_COUNTED: Final = frozenset({"dead_letters"})
"""Faults that are reported again if their number changes: each dead letter is a tip that reached nobody."""
_BY_URL: Final = "alarm_url"


class Alarms:
    """Tells the operators of each fault and of its end, through sinks of its own, without a database.

    A file in the data folder stores the reported faults across restarts. Faults that every process finds in the
    databases are reported by processes with the role worker.
    """

    def __init__(
        self, faults: Faults, core: Core, make_sinks: Callable[[], Iterable[Sink]], roles: Collection[Role]
    ) -> None:
        self._faults, self._make_sinks, self._roles = faults, make_sinks, roles
        self._url, self._heartbeat = core.alarm_url, core.heartbeat_url
        self._file = core.data_dir / f"alarms.{'-'.join(sorted(roles))}"
        before: dict[str, dict[str, str]] = {}
        with suppress(OSError, *DECODING_ERRORS):
            before = msgspec.json.decode(self._file.read_bytes(), type=dict[str, dict[str, str]])
        to = (*core.alarm_to, *([_BY_URL] if core.alarm_url else []))
        self._told = {one: before.get(one, {}) for one in to}
        """Destination → code of each reported fault whose end was not reported yet."""
        self._before = frozenset(code for told in before.values() for code in told)
        self._settled = time.monotonic() + SETTLED

    async def run(self) -> None:
        """Tell until cancelled; call the dead-man's switch while nothing keeps this process from taking messages."""
        beat_due = time.monotonic() + ALARMS_EVERY
        while True:
            await self.tell_once()
            await asyncio.sleep(ALARMS_EVERY)
            if self._heartbeat and time.monotonic() >= beat_due:
                beat_due = time.monotonic() + HEARTBEAT_EVERY
                if not any(fault.stops for fault in self._faults.current):
                    await _call(self._heartbeat)

    async def tell_once(self) -> None:
        """Report new faults and ends to each destination. A report that can't be delivered is repeated next time."""
        found = {one.code: str(one) for one in self._faults.current if self._tells(one)}
        early = self._before if time.monotonic() < self._settled else frozenset()  # these may not be over
        for destination, told in self._told.items():
            now = {code: text for code, text in told.items() if code in early} | found
            news = (code for code in found if code not in told or (code in _COUNTED and told[code] != found[code]))
            lines = [f"{code}: {found[code]}" for code in news]
            lines += [f"{code} is over" for code in sorted(told.keys() - now)]
            if lines and await self._deliver(destination, "\n".join(lines)):
                self._told[destination] = now
                with suppress(OSError):
                    atomic_files.replace(self._file, [msgspec.json.encode(self._told)])

    def _tells(self, fault: Fault) -> bool:
        is_everybodys = any(fault.code in self._faults.groups.get(one, ()) for one in _BY_WORKER)
        return "worker" in self._roles or not is_everybodys or fault.code.endswith("_wait")

    async def _deliver(self, to: str, text: str) -> bool:
        if to == _BY_URL:
            return await _call(self._url, {"text": text})
        key, name = f"alarm:{time.time_ns()}", Destination(to)
        delivery = Delivery(
            idempotency_key=key, tip=key, destination=name, desk="", revision=1, attempt=1, envelope=b"", document=b"",
            alarm=text,
        )  # fmt: skip
        try:
            sink = next(one for one in self._make_sinks() if one.name == name.sink)
            async with asyncio.timeout(ALARM_TIMEOUT):
                with suppress(Exception):  # what it opens may need the database that is down
                    await sink.open()
                try:
                    return isinstance(await sink.deliver(delivery), Done)
                finally:
                    await sink.close()
        except Exception as error:  # noqa: BLE001 - whatever a sink raises, it is told again
            log.error("an alarm could not be delivered", sink=name.sink, error=type(error).__name__)
            return False


async def _call(url: str, body: object = None) -> bool:
    """Call an address of the operator's, with or without a body; return whether the call was accepted."""
    timeout = aiohttp.ClientTimeout(total=ALARM_TIMEOUT)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False, connector=egress_connector()) as session,
            session.request("POST" if body else "GET", url, json=body, allow_redirects=False) as answer,
        ):
            return answer.status < 300  # noqa: PLR2004 - HTTP: success
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        log.error("an address of the operator's does not answer", error=type(error).__name__)
        return False
