"""Delivers sample tips with a sink, and compares what its destination holds (S10, S15, S19, S21, S43)."""

import asyncio
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

from satark.api.routing import Destination
from satark.api.sink import DeadLetter, Delivery, DeliveryResult, Done, ReadingSink, Retry
from satark_testing.contracts.rules import BrokenRule, absent, raised, require
from satark_testing.contracts.sample_tips import WORDS, SampleTips
from satark_testing.contracts.sink_case import SinkCase, check_shown
from satark_testing.contracts.watching import Watch

DEADLINE_SECONDS: Final = 30


class Deliveries:
    """The deliveries of one sink to the destinations of its case."""

    def __init__(self, case: SinkCase, watch: Watch) -> None:
        assert case.sink is not None  # noqa: S101 - `check_sink` made it
        self._case, self.watch, self.sink = case, watch, case.sink
        destination = Destination.of(self.sink.name, case.name)
        self._tips = SampleTips(destination, case.recipient, case.cuts)
        self._strange = SampleTips(destination)
        self._second = SampleTips(Destination.of(self.sink.name, case.second), case.recipient, case.cuts)
        self._reads = isinstance(self.sink, ReadingSink) and self.sink.reads(case.name)
        self._unreachable: Callable[[], AbstractContextManager[object]] | None = case.unreachable

    @property
    def destinations(self) -> list[SampleTips]:
        """The sample tips of each of the case's destinations."""
        return [self._tips, *([self._second] if self._case.second else [])]

    def plain(self, delivery: Delivery) -> Mapping[str, bytes]:
        """Return the parts of a delivery that a reading destination may show."""
        made = self._second if delivery.name == self._case.second else self._tips
        return made.plain(delivery)

    @property
    def held(self) -> dict[str, object]:
        """Everything that the destination holds."""
        return dict(self._case.held())

    def check_arrived(self, delivery: Delivery, before: Mapping[str, object], rule: str = "") -> None:
        """Check that the destination got every part of a tip since then.

        `rule`: the rule that is broken else; empty: each kind of part has its own.
        """
        if not self._reads:
            self.check_parts(rule or "S19", parts_of(delivery), self.added(before))
        elif self._case.unpack is not None:
            check_shown(self._case, self.plain(delivery), self.added(before), rule)

    def is_whole(self, delivery: Delivery, before: Mapping[str, object]) -> bool:
        """Return whether the destination got every part of a tip since then."""
        try:
            self.check_arrived(delivery, before)
        except BrokenRule:
            return False
        return bool(self.added(before))

    @property
    def names(self) -> list[str]:
        """The ids and the numbers of all tips so far."""
        return sorted({name for made in (self._tips, self._second, self._strange) for name in made.names})

    async def close(self, subject: str) -> None:
        """Close the sink."""
        try:
            await self.sink.close()
        except Exception as error:
            raise BrokenRule("S15", subject, raised(error)) from error

    async def delivery(self, made: SampleTips | None = None, **wanted: Any) -> Delivery:
        """Return a delivery to the first destination, or to another one; see `SampleTips.delivery`."""
        return await asyncio.to_thread((made or self._tips).delivery, self._case.folder / "sealed", **wanted)

    async def growth(self, tip: str) -> int:
        """Return how many items one tip adds to the destination."""
        before = len(self.held)
        await self.done("S02", await self.delivery(tip=tip), "a tip")
        return len(self.held) - before

    async def done(self, rule: str, delivery: Delivery, subject: str) -> None:
        """Deliver with success."""
        result = await self.result(rule, delivery, subject)
        require(result == Done(), rule, subject, repr(result))

    async def result(self, rule: str, delivery: Delivery, subject: str) -> DeliveryResult:
        """Deliver, and check the result's form."""
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                with self.watch.no_files():
                    result = await self.sink.deliver(delivery)
        except TimeoutError as error:
            raise BrokenRule("S21", subject, "it still runs") from error
        except BrokenRule:
            raise
        except Exception as error:
            raise BrokenRule(rule, subject, raised(error)) from error
        require(isinstance(result, Done | Retry | DeadLetter), rule, subject, type(result).__name__)
        self._check_reason(result, subject)
        return result

    async def tolerant(self, delivery: Delivery) -> bool:
        """Deliver, and return whether the sink reports success. An exception counts as `Retry`."""
        try:
            result = await self.sink.deliver(delivery)
        except BrokenRule:
            raise
        except Exception:  # noqa: BLE001 - the host would retry
            return False
        subject = "a delivery during which a file, a disk or the network fails"
        require(not isinstance(result, DeadLetter), "S43", subject, repr(result))
        self._check_reason(result, subject)
        return result == Done()

    def added(self, before: Mapping[str, object]) -> list[object]:
        """Return what the destination got or changed since then."""
        return [one for name, one in self.held.items() if one != before.get(name)]

    def check_parts(self, rule: str, parts: Mapping[str, bytes], held: Sequence[object]) -> None:
        """Check that a sink added every part of a tip to the destination, each under its own name."""
        unpack, everything = self._case.unpack, b"".join(map(bytes_of, held))
        found = [unpack(one) for one in held] if unpack else []
        for name, part in parts.items():
            shown = part in everything or b64encode(part) in everything
            there = any(one.get(name) == part for one in found) if unpack else shown
            require(there, rule, "a tip", f"no {name}, or another one: where it is encoded, give the case `unpack`")

    def _check_reason(self, result: DeliveryResult, subject: str) -> None:
        if not isinstance(result, Done):
            secrets = self._case.peer.secrets if self._case.peer else ()
            names = (WORDS, str(self._case.folder), "a crash in a test", "localhost", *secrets)
            absent(result.reason, names, "S10", subject)


def bytes_of(held: object) -> bytes:
    """Return what a destination holds as bytes."""
    return held if isinstance(held, bytes) else str(held).encode()


def parts_of(delivery: Delivery) -> dict[str, bytes]:
    """Return the parts of a delivery, by the names that a sink's `unpack` gives them."""
    parts = {"envelope": delivery.envelope, "document": delivery.document}
    parts |= {f"message {one.seq}": one.sealed for one in delivery.messages}
    parts |= {f"record {file.ordinal}": file.record for file in delivery.files if file.record}
    return parts | {f"file {file.ordinal}": file.clean.read_bytes() for file in delivery.files if file.clean}
