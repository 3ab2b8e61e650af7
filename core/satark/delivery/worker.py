"""Delivery worker: attempts each delivery (tip, destination, revision) until it is done or a dead letter.

A process claims only as many deliveries for a destination as it can begin at once, so that a destination that hangs
neither keeps many rows claimed nor delays another. While a destination's breaker is open, only trial deliveries go
there; the others use up no attempts.

If a breaker opened too easily, one tip that always fails would delay the others; if it never opened, it would keep
calling a dead host. So a breaker opens when a sink says that the destination is down, or when several tips failed.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import BindParameter, bindparam, select

from satark.api.background import backoff, keep_running, wait_for
from satark.api.observability import LifecycleEvent, log
from satark.api.routing import HERE, CoveredRule, Destination
from satark.api.sink import DeadLetter, Delivery, DeliveryResult, Done, Retry, SealedFile, SealedMessage, Sink
from satark.delivery.destination_limits import TRIALS, CircuitBreaker
from satark.services import Services
from satark.settings.core import Core
from satark.store import breakers, envelopes, evidence_files
from satark.store import deliveries as store
from satark.store.breakers import OpenBreaker
from satark.store.delivery_marks import ALTERED, kind_of
from satark.store.evidence_files import ordinal_order
from satark.store.sealed_files import SealedForm, StoredForm, stored_form
from satark.store.tables import file, message, tip
from satark.store.unit_of_work import UnitOfWork
from satark.store.writer import StoreDown, WriteBatcher, Writer
from satark.telemetry.metrics import Metrics
from satark_files.file_store import FileStore


def load_deliveries(unit: UnitOfWork, rows: Sequence[Any], services: Services) -> list[tuple[bytes, Delivery]]:
    """Load the deliveries of these claimed rows. Return pairs of a row's id and its delivery."""
    tips = sorted({row.tip for row in rows})
    documents = {row.id: row.document for row in unit.main.execute(_DOCUMENTS, {"tips": tips})}
    away = [row for row in rows if row.destination != HERE]  # each desk here reads the rest in this store itself
    tips_away = sorted({row.tip for row in away})
    sealed_files, messages = _files(unit, tips_away, services.evidence), _messages(unit, tips_away)
    offices = {rule.to: rule.desk for rule in services.destination_rules}
    reading = {rule.to for rule in services.destination_rules if rule.recipient}
    names = {to: to if to in reading else _desk(to, offices) for to in (row.destination for row in away)}
    holders = {(row.tip, names[row.destination]) for row in away}
    found = envelopes.find_many(unit.keys, holders) if holders else {}
    loaded = []
    for row in rows:
        desk = _desk(row.destination, offices)
        loaded.append(
            Delivery(
                idempotency_key=row.id.hex(),
                tip=row.tip,
                destination=row.destination,
                desk=desk,
                revision=row.revision,
                attempt=row.attempts + 1,
                last_reason=row.reason,
                envelope=found.get((row.tip, names.get(row.destination, "")), b""),
                document=documents.get(row.tip, b""),
                files=tuple(sealed_files[row.tip]),
                messages=tuple(messages[row.tip]),
            )
        )
    return [(row.id, one) for row, one in zip(rows, loaded, strict=True)]


def _desk(destination: str, offices: Mapping[str, str]) -> str:
    return offices.get(destination, Destination(destination).name)


def _files(unit: UnitOfWork, tips: Collection[str], evidence: FileStore) -> dict[str, list[SealedFile]]:
    found: dict[str, list[SealedFile]] = defaultdict(list)
    rows = unit.main.execute(_FILES, {"tips": tips}) if tips else ()
    for row in sorted(rows, key=lambda row: ordinal_order(row.ordinal)):
        name = evidence_files.name(row.tip, row.ordinal)
        is_here = row.state == "sealed"
        original, clean, muted = (stored_form(evidence, name, form) if is_here else None for form in _SENT)
        found[row.tip].append(
            SealedFile(
                ordinal=row.ordinal,
                state=row.state,
                record=row.record,
                original=original,
                clean=clean,
                muted=muted,
            )
        )
    return found


def _without_missing_copies(file: SealedFile) -> SealedFile:
    """Return a file without the copies that it does not have. Asks the store: not in a transaction."""
    copies = {"clean": file.clean, "muted": file.muted}
    gone = {name: None for name, copy in copies.items() if isinstance(copy, StoredForm) and not copy.exists()}
    return msgspec.structs.replace(file, **gone)


def _messages(unit: UnitOfWork, tips: Collection[str]) -> dict[str, list[SealedMessage]]:
    found: dict[str, list[SealedMessage]] = defaultdict(list)
    for row in unit.main.execute(_MESSAGES, {"tips": tips}) if tips else ():
        found[row.tip].append(SealedMessage(row.seq, row.sealed))
    return found


_SENT: Final[tuple[SealedForm, ...]] = ("original", "clean", "muted")
_TIPS: BindParameter[Any] = bindparam("tips", expanding=True)
_DOCUMENTS = select(tip.c.id, tip.c.document).where(tip.c.id.in_(_TIPS))
_FILES = select(file.c.tip, file.c.ordinal, file.c.state, file.c.record).where(file.c.tip.in_(_TIPS))
_MESSAGES = (
    select(message.c.tip, message.c.seq, message.c.sealed)
    .where(message.c.tip.in_(_TIPS), message.c.seq > 0)
    .order_by(message.c.seq)
)

AT_ONCE = 8
"""Most deliveries under way at once to a destination without a `[[destination]]`, such as a desk elsewhere."""
AT_ONCE_HERE = 64
"""Most deliveries under way at once to the desks of this host. Their sink writes deliveries together."""
LONGEST_WAIT = 3600.0
"""Most seconds between two attempts."""
TIME_LIMIT = 120.0
"""Seconds after which an attempt counts as failed."""
RENEW_EVERY = 10.0
"""Seconds between two renewals of claims; a third of `store.deliveries.LEASE`."""
GATHER = 0.1
"""Seconds to wait after a claim, so that tips gather for the next one: claiming ten costs as much as one."""
LATE = 240
"""Seconds that a delivery may be overdue. Then its destination's breaker opens: no process delivers there."""


class _Claimed(NamedTuple):
    deliveries: list[tuple[bytes, Delivery]]
    covers: list[tuple[Any, DeliveryResult]]
    """Rows of covers with their results. More covers may stand before the due deliveries."""
    down: set[str]
    """Destinations whose breaker is open already."""
    late: list[str]
    """Destinations to which no process delivers, as seen by this claim."""
    now: int


class DeliveryWorker:
    """Delivers the tips of one process."""

    def __init__(
        self,
        *,
        sinks: Sequence[Sink],
        writer: Writer,
        services: Services,
        metrics: Metrics,
        settings: Core,
        emit: Callable[[LifecycleEvent], None],
    ) -> None:
        self._sinks = {sink.name: sink for sink in sinks}
        self._writer = writer
        self._services = services
        self._metrics = metrics
        self._settings = settings
        self._emit = emit
        self._destination_rules = {rule.to: rule for rule in services.destination_rules}
        self._breakers: dict[str, CircuitBreaker] = {}
        self._down: set[str] = set()
        self._refused: dict[str, DeadLetter] = {}
        """Destination → its last answer, if it refused a delivery for good. Covers must end as deliveries do."""
        self._done = WriteBatcher(writer, store.mark_done)
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look for deliveries now instead of at the next second: a tip was just submitted."""
        self._wake.set()

    async def open(self) -> None:
        for sink in self._sinks.values():
            await sink.open()

    async def close(self) -> None:
        for sink in self._sinks.values():
            await sink.close()

    async def run(self) -> None:
        """Deliver until cancelled."""
        for breaker in self._breakers.values():
            breaker.under_way.clear()  # left over from a run that failed
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(keep_running("claims", self._keep_claims))
            while True:
                self._wake.clear()
                claimed, has_covers = await self._claim()
                for id_, delivery in claimed:
                    tasks.create_task(self._deliver(id_, delivery))
                if has_covers:
                    continue
                now = int(time.time())
                if claimed and all(self._breaker(one.destination).capacity(now) > 0 for _, one in claimed):
                    await asyncio.sleep(GATHER)  # all that was due is under way
                else:
                    await wait_for(self._wake, seconds=1)

    def _needs_envelope(self, destination: str) -> bool:
        """Return whether a delivery is a cover if neither the destination nor its desk has an envelope of the tip."""
        rule = self._destination_rules.get(destination)
        return rule is not None and not isinstance(rule, CoveredRule) and bool(rule.recipient or rule.desk)

    def _unlisted(self, unit: UnitOfWork) -> frozenset[str]:
        """Return the destinations that would read tips by the settings, and may not by the roster."""
        services = self._services
        listed = services.readable_rules(services.roster_state(unit))
        return frozenset(rule.to for rule in services.destination_rules if rule not in listed)

    async def _claim(self) -> tuple[list[tuple[bytes, Delivery]], bool]:
        """Claim the deliveries that can begin now; return them, and whether the next claim may find more."""
        try:
            claimed = await self._writer.write(self._claim_due)
        except StoreDown:
            return [], False
        self._down = claimed.down
        for row, result in claimed.covers:
            self._tell(Destination(row.destination).sink, row.attempts + 1, result)
        for id_, delivery in claimed.deliveries:
            self._breaker(delivery.destination).begin(id_, claimed.now)
        for name in claimed.late:
            self._log_open(name)
        return claimed.deliveries, bool(claimed.covers)

    def _claim_due(self, unit: UnitOfWork) -> _Claimed:
        """Claim the deliveries that can begin now, and find the destinations to which no process delivers."""
        down = breakers.read_open_breakers(unit.main)
        rows: list[Any] = []
        late = []
        for name in store.pending_destinations(unit.main):
            if Destination(name).sink in self._sinks:
                rows += self._claim_for(unit, name, is_down=name in down)
            elif name not in down and self._is_late(unit, name):
                late.append(name)
        covers = store.idle_covers(unit, rows)
        loaded = load_deliveries(unit, [row for row in rows if row not in covers], self._services)
        bare = self._bare(unit, {row.id: row for row in rows}, loaded) if loaded else set()
        covers += [row for row in rows if row.id in bare]
        ended = [(row, self._end_cover(unit, row, down)) for row in covers]
        store.mark_done(unit, [row.id for row, result in ended if isinstance(result, Done)], covers=True)
        return _Claimed([one for one in loaded if one[0] not in bare], ended, set(down), late, unit.now)

    def _bare(self, unit: UnitOfWork, rows: Mapping[bytes, Any], every: Sequence[tuple[bytes, Delivery]]) -> set[bytes]:
        """Return the ids of deliveries to whom officers let read no more, or whose desk has nothing of it any more.

        A desk that has only a release now gets nothing by a row from when it had the tip.
        """
        unlisted, tips = self._unlisted(unit), [(id_, one) for id_, one in every if one.kind == "tip"]
        needy = [(id_, one) for id_, one in tips if self._needs_envelope(one.destination)]
        released = envelopes.releases(unit.keys, ((one.tip, one.desk) for _, one in needy))
        is_past = {
            id_: (one.tip, one.desk) in released and kind_of(unit.keys, rows[id_]) == "tip" for id_, one in needy
        }
        bare = {id_ for id_, one in needy if not one.envelope or is_past[id_]}
        return bare | {id_ for id_, one in tips if one.destination in unlisted}

    def _end_cover(self, unit: UnitOfWork, row: Any, down: Mapping[str, OpenBreaker]) -> DeliveryResult:
        """End a cover as its destination's deliveries end, failed or refused: its row must not tell it apart.

        What somebody altered ends as a dead letter, be it a cover or not.
        """
        breaker, attempt = down.get(row.destination), row.attempts + 1
        result = Retry(breaker.reason) if breaker else self._refused.get(row.destination, Done())
        if kind_of(unit.keys, row) is None:
            result = DeadLetter(ALTERED)
        ended = self._limited(attempt, result)
        if isinstance(ended, Retry):
            store.retry_later(unit, row.id, attempt, backoff(attempt, longest=LONGEST_WAIT), ended.reason)
        elif isinstance(ended, DeadLetter):
            store.dead_letter(unit, row.id, attempt, ended.reason)
        return result

    def _claim_for(self, unit: UnitOfWork, name: str, *, is_down: bool) -> list[Any]:
        free = self._breaker(name).capacity(unit.now)
        if not free:
            return []
        if not is_down:
            return store.claim(unit, name, free)
        oldest_due = store.oldest_due(unit.main, name)
        if oldest_due is None or oldest_due > unit.now or not breakers.claim_trial(unit, name):
            return []
        oldest = store.claim(unit, name, 1)
        if store.idle_covers(unit, oldest[-1:]) == oldest[-1:]:
            breakers.return_trial(unit, name)
            return oldest
        return oldest + store.claim(unit, name, min(free, TRIALS) - 1, newest=True)

    def _is_late(self, unit: UnitOfWork, name: str) -> bool:
        oldest = store.oldest_due(unit.main, name)
        late = oldest is not None and oldest < unit.now - LATE
        return late and breakers.open_breaker(unit, name, "no process delivers there")

    def _breaker(self, destination: str) -> CircuitBreaker:
        if destination not in self._breakers:
            rule = self._destination_rules.get(destination)
            usual = AT_ONCE_HERE if destination == HERE else AT_ONCE
            at_once, per_minute = (rule.at_once, rule.per_minute) if rule else (usual, 0)
            self._breakers[destination] = CircuitBreaker(at_once=at_once, per_minute=per_minute)
        return self._breakers[destination]

    async def _keep_claims(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY)
            ids = [id_ for breaker in self._breakers.values() for id_ in breaker.under_way]
            if ids:
                await self._writer.write(lambda unit, ids=ids: store.renew_claims(unit, ids))  # type: ignore[misc]

    async def _deliver(self, id_: bytes, delivery: Delivery) -> None:
        sink = self._sinks[Destination(delivery.destination).sink]
        try:
            result = await _attempt(sink, delivery)
        finally:
            self._breaker(delivery.destination).end(id_)
        if isinstance(result, DeadLetter):
            self._refused[delivery.destination] = result
        with suppress(StoreDown):  # the claim runs out, and it is tried again
            await self._settle(id_, delivery, self._limited(delivery.attempt, result))
        self._tell(sink.name, delivery.attempt, result)
        self._wake.set()

    def _limited(self, attempt: int, result: DeliveryResult) -> DeliveryResult:
        """Return a result; if the last attempt failed, return a dead letter."""
        if isinstance(result, Retry) and attempt >= self._settings.delivery_attempts:
            return DeadLetter(f"given up after {attempt} attempts: {result.reason}")
        return result

    def _tell(self, sink: str, attempt: int, result: DeliveryResult) -> None:
        """Report the result of a delivery or a cover to metrics and plugins; report a dead letter to the log too."""
        self._metrics.deliveries.count(sink, str(type(result).__struct_config__.tag))
        ended = self._limited(attempt, result)
        if isinstance(ended, Done):
            self._emit(LifecycleEvent("delivery_done", sink))
        elif isinstance(ended, DeadLetter):
            log.error("delivery dead-lettered, fix the cause and retry it", sink=sink, attempt=attempt)
            self._emit(LifecycleEvent("delivery_dead_lettered", sink))

    async def _settle(self, id_: bytes, delivery: Delivery, result: DeliveryResult) -> None:
        match result:
            case Done():
                self._refused.pop(delivery.destination, None)
                self._done.add(id_)
                self._succeeded(delivery.destination)
            case Retry():
                wait = backoff(delivery.attempt, longest=LONGEST_WAIT) if result.after is None else result.after
                attempt, reason = delivery.attempt, result.reason
                self._writer.write_soon(lambda unit: store.retry_later(unit, id_, attempt, wait, reason))
                await self._failed(id_, delivery.destination, result)
            case DeadLetter():
                self._writer.write_soon(lambda unit: store.dead_letter(unit, id_, delivery.attempt, result.reason))

    def _succeeded(self, destination: str) -> None:
        self._breaker(destination).succeeded()
        if destination in self._down:
            self._down.discard(destination)
            self._writer.write_soon(lambda unit: breakers.close_breaker(unit, destination))
            log.info("destination recovered, breaker closed", sink=Destination(destination).sink)
            self._emit(LifecycleEvent("destination_up", Destination(destination).sink))

    async def _failed(self, id_: bytes, destination: str, result: Retry) -> None:
        is_down = self._breaker(destination).failed(id_, down=result.down)
        if destination in self._down:
            self._writer.write_soon(lambda unit: breakers.record_failed_trial(unit, destination, result.reason))
        elif is_down and await self._writer.write(lambda unit: breakers.open_breaker(unit, destination, result.reason)):
            self._log_open(destination)

    def _log_open(self, destination: str) -> None:
        log.error("destination failed, breaker open", sink=Destination(destination).sink)
        self._emit(LifecycleEvent("destination_down", Destination(destination).sink))


async def _attempt(sink: Sink, delivery: Delivery) -> DeliveryResult:
    try:
        async with asyncio.timeout(TIME_LIMIT):
            if delivery.files:
                files = await asyncio.to_thread(lambda: tuple(map(_without_missing_copies, delivery.files)))
                delivery = msgspec.structs.replace(delivery, files=files)
            return await sink.deliver(delivery)
    except Exception as error:  # noqa: BLE001 - whatever a sink raises, the tip is tried again
        return Retry(type(error).__name__, down=isinstance(error, ConnectionError))
